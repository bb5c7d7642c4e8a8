"""From a name to a judgement: caching, BM25, prompts, what the encoder was trained on."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from index.encoder import Encoder
from index.errors import InvalidInput, NotFound
from index.foreign_encoder import Prompts
from training.benchmarks import Benchmark, load_benchmark
from training.judging.evaluate import evaluate
from training.judging.run import judge_encoder, require_names

NAME = "isoglot-static"


def _slowly(load: Callable[[str], Encoder]) -> Callable[..., Encoder]:
    def loaded(name: str, prompts: Prompts | None) -> Encoder:
        time.sleep(0.5)
        return load(name)

    return loaded


@pytest.fixture(scope="module")
def demo() -> Benchmark:
    return load_benchmark("demo", languages=["de", "en", "th"])


def test_it_is_what_judging_the_loaded_encoder_gives_and_the_cache_changes_nothing(
    demo: Benchmark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = evaluate(Encoder(NAME), demo)
    assert judge_encoder(NAME, demo).facts["texts_per_second"] > 0
    first = judge_encoder(NAME, demo, cache=tmp_path)
    np.testing.assert_allclose(first.pooled["mAP"], expected.pooled["mAP"])
    assert "texts_per_second" not in first.facts, "what is cached tells no speed"
    assert first.facts["dimension"] == 1024 and first.facts["queries"] == len(demo.queries)
    monkeypatch.setattr(Encoder, "encode", lambda *_: pytest.fail("encoded again"))
    monkeypatch.setattr("training.judging.run.load_text_encoder", _slowly(Encoder))
    again = judge_encoder(NAME, demo, cache=tmp_path)
    assert again.facts["encoding_seconds"] < 0.5, "loading is not encoding"
    np.testing.assert_array_equal(first.pooled["mAP"], again.pooled["mAP"])


def test_notes_tell_what_is_known_of_its_training(demo: Benchmark) -> None:
    notes = " ".join(judge_encoder(NAME, demo).notes)
    assert "training data was not given" in notes


def test_bm25_is_judged_without_an_encoder(demo: Benchmark) -> None:
    judged = judge_encoder("bm25", demo)
    monolingual = judged.results()["settings"]["monolingual"]["mAP"]
    assert judged.encoder == "bm25" and 0.3 < monolingual <= 1
    assert "dimension" not in judged.facts and not any("trained" in note for note in judged.notes)


def test_prompts_reach_only_encoders_that_do_not_say_theirs(demo: Benchmark) -> None:
    # Ours fix their prompts when they are trained: one given for another encoder of the call must not move them.
    plain = judge_encoder(NAME, demo)
    given = judge_encoder(NAME, demo, prompts=Prompts("query: ", "passage: "))
    np.testing.assert_array_equal(plain.pooled["mAP"], given.pooled["mAP"])


def test_paragraphs_are_asked_for_where_there_are_none(demo: Benchmark) -> None:
    with pytest.raises(InvalidInput, match="no paragraphs"):
        judge_encoder(NAME, demo, context="paragraph")
    with pytest.raises(InvalidInput, match="no paragraphs"):
        judge_encoder("bm25", demo, context="paragraph")


def test_bm25_reads_the_paragraph_too() -> None:
    benchmark = Benchmark(
        "made", ["1"], ["alpha beta"], ["en"], ["one", "alpha"], ["en", "en"], [np.array([0])],
        contexts=["alpha beta", "two"],
    )  # fmt: skip
    found = [judge_encoder("bm25", benchmark, context=context).pooled["RR"][0] for context in ("sentence", "paragraph")]
    assert found == [0.5, 1.0]


def test_an_encoder_given_twice_is_told_before_any_is_judged() -> None:
    with pytest.raises(InvalidInput, match="bm25.*twice"):
        require_names([NAME, "bm25", "bm25"])


def test_a_misspelt_encoder_is_told_before_the_others_are_judged(demo: Benchmark, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="isoglot-statik"):
        judge_encoder("isoglot-statik", demo)
    with pytest.raises(NotFound, match="isoglot-statik.*hub id"):
        require_names([NAME, "bm25", "some/model", str(tmp_path), "isoglot-statik"])
