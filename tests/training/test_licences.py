"""Cards name the licence of each source that was read, and of no other."""

from __future__ import annotations

from training.licences import SOURCE_LICENCES, licences_of
from training.recipe_file import load_recipe, shipped_recipes


def test_each_source_has_its_own_line() -> None:
    found = licences_of(["qa/jaquad", "qa/ms-alchemy", "sentences/ms-Security-101", "sentences/ms-else"])
    assert found == {
        "qa.parquet": ["jaquad CC BY-SA 3.0", "ms-alchemy CC BY 4.0"],
        "sentences.parquet": ["ms-Security-101 CC0", "ms-else MIT"],
    }


def test_switched_texts_keep_the_licence_of_what_they_were() -> None:
    assert licences_of(["switched-qa/afriqa", "switched-passages/drcd", "switched-glosses/wordnet"]) == {
        "qa.parquet": [f"afriqa {SOURCE_LICENCES['qa/afriqa']}", f"drcd {SOURCE_LICENCES['qa/drcd']}"],
        "lexicon.parquet": [f"wordnet {SOURCE_LICENCES['lexicon/wordnet']}"],
    }


def test_a_whole_table_names_all_of_it_and_an_unknown_source_says_so() -> None:
    of_table = licences_of(["lexicon", "glosses"])["lexicon.parquet"]
    assert len(of_table) == sum(name.startswith("lexicon/") for name in SOURCE_LICENCES)
    assert "ms-* MIT" in licences_of(["sections"])["sections.parquet"]
    assert licences_of(["parallel/own", "groups"]) == {
        "parallel.parquet": ["own: see its source"],
        "groups.parquet": ["groups: see its source"],
    }


def test_the_sources_of_the_static_recipes_are_all_known() -> None:
    for name in shipped_recipes():
        if name.startswith("static"):
            sources = [source for bucket in load_recipe(name).buckets for source in bucket.sources]
            assert not [line for lines in licences_of(sources).values() for line in lines if "see its source" in line]
