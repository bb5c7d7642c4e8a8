"""What lexical search counts: stems of words, or character bigrams where a script has no spaces.

How a run of letters is cut depends on its script, so a Chinese sentence with an English name gives bigrams and a
word. Han, kana, Thai, Lao, Khmer and Burmese are written without spaces; their runs give bigrams of grapheme
clusters, and a run of one cluster gives that. On XQuAD-R clusters are worth 2 points of monolingual mAP to Thai
over bigrams of code points, and nothing to Chinese. Every other script gives words: runs of letters, marks and
digits.

What depends on the language is the stem. Snowball's algorithms (Porter 2001, snowballstem.org) bring forms of one
word together: on XQuAD-R BM25 finds much more with them in every language that has one (docs/hybrid.md). A text is
stemmed in its own language, a query in each language it is searched in. No stop words are dropped here; what is
common in a language has next to no weight (`index/lexical/matching.py`).
"""

from __future__ import annotations

import threading
from functools import lru_cache
from itertools import pairwise

import langcodes
import regex
import Stemmer

from index.text import fold

__all__ = ["TOKENS", "stemmed", "tokens"]

TOKENS = f"1, Snowball {Stemmer.version()}, regex {regex.__version__}"
"""Names what cuts texts. A collection cut by another version is cut anew, because to forget a deleted passage FTS5
must be told the very tokens it was given. `regex` brings Unicode's tables of scripts, so it counts."""

_LONGEST = 64
"""Characters of a token that count; what is longer is no word."""

_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_RUNS = regex.compile(rf"({_UNSPACED}(?:{_UNSPACED}|\p{{M}})*)|((?:(?!{_UNSPACED})[\p{{L}}\p{{M}}\p{{N}}])+)")
_CLUSTER = regex.compile(r"\X")
_INVISIBLE = regex.compile(r"\p{Cf}+")
"""Soft hyphens, joiners and direction marks: they stand inside words and nobody types them in a query."""

_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish",
    "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian",
    "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian",
    "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "st": "sesotho", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip

_of_thread = threading.local()


def tokens(text: str) -> list[str]:
    """The words and character bigrams of a text, case folded and in NFKC, in order.

    >>> tokens("Der Rhein-Fluß, 1230 km")
    ['der', 'rhein', 'fluss', '1230', 'km']
    >>> tokens("用Python写")
    ['用', 'python', '写']
    """
    found: list[str] = []
    for unspaced, word in _RUNS.findall(_INVISIBLE.sub("", fold(text))):
        if word:
            found.append(word[:_LONGEST])
        else:
            clusters = _CLUSTER.findall(unspaced)
            found += map("".join, pairwise(clusters)) if len(clusters) > 1 else clusters
    return found


def stemmed(text: str, language: str) -> list[str]:
    """The tokens of a text in a language (BCP 47), as stems where Snowball knows the language.

    >>> stemmed("Die Häuser am Rhein", "de-CH"), stemmed("Die Häuser", "sw")
    (['die', 'haus', 'am', 'rhein'], ['die', 'häuser'])
    """
    algorithm = _algorithm(language)
    return tokens(text) if algorithm is None else _stemmer(algorithm).stemWords(tokens(text))


@lru_cache(maxsize=1024)
def _algorithm(language: str) -> str | None:
    tag = langcodes.Language.get(language)
    return _STEMMERS.get(tag.prefer_macrolanguage().language or "") or _STEMMERS.get(tag.language or "")


def _stemmer(algorithm: str) -> Stemmer.Stemmer:
    # One of these must not be used by two threads at once.
    known: dict[str, Stemmer.Stemmer] = _of_thread.__dict__
    if algorithm not in known:
        known[algorithm] = Stemmer.Stemmer(algorithm)
    return known[algorithm]
