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


def test_japanese_is_read_by_the_longest_known_name(tmp_path: Path) -> None:
    concepts = [
        ("wiki-titles", "tokyo", {"ja": ["東京"], "en": ["Tokyo"]}),
        ("wiki-titles", "tower", {"ja": ["東京タワー"], "en": ["Tokyo Tower"]}),
        ("wordnet", "husk", {"ja": ["から"], "en": ["husk"]}),
        ("wordnet", "person", {"ja": ["人"], "en": ["person"]}),
    ]
    words = load_lexicon(write_lexicon(tmp_path, concepts), language="ja")
    assert words.languages == ["en"]
    drawn = [words.switch("東京タワーは1958年から東京にある人。NHK", "en", random.Random(n)) for n in range(200)]
    texts = [text.split() for text, _ in drawn]
    assert all(text[:2] == ["Tokyo", "Tower"] and "Tokyo" in text[2:] for text in texts)
    assert all("1958" in text and text[-1] == "NHK" for text in texts), "numbers and Latin letters stay"
    assert not any("husk" in text or "person" in text for text in texts), "too short to be sure of"
    assert 0.2 < sum("年から" in text for text in texts) / 200 < 0.4, "what is left stays together or goes"
    assert drawn[0][1] == pytest.approx(7 / 18)


def test_other_alphabets_keep_a_part_of_what_is_unknown(tmp_path: Path) -> None:
    concepts = [("wordnet", "sea", {"ar": ["بحر"], "tr": ["deniz"], "en": ["sea"]})]
    path = write_lexicon(tmp_path, concepts)
    arabic, turkish = load_lexicon(path, language="ar"), load_lexicon(path, language="tr")
    drawn = [arabic.switch("والبحر مجهول 7", "en", random.Random(n))[0] for n in range(200)]
    assert all(text.startswith("sea") and text.endswith("7") for text in drawn)
    assert 0.2 < sum("مجهول" in text for text in drawn) / 200 < 0.4
    assert turkish.switch("denizden Çanakkale", "en", random.Random(1)) == ("sea Çanakkale", 0.5)


def test_words_beside_an_emoji_count_when_they_stand_together_often(tmp_path: Path) -> None:
    cat = ("cldr", "cat", {"en": ["cat", "animal", "pet"], "de": ["Katze", "Tier", "Haustier"]})
    dog = ("cldr", "dog", {"en": ["dog", "animal", "guide"], "de": ["Hund", "Tier", "Blinde"]})
    names = load_lexicon(write_lexicon(tmp_path, [cat, dog])).names
    assert names["cat"]["de"] == {"Katze": 1, "Tier": 0.5, "Haustier": pytest.approx(1 / 3)}
    assert names["animal"]["de"]["Tier"] == 0.5
    assert "pet" in names and set(names["pet"]["de"]) == {"Katze"}


def test_commoner_translations_are_likelier(words: SwitchLexicon) -> None:
    drawn = [words.switch("sea", "de", random.Random(n))[0] for n in range(300)]
    assert drawn.count("Meer") > 6 * drawn.count("See") > 0
