"""Whole audits of a small collection in which one language starts ahead."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from index.audit import kept
from index.audit.audit import audit, baseline_of
from index.audit.questions import ParallelQuestion
from index.audit.report import html
from index.bias.baseline import Baseline
from index.collection import Collection
from index.encoder import Embedded
from index.errors import InvalidInput, NotFound
from index.merging import parse_merge
from index.passages import Passage

TOPICS, DIMENSION = 12, 32
LANGUAGES = ("de", "en", "th")


class Planted:
    """An encoder of made texts, "topic language": meaning in the first directions, English a step aside."""

    name, fingerprint, dimension = "planted", "planted", DIMENSION

    def embed(self, texts, kind):
        """A text's vector; passages in English lie a little way towards all questions."""
        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        for row, text in enumerate(texts):
            topic, language = text.split()[-2:]
            vectors[row, int(topic)] = 1.0
            vectors[row, TOPICS + LANGUAGES.index(language)] = 0.3
            vectors[row, 20] = 2.0 if kind == "query" else 2.5 * (language == "en")
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return Embedded(vectors, np.full(len(texts), 2), np.zeros(len(texts), dtype=bool))


@pytest.fixture
def collection(tmp_path: Path):
    with closing(Collection.open(tmp_path / "c", Planted())) as opened:  # type: ignore[arg-type]
        opened.upsert([Passage(f"{t}.{code}", f"{t} {code}", code) for t in range(TOPICS) for code in LANGUAGES])
        yield opened


def questions(relevant: bool = True) -> list[ParallelQuestion]:
    return [
        ParallelQuestion(
            id=str(topic),
            questions={code: f"{topic} {code}" for code in LANGUAGES},
            relevant=[f"{topic}.{code}" for code in LANGUAGES] if relevant else None,
        )
        for topic in range(TOPICS)
    ]


def test_it_tells_who_is_ahead_and_recommends_what_helps(collection) -> None:
    steps = []
    found = audit(collection, questions(), depth=30, progress=lambda *step: steps.append(step))
    assert found.questions == TOPICS and found.asked == 3 * TOPICS == found.with_relevant * 3
    column = list(found.pool).index("en")
    assert all(row[column] == max(row) > 0 for row in found.offsets)
    raw = found.rules[0]
    assert raw.rule == "score" and raw.measures["nDCG@10"].difference is None
    assert (found.relevance, found.evenness) == ("nDCG@10", "rank_distance")
    chosen = next(rule for rule in found.rules if rule.rule == found.recommendation)
    assert chosen.rule != "score" and chosen.is_best
    assert chosen.measures["rank_distance"].mean < raw.measures["rank_distance"].mean
    assert "en stand" in found.sentence and found.recommendation in found.sentence
    assert {rule for rule, _, _ in steps} == {rule.rule for rule in found.rules}
    assert steps[-1][1:] == (36, 36)


def test_without_relevant_passages_agreement_stands_for_relevance(collection) -> None:
    found = audit(collection, questions(relevant=False), [parse_merge("centred")])
    assert [rule.rule for rule in found.rules] == ["score", "centred"]
    assert (found.relevance, found.evenness) == ("overlap@10", "NDKL@10")
    assert "nDCG@10" not in found.rules[0].measures


def test_what_cannot_be_audited_is_told(collection, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="depth"):
        audit(collection, questions(), depth=5)
    with pytest.raises(InvalidInput, match="two languages"):
        audit(collection, [ParallelQuestion(id="1", questions={"en": "1 en"})])
    empty = Collection.open(tmp_path / "empty", Planted())  # type: ignore[arg-type]
    with closing(empty), pytest.raises(InvalidInput, match="empty"):
        audit(empty, questions())


def test_the_report_needs_nothing_and_smuggles_nothing(collection) -> None:
    asked = [question.model_copy(update={"id": f"<script>{question.id}</script>"}) for question in questions()]
    text = html(audit(collection, asked, [parse_merge("centred")]))
    assert "<script" not in text and "&lt;script&gt;" in text
    assert "http" not in text and "src=" not in text and 'lang="th"' in text


def test_it_is_kept_for_the_page_and_as_the_baseline(collection, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="isoglot audit"):
        kept.last(tmp_path, "c")
    found = audit(collection, questions(), [parse_merge("centred")])
    kept.keep(tmp_path, found)
    assert kept.last(tmp_path, "c") == found
    baseline_of(found).save(collection.index)
    held = Baseline.read(collection.index)
    assert held is not None and held.queries == dict.fromkeys(LANGUAGES, TOPICS)
    assert held.offsets["de"]["en"] == found.offsets[found.query_languages.index("de")][list(found.pool).index("en")]
