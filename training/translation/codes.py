"""Which languages a model can write, and by which code of its own.

Models name languages in three ways: NLLB-200 by FLORES-200 codes ("arb_Arab"), M2M-100 mostly by two letters ("ar"),
OPUS-MT by tokens before the text (">>ara<<") or, where it writes only one language, not at all. Rather than keep a
table for each, both sides are brought to one form, language and script, by `langcodes` (CLDR): "ar", "ara" and
"arb_Arab" are all ("ar", "Arab"); "zh-TW" and "zho_Hant" are both ("zh", "Hant"). What CLDR does not map is written
down here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any

from langcodes import Language
from langcodes.tag_parser import LanguageTagError

from index.errors import UnknownLanguage

__all__ = ["LanguageAndScript", "flores_codes", "language_and_script", "marian_codes", "model_code", "require_pair"]

LanguageAndScript = tuple[str, str]
"""ISO 639 code and ISO 15924 script, such as ("zh", "Hant")."""

_SAME = {
    "no": "nb",  # Norwegian: every model meant here writes Bokmål under it
    "pbt": "ps",  # FLORES-200 names one member of a macro-language where BCP 47 names the whole
    "quy": "qu",
    "fuv": "ff",
    "ns": "nso",  # M2M-100's own code
}
_KEPT_APART = {"tw"}
"""Languages that CLDR counts to another one (Akan) which the models write as well."""

_FLORES = re.compile(r"[a-z]{3}_[A-Z][a-z]{3}")
_MARIAN = re.compile(r">>(.+)<<")


@lru_cache(maxsize=4096)
def language_and_script(code: str) -> LanguageAndScript | None:
    """Bring a code, BCP 47 or a model's own, to language and script; None when it is neither.

    >>> language_and_script("arb_Arab"), language_and_script("zh-TW"), language_and_script("kor_Hang")
    (('ar', 'Arab'), ('zh', 'Hant'), ('ko', 'Kore'))
    """
    try:
        language = Language.get(code)
    except LanguageTagError:
        return None
    if language.language == "fa" and language.territory == "AF":  # how CLDR spells Dari ("prs")
        return "prs", "Arab"
    kept = language.language in _KEPT_APART or language.language in {"twi"}
    full = (language if kept else language.prefer_macrolanguage()).maximize()
    name = "tw" if kept else str(full.language)
    # FLORES-200 says Hangul where CLDR says Korean writing.
    script = "Kore" if full.script == "Hang" else str(full.script)
    return _SAME.get(name, name), script


def flores_codes(vocabulary: Iterable[str]) -> list[str]:
    """Pick the FLORES-200 codes out of an NLLB tokenizer's vocabulary."""
    return sorted(piece for piece in vocabulary if _FLORES.fullmatch(piece))


def marian_codes(vocabulary: Iterable[str]) -> list[str]:
    """Pick the target languages (without the angle brackets) out of an OPUS-MT tokenizer's vocabulary."""
    return sorted(found[1] for piece in vocabulary if (found := _MARIAN.fullmatch(piece)))


def model_code(wanted: str, codes: Collection[str], model: str) -> str:
    """Find the model's own code for a BCP 47 code.

    codes: all the model's codes. Raises UnknownLanguage naming them in BCP 47.
    """
    key = language_and_script(wanted)
    # Sorted by length first: of ">>cmn<<" and ">>cmn_Hans<<" the plain one.
    matching = [code for code in sorted(codes, key=lambda code: (len(code), code)) if language_and_script(code) == key]
    if key is None or not matching:
        known = sorted({_tag(code) for code in codes if language_and_script(code)})
        raise UnknownLanguage(
            f"{model} does not know language {wanted!r}; it knows {', '.join(known)}.", given=wanted, available=known
        )
    return matching[0]


def _tag(code: str) -> str:
    language, script = language_and_script(code) or (code, "")
    is_usual = Language.make(language=language).maximize().script == script
    return language if is_usual else f"{language}-{script}"


def require_pair(tokenizer: Any, source: str, target: str, model: str) -> None:
    """Check what a one-pair OPUS-MT tokenizer says about itself against what is wanted.

    A tokenizer that names no languages, or names them unlike BCP 47 ("jap"), is taken at the caller's word.
    Raises UnknownLanguage.
    """
    for said, wanted, verb in ((tokenizer.source_lang, source, "reads"), (tokenizer.target_lang, target, "writes")):
        key = language_and_script(said) if said else None
        if key is not None and key != language_and_script(wanted):
            raise UnknownLanguage(
                f"{model} {verb} only {_tag(said)!r}, not {wanted!r}; for one model per language put {{to}} "
                "in its name: Helsinki-NLP/opus-mt-en-{to}.",
                given=wanted,
                available=[_tag(said)],
            )
