"""Texts put word by word into other languages through the lexicon.

People's questions with their answers exist in few languages, natural prose in few pairs; the lexicon names
things in all of them. Replacing the words it knows (code-switching: Qin et al. 2020, "CoSDA-ML") makes pairs
of every language from texts in one. Word order and inflection come out wrong; a static encoder
does not see the one and forgives most of the other.
"""

from __future__ import annotations

import functools
import random
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.parquet as parquet

from training.inflection import base_forms

__all__ = ["LEXICON", "SwitchLexicon", "load_lexicon"]

LEXICON = "lexicon.parquet"
"""The table the words come from, in the folder of the texts."""

ORIGINS = ("wordnet", "cldr", "wiki-titles", "geography")
"""Parts of the lexicon that name general things; the others are copies of an interface's words."""

_LONGEST = 3  # words of a name; longer ones hardly ever stand in a text

_UNSPACED = {"ja": 2, "th": 3, "zh": 2}
"""Languages written without spaces → fewest characters of a name looked for in their texts."""

_LONGEST_UNSPACED = 10  # characters

_TOKEN = re.compile(r"\w+|[^\w\s]")
_CHARACTER = re.compile(r"[0-9A-Za-zÀ-ɏ]+|\S")
_LATIN = re.compile(r"[0-9A-Za-zÀ-ɏ]")
_HIRAGANA = re.compile(r"[ぁ-ゟー]{1,3}")

_FUNCTION_WORDS = frozenset(
    """
    a an and are as at be been being by did do does for from had has have he her him his how i in is it its
    many much no not of on or our she that the their them these they this those to was we were what when
    where which who whom whose why with you your
    """.split()  # noqa: SIM905 (a list is fifty lines)
)
"""English words without meaning of their own: no wordnet has them, and most are left out of what is switched."""

_LEAST_WEIGHT = 0.3
"""What must speak for a translation: a first to third name of one concept, or words that stand together in several."""

_KEPT = 0.3
"""Share kept of function words and of words left over in a script few others read."""

Row = dict[str, Any]
Translations = dict[str, float]  # what something is called in one language → how much speaks for it
Known = tuple[int, dict[str, Translations]]  # units that a name takes, and what it is called elsewhere


@dataclass(frozen=True)
class SwitchLexicon:
    """What the names of one language are called elsewhere.

    names: name, lower case → other language → name there → how often and how readily concepts with the
    name give it. language: code of the names and of the texts to switch.
    """

    names: dict[str, dict[str, Translations]]
    language: str = "en"

    @functools.cached_property
    def languages(self) -> list[str]:
        """Codes of the languages it reaches, sorted."""
        return sorted({code for elsewhere in self.names.values() for code in elsewhere})

    def switch(self, text: str, language: str, rng: random.Random) -> tuple[str, float]:
        """A text with the names the lexicon knows in another language, and the share of it replaced, 0 to 1.

        Longer names are tried first; of several translations one is drawn, the commoner the likelier. The share
        counts words and marks, in languages written without spaces characters.
        """
        units, known = self._reading(text)
        switched: list[str] = []
        run, replaced, start = "", 0, 0
        while start < len(units):
            found = ((length, elsewhere[language]) for length, elsewhere in known[start] if language in elsewhere)
            length, names = next(found, (1, None))
            if not names and self._is_unspaced and not _LATIN.match(units[start]):
                run += units[start]  # characters that follow each other stay or go together
            else:
                switched += self._kept(run, rng)
                switched += [_draw(names, rng)] if names else self._kept(units[start], rng)
                run = ""
            replaced += length if names else 0
            start += length
        return " ".join([*switched, *self._kept(run, rng)]), replaced / max(1, len(units))

    @property
    def _is_unspaced(self) -> bool:
        return self.language in _UNSPACED

    @functools.cached_property
    def _reading(self) -> Callable[[str], tuple[list[str], list[list[Known]]]]:
        # A text is switched into several languages in turn, and looking its names up takes most of the time.
        return functools.lru_cache(maxsize=2)(self._read)

    def _read(self, text: str) -> tuple[list[str], list[list[Known]]]:
        """A text's words and marks, or its characters, and the known names that begin at each, longest first."""
        units = (_CHARACTER if self._is_unspaced else _TOKEN).findall(text)
        most = _LONGEST_UNSPACED if self._is_unspaced else _LONGEST
        return units, [list(self._known(units[start : start + most])) for start in range(len(units))]

    def _known(self, units: list[str]) -> Iterator[Known]:
        least, joint = (_UNSPACED[self.language], "") if self._is_unspaced else (2, " ")
        for length in range(len(units), least - 1, -1):
            name = joint.join(units[:length]).lower()
            # Two or three hiragana are rather an ending than the word that sounds like it.
            if name in self.names and not _HIRAGANA.fullmatch(name):
                yield length, self.names[name]
        word = units[0].lower()
        if not self._is_unspaced and not (self.language == "en" and word in _FUNCTION_WORDS):
            yield from ((1, self.names[form]) for form in base_forms(word, self.language) if form in self.names)

    def _kept(self, left: str, rng: random.Random) -> list[str]:
        """What the lexicon does not know, or nothing: names in Latin letters and numbers stay, of others a part."""
        if self.language == "en" and left.lower() in _FUNCTION_WORDS:
            stays = False
        else:
            stays = bool(_LATIN.match(left)) or not (self._is_unspaced or left[:1].isalnum())
        return [left] if left and (stays or rng.random() < _KEPT) else []


def _draw(names: Translations, rng: random.Random) -> str:
    # Squared, so that the odd sense of a common word is rare.
    return rng.choices(list(names), [weight * weight for weight in names.values()])[0]


def load_lexicon(path: Path, languages: Collection[str] | None = None, language: str = "en") -> SwitchLexicon:
    """Read the lexicon's names by those of one language.

    path: `lexicon.parquet`. languages: keep only these; None keeps all. language: code of the texts to switch.
    """
    names: dict[str, dict[str, Translations]] = defaultdict(lambda: defaultdict(lambda: defaultdict(float)))
    wanted = None if languages is None else {*languages, language}
    for _, members in groupby(_rows(path, wanted), key=lambda row: (row["source"], row["concept"])):
        _enter(names, list(members), language)
    return SwitchLexicon({name: sure for name, elsewhere in names.items() if (sure := _sure(elsewhere))}, language)


def _sure(elsewhere: dict[str, Translations]) -> dict[str, Translations]:
    """The translations that something speaks for."""
    known = {c: {name: w for name, w in found.items() if w >= _LEAST_WEIGHT} for c, found in elsewhere.items()}
    return {code: found for code, found in known.items() if found}


def _rows(path: Path, languages: Collection[str] | None) -> Iterator[Row]:
    columns = ["source", "concept", "lang", "rank", "lemma"]
    for batch in parquet.ParquetFile(path).iter_batches(columns=columns, batch_size=65536):
        wanted = compute.is_in(batch["source"], value_set=pa.array(ORIGINS))
        if languages is not None:
            wanted = compute.and_(wanted, compute.is_in(batch["lang"], value_set=pa.array(sorted(languages))))
        yield from batch.filter(wanted).to_pylist()


def _enter(names: dict[str, dict[str, Translations]], members: list[Row], language: str) -> None:
    """Add one concept: every foreign name under every one of the language that is short enough to be found."""
    lemmas = [(row["lang"], row["lemma"].replace("_", " ").strip(), int(row["rank"])) for row in members]
    for code, own, own_rank in lemmas:
        if code == language and own and _is_short(own, language):
            # Beside an emoji's name CLDR lists words that come with it: together often, they mean the same.
            weight = 1 / (1 + own_rank) if members[0]["source"] == "cldr" else 1
            for other, name, rank in lemmas:
                if other != language and name:
                    names[own.lower()][other][name] += weight / (1 + rank)


def _is_short(name: str, language: str) -> bool:
    return len(name) <= _LONGEST_UNSPACED if language in _UNSPACED else len(name.split()) <= _LONGEST
