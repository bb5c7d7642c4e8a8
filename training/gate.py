"""The gate every export passes: the served encoder must be the trained one.

Compared are one sentence in each of 12 scripts, awkward texts, texts of exactly the longest
length, one token less and one more, and the demo set's questions and passages in 12 languages.
Weights of float32 must agree in every vector and every top 10. float16, int8 and int4 round, so
theirs is a bound, and what the rounding costs is told per language instead of hidden.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

from index.demo import demo_passages, demo_questions
from index.encoder import Encoder
from index.encoder_folder import TOKENIZER
from index.errors import IsoglotError

__all__ = [
    "BOUNDS",
    "GATE_TEXTS",
    "STATIC_BOUNDS",
    "Bound",
    "ExportRefused",
    "GateReport",
    "check_export",
    "length_texts",
]


class Bound(NamedTuple):
    """What an export must reach. cosine: the worst text's. overlap: the worst language's share of the top 10."""

    cosine: float
    overlap: float


BOUNDS = {"float32": Bound(0.9999, 1.0), "float16": Bound(0.999, 0.95), "int8": Bound(0.95, 0.8)}
"""By weights. int8 rounds inside every layer of a transformer."""

STATIC_BOUNDS = {"int8": Bound(0.99, 0.9), "int4": Bound(0.95, 0.8)}
"""A static encoder has one table to round."""

TOP = 10

_TIE = 1e-5
"""Scores this close are the same but for the order of additions."""

GATE_TEXTS = {
    "Latn": "The lighthouse keeper wrote down 1,284 ships in 1871.",
    "Cyrl": "Смотритель маяка записал 1284 корабля.",
    "Grek": "Ο φαροφύλακας κατέγραψε 1284 πλοία.",
    "Arab": "سجّل حارس المنارة 1284 سفينة.",
    "Hebr": "שומר המגדלור רשם 1284 אוניות.",
    "Deva": "प्रकाशस्तंभ के रखवाले ने 1284 जहाज़ दर्ज किए।",
    "Beng": "বাতিঘরের রক্ষক ১২৮৪টি জাহাজ লিখে রেখেছিলেন।",
    "Taml": "கலங்கரை விளக்கக் காவலர் 1284 கப்பல்களைப் பதிவு செய்தார்.",
    "Thai": "ผู้ดูแลประภาคารจดบันทึกเรือไว้ 1284 ลำ",
    "Hang": "등대지기는 배 1284척을 기록했다.",
    "Jpan": "灯台守は1284隻の船を記録した。",
    "Hans": "灯塔看守人记录了1284艘船。",
}
"""One sentence in each of 12 scripts (ISO 15924)."""


class ExportRefused(IsoglotError):
    """The exported encoder does not do what the trained one does; nothing was written."""

    code = "export_refused"


@dataclass(frozen=True, slots=True)
class GateReport:
    """How far the exported encoder is from the trained one.

    texts: number of texts whose vectors were compared. least_cosine: the worst text's.
    scripts: script → cosine of its sentence. lengths: tokens of the texts about the limit,
    special tokens included, before the cut. cosine: language → least cosine over the demo set.
    overlap: language → share of the trained top 10 that the exported encoder finds too, over
    the demo set; "12 scripts" for the sentences in `scripts`.
    """

    weights: str
    texts: int
    least_cosine: float
    scripts: dict[str, float]
    lengths: list[int]
    cosine: dict[str, float]
    overlap: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """The report as plain data."""
        return asdict(self)


def check_export(model: SentenceTransformer, encoder: Encoder) -> GateReport:
    """Compare both, minutes for a big model; raises ExportRefused when they differ more than `BOUNDS` allows."""
    texts = [*GATE_TEXTS.values(), *_awkward()]
    edge, lengths = length_texts(encoder)
    bound = _bound(model, encoder)
    with Console(stderr=True).status("Comparing the exported encoder with the trained one …") as status:
        cosines = _cosines(_trained(model, texts + edge, "query", encoder), encoder.encode(texts + edge, "query"))
        _refuse_cosine(float(cosines.min()), (texts + edge)[int(cosines.argmin())], encoder, bound)
        status.update("Comparing the exported encoder's rankings with the trained one's …")
        by_language, overlap, count = _compare_demo(model, encoder)
    report = GateReport(
        weights=encoder.description.weights,
        texts=len(texts) + len(edge) + count,
        least_cosine=min(float(cosines.min()), *by_language.values()),
        scripts=dict(zip(GATE_TEXTS, map(float, cosines), strict=False)),
        lengths=lengths,
        cosine=by_language,
        overlap=overlap,
    )
    worst = min(by_language, key=lambda code: by_language[code])
    _refuse_cosine(by_language[worst], f"a text of the demo set in {worst}", encoder, bound)
    failing = {code: round(share, 3) for code, share in report.overlap.items() if share < bound.overlap}
    if failing:
        raise ExportRefused(
            f"The exported encoder ({report.weights}) ranks differently: share of the top {TOP} kept by language "
            f"{failing}, at least {bound.overlap} needed. Nothing was written.",
            overlap=failing,
        )
    return report


def _bound(model: SentenceTransformer, encoder: Encoder) -> Bound:
    weights = encoder.description.weights
    own = STATIC_BOUNDS.get(weights) if hasattr(model[0], "folded") else None
    return own or BOUNDS[weights]


def _refuse_cosine(cosine: float, text: str, encoder: Encoder, bound: Bound) -> None:
    if not cosine >= bound.cosine:  # also when it is not a number
        raise ExportRefused(
            f"The exported encoder ({encoder.description.weights}) differs from the trained one: cosine {cosine:.5f} "
            f"on {text[:60]!r}, at least {bound.cosine} needed. Nothing was written.",
            cosine=cosine,
        )


def _awkward() -> list[str]:
    joined = " ".join(GATE_TEXTS.values())
    return ["a", "7", "Ω", "…!?", "  spaces   inside  ", "CAPS and ÀÇÇÉÑTS", "e\u0301 combining", joined, joined * 40]


def length_texts(encoder: Encoder) -> tuple[list[str], list[int]]:
    """Queries one token shorter than the encoder reads, just as long, and one token longer, and their lengths.

    Where no text of such a length is found, the next shorter one stands in.
    """
    tokenizer = Tokenizer.from_file(str(encoder.folder / TOKENIZER))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    prompt, limit = encoder.description.query_prompt, encoder.description.maximum_tokens
    read = encoder.description.reader

    def count(text: str) -> int:
        """Tokens of a query, its prompt and special tokens included."""
        return len(tokenizer.encode(read(prompt + text)).ids)

    texts = [_of_length(limit + more, count) for more in (-1, 0, 1)]
    return texts, [count(text) for text in texts]


def _of_length(tokens: int, count: Callable[[str], int]) -> str:
    """The longest run of words with at most so many tokens, then single letters up to it."""
    words = " ".join(GATE_TEXTS.values()).split()
    fewest, most = 1, 2 * tokens
    while fewest < most:
        middle = (fewest + most + 1) // 2
        if count(_cycled(words, middle)) <= tokens:
            fewest = middle
        else:
            most = middle - 1
    text = _cycled(words, fewest)
    while count(f"{text} a") <= tokens:
        text += " a"
    return f"{text}a" if count(text) < tokens == count(f"{text}a") else text


def _cycled(words: list[str], number: int) -> str:
    return " ".join((words * (number // len(words) + 1))[:number])


def _trained(model: SentenceTransformer, texts: list[str], kind: str, encoder: Encoder) -> np.ndarray:
    prefix = encoder.description.query_prompt if kind == "query" else encoder.description.passage_prompt
    vectors = model.encode([prefix + text.strip() for text in texts], normalize_embeddings=True)
    return np.asarray(vectors, dtype=np.float32)


def _cosines(expected: np.ndarray, found: np.ndarray) -> np.ndarray:
    return np.asarray(np.sum(expected * found, axis=1))


def _compare_demo(model: SentenceTransformer, encoder: Encoder) -> tuple[dict[str, float], dict[str, float], int]:
    """Per language the least cosine and the share of the trained top 10 kept; and the number of texts."""
    passages = [row["text"] for row in demo_passages()]
    codes = np.array([row["language"] for row in demo_passages()])
    expected_pool, pool = _trained(model, passages, "passage", encoder), encoder.encode(passages, "passage")
    of_passages = _cosines(expected_pool, pool)
    queries = {code: [row["questions"][code] for row in demo_questions()] for code in demo_questions()[0]["questions"]}
    cosine, overlap = {}, {}
    for code, texts in [*queries.items(), ("12 scripts", list(GATE_TEXTS.values()))]:
        expected, found = _trained(model, texts, "query", encoder), encoder.encode(texts, "query")
        overlap[code] = _kept(expected @ expected_pool.T, found @ pool.T)
        if code in queries:
            cosine[code] = float(min(_cosines(expected, found).min(), of_passages[codes == code].min()))
    return cosine, overlap, len(passages) + sum(map(len, queries.values()))


def _kept(expected: np.ndarray, found: np.ndarray) -> float:
    """Mean share of the expected top that is found; scores equal within rounding count as kept."""
    shares = []
    for wanted, row in zip(np.argsort(-expected, axis=1)[:, :TOP], found, strict=True):
        shares.append(float(np.mean(row[wanted] >= np.sort(row)[-TOP] - _TIE)))
    return float(np.mean(shares))
