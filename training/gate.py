"""The gate every export passes: the served encoder must be the trained one.

Texts in 12 scripts and at awkward lengths go through both. Float32 must agree in every
vector (cosine ≥ 0.9999) and in every top 10. int8 rounds, so its gate is looser and its
cost is told per language instead of hidden.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sentence_transformers import SentenceTransformer

from index.demo import demo_passages, demo_questions
from index.encoder import Encoder
from index.errors import IsoglotError

__all__ = ["GATE_TEXTS", "ExportRefused", "GateReport", "check_export"]

FLOAT_COSINE = 0.9999
INT8_COSINE = 0.99
INT8_OVERLAP = 0.9
TOP = 10

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

    least_cosine: the worst text's. overlap: language → share of the trained top 10 that the
    exported encoder finds too, over the demo set.
    """

    weights: str
    texts: int
    least_cosine: float
    overlap: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """The report as plain data."""
        return asdict(self)


def check_export(model: SentenceTransformer, encoder: Encoder, is_quantised: bool) -> GateReport:
    """Compare both on the gate's texts and the demo set; raises ExportRefused when they differ too much."""
    texts = [*GATE_TEXTS.values(), *_awkward()]
    cosines = np.sum(_trained(model, texts, "query_prompt", encoder) * encoder.encode(texts, "query"), axis=1)
    report = GateReport(
        weights=encoder.description.weights,
        texts=len(texts),
        least_cosine=float(cosines.min()),
        overlap=_overlap(model, encoder),
    )
    needed, needed_overlap = (INT8_COSINE, INT8_OVERLAP) if is_quantised else (FLOAT_COSINE, 1.0)
    if report.least_cosine < needed:
        worst = texts[int(cosines.argmin())]
        raise ExportRefused(
            f"The exported encoder differs from the trained one: cosine {report.least_cosine:.5f} on {worst[:60]!r}, "
            f"at least {needed} needed. Nothing was written.",
            cosine=report.least_cosine,
        )
    failing = {code: round(share, 3) for code, share in report.overlap.items() if share < needed_overlap}
    if failing:
        raise ExportRefused(
            f"The exported encoder ranks differently: share of the top {TOP} kept by language {failing}, at least "
            f"{needed_overlap} needed. Nothing was written.",
            overlap=failing,
        )
    return report


def _awkward() -> list[str]:
    joined = " ".join(GATE_TEXTS.values())
    return ["a", "7", "Ω", "…!?", "  spaces   inside  ", "CAPS and ÀÇÇÉÑTS", "e\u0301 combining", joined, joined * 40]


def _trained(model: SentenceTransformer, texts: list[str], prompt: str, encoder: Encoder) -> np.ndarray:
    prefix = getattr(encoder.description, prompt)
    vectors = model.encode([prefix + text.strip() for text in texts], normalize_embeddings=True)
    return np.asarray(vectors, dtype=np.float32)


def _overlap(model: SentenceTransformer, encoder: Encoder) -> dict[str, float]:
    """Share of the trained top 10 kept, per query language, over the demo passages."""
    passages = [row["text"] for row in demo_passages()]
    expected_pool = _trained(model, passages, "passage_prompt", encoder)
    pool = encoder.encode(passages, "passage")
    kept: dict[str, float] = {}
    for code in demo_questions()[0]["questions"]:
        texts = [row["questions"][code] for row in demo_questions()]
        expected = _trained(model, texts, "query_prompt", encoder) @ expected_pool.T
        kept[code] = _kept(expected, encoder.encode(texts, "query") @ pool.T)
    return kept


def _kept(expected: np.ndarray, found: np.ndarray) -> float:
    """Mean share of the expected top that is found; scores equal within rounding count as kept."""
    shares = []
    for wanted, row in zip(np.argsort(-expected, axis=1)[:, :TOP], found, strict=True):
        bound = np.sort(row)[-TOP] - 1e-5
        shares.append(float(np.mean(row[wanted] >= bound)))
    return float(np.mean(shares))
