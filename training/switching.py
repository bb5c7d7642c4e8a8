"""English texts put word by word into other languages through the lexicon.

People's questions with their answers exist in few languages, natural prose in few pairs; the lexicon names
things in all of them. Replacing the words it knows (code-switching: Qin et al. 2020, "CoSDA-ML") makes pairs
of every language from English ones. Word order and inflection come out wrong; a static encoder
does not see the one and forgives most of the other.
"""

from __future__ import annotations

import functools
import random
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.parquet as parquet

__all__ = ["LEXICON", "SwitchLexicon", "load_lexicon"]

LEXICON = "lexicon.parquet"
"""The table the words come from, in the folder of the texts."""

ORIGINS = ("wordnet", "cldr", "wiki-titles", "geography")
"""Parts of the lexicon that name general things; the others are copies of an interface's words."""

_LONGEST = 3  # words of an English name; longer ones hardly ever stand in a text

_TOKEN = re.compile(r"\w+|[^\w\s]")

_FUNCTION_WORDS = frozenset(
    """
    a an and are as at be been being by did do does for from had has have he her his how i in is it its
    many much no not of on or our she that the their these they this those to was we were what when
    where which who whom whose why with you your
    """.split()  # noqa: SIM905 (a list is fifty lines)
)
"""English words without meaning of their own: no wordnet has them, and most are left out of what is switched."""

_KEPT_FUNCTION_WORDS = 0.3

_ENDINGS = (("ies", "y"), ("es", ""), ("s", ""), ("ied", "y"), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"),
            ("ly", ""), ("d", ""))  # fmt: skip
"""English inflection → what the lexicon may hold instead, tried in this order."""

Row = dict[str, Any]
Translations = dict[str, float]  # what something is called in one language → how much speaks for it


@dataclass(frozen=True)
class SwitchLexicon:
    """What English names are called elsewhere.

    names: English name, lower case → language → name there → how often and how readily concepts with the
    English name give it.
    """

    names: dict[str, dict[str, Translations]]

    @functools.cached_property
    def languages(self) -> list[str]:
        """Codes of the languages it reaches, sorted."""
        return sorted({code for elsewhere in self.names.values() for code in elsewhere})

    def switch(self, text: str, language: str, rng: random.Random) -> tuple[str, float]:
        """A text with the names the lexicon knows in another language, and the share of its tokens replaced, 0 to 1.

        Longer names are tried first; of several translations one is drawn, the commoner the likelier.
        """
        tokens, switched, replaced, start = _TOKEN.findall(text), [], 0, 0
        while start < len(tokens):
            length, names = self._longest(tokens[start : start + _LONGEST], language)
            if names:
                switched.append(_draw(names, rng))
                replaced += length
            elif tokens[start].lower() not in _FUNCTION_WORDS or rng.random() < _KEPT_FUNCTION_WORDS:
                switched.append(tokens[start])
            start += length
        return " ".join(switched), replaced / max(1, len(tokens))

    def _longest(self, tokens: list[str], language: str) -> tuple[int, Translations | None]:
        for length in range(len(tokens), 1, -1):
            if names := self.names.get(" ".join(tokens[:length]).lower(), {}).get(language):
                return length, names
        word = tokens[0].lower()
        if word in _FUNCTION_WORDS:
            return 1, None
        return 1, next((n for form in _forms(word) if (n := self.names.get(form, {}).get(language))), None)


def _forms(word: str) -> Iterator[str]:
    yield word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) > 2:
            yield word[: -len(ending)] + instead


def _draw(names: Translations, rng: random.Random) -> str:
    # Squared, so that the odd sense of a common word is rare.
    return rng.choices(list(names), [weight * weight for weight in names.values()])[0]


def load_lexicon(path: Path, languages: Collection[str] | None = None) -> SwitchLexicon:
    """Read the lexicon's names by their English ones.

    path: `lexicon.parquet`. languages: keep only these; None keeps all.
    """
    names: dict[str, dict[str, Translations]] = defaultdict(lambda: defaultdict(lambda: defaultdict(float)))
    for _, members in groupby(_rows(path, languages), key=lambda row: (row["source"], row["concept"])):
        _enter(names, list(members))
    return SwitchLexicon({name: dict(elsewhere) for name, elsewhere in names.items() if elsewhere})


def _rows(path: Path, languages: Collection[str] | None) -> Iterator[Row]:
    columns = ["source", "concept", "lang", "rank", "lemma"]
    for batch in parquet.ParquetFile(path).iter_batches(columns=columns, batch_size=65536):
        wanted = compute.is_in(batch["source"], value_set=pa.array(ORIGINS))
        if languages is not None:
            wanted = compute.and_(wanted, compute.is_in(batch["lang"], value_set=pa.array(sorted({*languages, "en"}))))
        yield from batch.filter(wanted).to_pylist()


def _enter(names: dict[str, dict[str, Translations]], members: Iterable[Row]) -> None:
    """Add one concept: every foreign name under every English one of up to `_LONGEST` words."""
    lemmas = [(row["lang"], row["lemma"].replace("_", " ").strip(), int(row["rank"])) for row in members]
    for code, english, _ in lemmas:
        if code == "en" and english and len(english.split()) <= _LONGEST:
            for other, name, rank in lemmas:
                if other != "en" and name:
                    names[english.lower()][other][name] += 1 / (1 + rank)
