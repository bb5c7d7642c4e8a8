"""Licences of the sources in the training tables, for model cards."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["SOURCE_LICENCES", "licences_of"]

SOURCE_LICENCES = {
    "parallel/african-storybook": "CC BY 4.0",
    "parallel/ebible-pd": "public domain",
    "parallel/gnome-help": "CC BY-SA 3.0",
    "parallel/ms-": "CC BY 4.0",
    "parallel/mozilla-www": "MPL 2.0",
    "parallel/ntrex128": "CC BY-SA 4.0",
    "parallel/opensource-guide": "CC BY 4.0",
    "parallel/python-docs": "PSF 2.0 (translations CC0)",
    "parallel/stellarium-skycultures": "CC BY-SA, some rows GPL 2.0",
    "parallel/tico19": "CC0",
    "parallel/ud-pud": "CC BY-SA 3.0",
    "parallel/xcopa": "CC BY 4.0",
    "sentences/asp-storybooks": "CC BY",
    "sentences/azure-co-op-translator": "MIT",
    "sentences/electron-i18n": "MIT",
    "sentences/ms-Security-101": "CC0",
    "sentences/ms-": "MIT",
    "sentences/python-docs": "PSF 2.0 (translations CC0)",
    "sentences/stellarium": "CC BY-SA",
    "sentences/tico-19": "CC0",
    "sentences/udhr": "public domain",
    "sections/asp-storybooks": "CC BY",
    "sections/azure-co-op-translator": "MIT",
    "sections/electron-i18n": "MIT",
    "sections/ms-Security-101": "CC0",
    "sections/ms-": "MIT",
    "sections/stellarium": "CC BY-SA",
    "sections/udhr": "public domain",
    "qa/afriqa": "CC BY 4.0",
    "qa/arcd": "MIT over Wikipedia text CC BY-SA",
    "qa/cmrc2018": "CC BY-SA 4.0",
    "qa/drcd": "CC BY-SA 3.0",
    "qa/gnome-help": "CC BY-SA 3.0",
    "qa/iapp-wiki-qa": "MIT over Wikipedia text CC BY-SA",
    "qa/jaquad": "CC BY-SA 3.0",
    "qa/ms-": "CC BY 4.0",
    "qa/opensource-guide": "CC BY 4.0",
    "qa/python-faq": "PSF 2.0 (translations CC0)",
    "qa/squad-train-part-nqg": "CC BY-SA 4.0",
    "qa/turkish-rc-okanvk": "MIT over Wikipedia text CC BY-SA",
    "lexicon/cldr": "Unicode v3",
    "lexicon/countries": "ODbL",
    "lexicon/geography": "public domain",
    "lexicon/osm-presets": "ISC",
    "lexicon/wiki-titles": "CC0",
    "lexicon/wordnet": "CC BY, CC BY-SA, MIT, Apache or Princeton-style, by wordnet",
}
"""Source, or how several begin, → its licence."""


def licences_of(sources: Iterable[str]) -> dict[str, list[str]]:
    """Sources of a recipe → file of the training tables → one line for each source with its licence.

    A whole table ("qa") stands for all its known sources; a source that is not known gets "see its source".
    """
    lines: dict[str, list[str]] = {}
    for source in sources:
        named = _read_from(source)
        table, _, origin = named.partition("/")
        known = [name for name in SOURCE_LICENCES if named.startswith(name) if origin] or [
            name for name in SOURCE_LICENCES if not origin and name.startswith(f"{table}/")
        ]
        of_table = lines.setdefault(f"{table}.parquet", [])
        if not known:
            of_table.append(f"{origin or table}: see its source")
        elif origin:
            of_table.append(f"{origin} {SOURCE_LICENCES[max(known, key=len)]}")
        else:
            of_table += [f"{_shown(name)} {SOURCE_LICENCES[name]}" for name in known]
    return {table: list(dict.fromkeys(listed)) for table, listed in lines.items()}


def _read_from(source: str) -> str:
    """The source whose texts these are: switched ones are another's, definitions stand in the wordnets' rows."""
    table, slash, origin = source.removeprefix("switched-").partition("/")
    return "lexicon/wordnet" if table == "glosses" else f"{'qa' if table == 'passages' else table}{slash}{origin}"


def _shown(name: str) -> str:
    origin = name.partition("/")[2]
    return f"{origin}*" if origin.endswith("-") else origin
