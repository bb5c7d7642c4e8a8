"""Code-switching: words the lexicon knows are replaced, others stay, function words mostly go."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from training.switching import LEXICON, SwitchLexicon, load_lexicon

CONCEPTS = [
    ("wordnet", "sea", {"en": ["sea"], "de": ["Meer", "See"], "th": ["ทะเล"]}),
    ("wordnet", "ocean", {"en": ["ocean", "sea"], "de": ["Meer", "Ozean"]}),
    ("wordnet", "city", {"en": ["city"], "de": ["Stadt"]}),
    ("wiki-titles", "ny", {"en": ["New York City"], "de": ["New York"], "th": ["นครนิวยอร์ก"]}),
    ("wordnet", "long", {"en": ["a name of four words"], "de": ["lang"]}),
    ("osm-presets", "button", {"en": ["water"], "de": ["Schaltfläche"]}),
]


def write_lexicon(folder: Path, concepts: Sequence[tuple[str, str, dict[str, list[str]]]] = CONCEPTS) -> Path:
    rows = [
        {"source": source, "concept": concept, "lang": code, "rank": rank, "lemma": lemma}
        for source, concept, names in concepts
        for code, lemmas in names.items()
        for rank, lemma in enumerate(lemmas)
    ]
    path = folder / LEXICON
    parquet.write_table(pa.Table.from_pylist(rows), path)
    return path


@pytest.fixture
def words(tmp_path: Path) -> SwitchLexicon:
    return load_lexicon(write_lexicon(tmp_path))


def test_names_stand_by_their_english_ones(words: SwitchLexicon) -> None:
    assert words.names["sea"]["de"] == {"Meer": 2.0, "See": 0.5, "Ozean": 0.5}
    assert set(words.names) == {"sea", "ocean", "city", "new york city"}


def test_only_wanted_languages_are_read(tmp_path: Path) -> None:
    assert {code for names in load_lexicon(write_lexicon(tmp_path), ["th"]).names.values() for code in names} == {"th"}


def test_the_longest_name_wins_and_inflection_is_seen_through(words: SwitchLexicon) -> None:
    switched, share = words.switch("New York City seas, cities", "de", random.Random(1))
    assert switched.split()[:2] == ["New", "York"] and switched.endswith(", Stadt")
    assert switched.split()[2] in {"Meer", "See", "Ozean"}
    assert share == pytest.approx(5 / 6)


def test_unknown_words_stay_and_most_function_words_go(words: SwitchLexicon) -> None:
    drawn = [words.switch("where is the xylophone of the city", "th", random.Random(n)) for n in range(200)]
    assert all("xylophone" in text and "city" in text and share == 0 for text, share in drawn)
    kept = sum(len(text.split()) - 2 for text, _ in drawn) / (5 * 200)
    assert 0.2 < kept < 0.4


def test_commoner_translations_are_likelier(words: SwitchLexicon) -> None:
    drawn = [words.switch("sea", "de", random.Random(n))[0] for n in range(300)]
    assert drawn.count("Meer") > 6 * drawn.count("See") > 0
