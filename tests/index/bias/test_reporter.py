from __future__ import annotations

import numpy as np
import pytest

from index.bias import BiasReport, Means, Reporter

AXES = np.eye(4, dtype=np.float32)


def reporter(means: Means) -> Reporter:
    return Reporter(lambda: means, lambda code, most: means.vectors[[means.languages.index(code)]].astype(np.float32))


MEANS = Means(("de", "en", "th"), np.array([50, 40, 10]), AXES[:3].astype(np.float64) * [[0.3], [0.1], [0.2]])


def report(scores: list[float], codes: list[str], k: int, languages: tuple[str, ...] | None = None) -> BiasReport:
    query = (AXES[0] + AXES[1] + AXES[2]) / np.float32(np.sqrt(3))
    return reporter(MEANS).reports(query[np.newaxis], [(scores, codes, k)], languages)[0]


def test_every_field_by_hand() -> None:
    told = report([0.9, 0.8, 0.7, 0.69], ["de", "de", "en", "th"], 3)
    offsets = np.array([0.3, 0.1, 0.2]) / np.sqrt(3)
    offsets -= offsets @ [0.5, 0.4, 0.1]
    assert told.offsets == pytest.approx(offsets, abs=1e-6)
    facts = told.as_json()
    assert [row["language"] for row in facts["languages"]] == ["de", "en", "th"]
    assert facts["languages"][0] == {
        "language": "de", "passages": 50, "pool_share": 0.5, "hits": 2, "hit_share": 0.666667, "lift": 1.3333,
        "offset": pytest.approx(offsets[0], abs=1e-6),
    }  # fmt: skip
    assert facts["languages"][2]["lift"] == 0
    assert facts["spread"] == pytest.approx(0.2 / np.sqrt(3), abs=1e-6)
    assert facts["sentence"].startswith("de has 2 of 3 hits and 50.0% of the passages searched")
    assert facts["warning"] is None and facts["ndkl"] > 0 and facts["ndkl_by_chance"] > 0


def test_a_hit_that_others_would_pass_has_no_rank() -> None:
    # Without offsets: .85 de, .83 en, .77 th, .76 de: the second German hit gives way to English and Thai.
    told = report([0.9, 0.81, 0.77, 0.76], ["de", "de", "en", "th"], 3)
    assert told.offset_ranks == (1, None, 2)
    assert "1 of the hits would not be found" in told.sentence


def test_some_languages_are_a_pool_of_their_own() -> None:
    told = report([0.9, 0.7], ["de", "th"], 2, ("de", "th"))
    assert told.languages == ("de", "th") and told.passages.tolist() == [50, 10]
    assert told.offsets @ told.passages == pytest.approx(0, abs=1e-6)
    assert report([0.9], ["de"], 1, ("de",)).sentence.startswith("Only de was searched")


def test_nothing_found_is_nothing_favoured() -> None:
    facts = report([], [], 0).as_json()
    assert facts["ndkl"] is None and facts["warning"] is None and facts["languages"][0]["lift"] is None
    assert facts["sentence"].startswith("Nothing was found")


@pytest.mark.parametrize(
    ("hits", "told"),
    [
        (
            [0, 1, 2, 3, 4],
            "The 5 hits are spread evenly, 1 each in 5 languages that have 83.3% of the passages searched;",
        ),
        ([0, 0, 1, 1], "The 4 hits are spread evenly, 2 each in 2 languages that have 33.3% of the passages searched;"),
        ([0, 0, 1, 1, 2], "No language leads: ar and de have 2 of 5 hits each, and together 33.3% of the passages"),
        ([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5], "No language leads: 5 have 2 of 11 hits each, and together 83.3% of the"),
        ([1, 1, 0], "de has 2 of 3 hits and 16.7% of the passages searched;"),
        ([3], "fr has 1 of 1 hits and"),
    ],
)
def test_of_languages_with_equally_many_hits_none_is_put_first(hits: list[int], told: str) -> None:
    found = BiasReport(
        ("ar", "de", "en", "fr", "hi", "th"), np.full(6, 100), tuple(hits), np.zeros(6, dtype=np.float32), 0.1, 0.2,
        tuple(range(1, len(hits) + 1)), None,
    )  # fmt: skip
    assert found.sentence.startswith(told)


def test_a_language_found_before_it_is_counted_counts_nowhere() -> None:
    told = report([0.9, 0.8], ["new", "de"], 2)
    assert told.hits.tolist() == [1, 0, 0] and len(told.offset_ranks) == 2


def test_samples_are_kept_until_a_language_has_changed_by_a_tenth() -> None:
    held, asked = [MEANS], []

    def read(code: str, most: int) -> np.ndarray:
        asked.append(code)
        return np.zeros((1, 4), dtype=np.float32)

    tried = Reporter(lambda: held[0], read)
    samples = tried._pools.of(None).samples
    held[0] = Means(MEANS.languages, np.array([55, 40, 10]), MEANS.vectors)
    assert tried._pools.of(None).samples is samples and tried._pools.of(None).means is held[0]
    held[0] = Means(MEANS.languages, np.array([56, 40, 10]), MEANS.vectors)
    assert tried._pools.of(None).samples is not samples and not asked
