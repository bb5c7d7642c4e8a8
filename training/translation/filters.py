"""Which translations are not worth training on, and why.

Measured on 17,899 human translations of 2,500 English texts into 40 languages (software and news texts, Bible,
questions): 0.04 % fall to the length ratio, 0.01 % to the language filter, none to the others. Of 13,880 texts handed
over as another language than they are in, 83 % are found. What the filters find among a model's translations depends
on the model.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Literal, get_args

from index.languages import detect_language
from training.normalise import text_key, to_units
from training.translation.codes import language_and_script

__all__ = ["REASONS", "Reason", "fault", "normalised_key"]

Reason = Literal["incomplete", "empty", "copy", "length", "language", "duplicate"]
REASONS: tuple[Reason, ...] = get_args(Reason)
"""incomplete: the engine could not take or finish the whole text; duplicate: another text has the same translation
already (decided by the job, which sees all texts). The others are `fault`'s."""

_LEAST_RATIO, _GREATEST_RATIO = 0.4, 2.5
"""Bounds of translation to source in units (`training/normalise.py`: a Han character counts three times, kana and
Hangul twice), so that one pair of bounds fits Chinese, Thai and German."""

_SLACK = 10
"""Units added to both sides of the ratio: "Why?" may well become three words."""

_CONFIDENCE, _LEAST_UNITS = 0.9, 20
"""A text is in the wrong language when detection is this sure and the text this long; 83 % of texts that long are
detected this surely. At 0.8 it would be 89 %, and 5 instead of 2 of those human
translations dropped."""

_SAMPLE_CHARACTERS = 200
"""Detection costs 0.6 µs a character and is what filtering mostly costs; longer samples tell no more."""

_NEAR = ({"id", "ms"}, {"nb", "nn"}, {"bs", "hr", "sh", "sr"}, {"wuu", "yue", "zh"})
"""Languages that detection does not tell apart well enough to throw texts away."""

_LABELS = (
    "af als am an ar arz as ast av az azb ba bar bcl be bg bh bn bo bpy br bs bxr ca cbk ce ceb ckb co cs cv cy da de "
    "diq dsb dty dv el eml en eo es et eu fa fi fr frr fy ga gd gl gn gom gu gv he hi hif hr hsb ht hu hy ia id ie ilo "
    "io is it ja jbo jv ka kk km kn ko krc ku kv kw ky la lb lez li lmo lo lrc lt lv mai mg mhr min mk ml mn mr mrj ms "
    "mt mwl my myv mzn nah nap nds ne new nl nn no oc or os pa pam pfl pl pms pnb ps pt qu rm ro ru rue sa sah sc scn "
    "sco sd sh si sk sl so sq sr su sv sw ta te tg th tk tl tr tt tyv ug uk ur uz vec vep vi vls vo wa war wuu xal xmf "
    "yi yo yue zh"
)
"""The 176 labels of fastText's lid.176; a text in any other language is always detected as something else."""

_SENTENCE_ENDS = tuple(".?!…。？！؟।")


def fault(source: str, translation: str | None, source_language: str, target: str) -> Reason | None:
    """Say what is wrong with a translation; None when nothing is.

    translation: None when the engine could not translate the whole text.
    source_language, target: language codes (BCP 47).
    """
    if translation is None:
        return "incomplete"
    if not any(unicodedata.category(character)[0] in "LMNPS" for character in translation):
        return "empty"
    if normalised_key(source) == normalised_key(translation):
        # Whatever else the filters say of a name or number was true of the source already.
        return None if _may_stand_untranslated(source) else "copy"
    if not _LEAST_RATIO <= (_units(translation) + _SLACK) / (_units(source) + _SLACK) <= _GREATEST_RATIO:
        return "length"
    return "language" if _is_wrong_language(translation, source_language, target) else None


@lru_cache(maxsize=4096)
def normalised_key(text: str) -> int:
    """Hash by which texts of equal normalised form are known; kept, since a text comes once per language."""
    return text_key(text)


@lru_cache(maxsize=4096)
def _units(text: str) -> int:
    return len(to_units([text]).codes) - 1


def _may_stand_untranslated(text: str) -> bool:
    """Whether every word is a name or a number: "Albert Einstein", "COVID-19", "3.14", but no sentence.

    Scripts without capitals show no names, so there only numbers may.
    """
    words = text.split()
    return not text.rstrip().endswith(_SENTENCE_ENDS) and all(
        word.lstrip("\"'(«“„")[:1].isupper()
        or any(character.isdigit() for character in word)
        or not any(character.isalpha() for character in word)
        for word in words
    )


def _is_wrong_language(text: str, source_language: str, target: str) -> bool:
    if _units(text) < _LEAST_UNITS:
        return False
    guess = detect_language(text[:_SAMPLE_CHARACTERS])
    if guess.how != "detected" or guess.confidence < _CONFIDENCE:
        return False
    if guess.code == "ja" and not _has_kana(text):  # Chinese sentences are taken for Japanese, never with kana
        return False
    found, wanted = _language(guess.code), _language(target)
    if found == wanted or any({found, wanted} <= near for near in _NEAR):
        return False
    # A language the detector does not know is always something else to it; English left standing is still telling.
    return found == _language(source_language) or _is_detectable(wanted)


def _has_kana(text: str) -> bool:
    return any("\u3040" <= character <= "\u30ff" for character in text)


@lru_cache(maxsize=1024)
def _language(code: str) -> str:
    known = language_and_script(code)
    return known[0] if known else code


@lru_cache(maxsize=1024)
def _is_detectable(language: str) -> bool:
    return language in {_language(label) for label in _LABELS.split()}
