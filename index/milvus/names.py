"""What a collection is called in Milvus, and what is written on it beside its passages.

Facts, languages and metadata fields are properties of the Milvus collection: they go where it goes
when it is renamed or dropped. Each has a key of its own, so that two writers cannot undo each other's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["CREATED", "Properties", "given_name", "stored_name"]

CREATED = "layout"
"""The fact every collection of ours has: the number of the layout its rows are in."""

_LAYOUT = "1"
_PREFIX = "isoglot_"
_FACT, _LANGUAGE, _FIELD = "isoglot.fact.", "isoglot.language.", "isoglot.field."


def stored_name(name: str) -> str:
    """A collection's name in Milvus, which knows no hyphens; ours know no capitals.

    >>> stored_name("my-docs_2")
    'isoglot_myHdocs_2'
    """
    return _PREFIX + name.replace("-", "H")


def given_name(stored: str) -> str | None:
    """The name again, None for a collection that is not ours.

    >>> given_name("isoglot_myHdocs_2"), given_name("other")
    ('my-docs_2', None)
    """
    return stored.removeprefix(_PREFIX).replace("H", "-") if stored.startswith(_PREFIX) else None


@dataclass(frozen=True, slots=True)
class Properties:
    """What is written on a collection.

    languages, fields: those any passage ever had.
    """

    facts: dict[str, str]
    languages: set[str]
    fields: set[str]

    @classmethod
    def read(cls, held: Mapping[str, str]) -> Properties:
        """From the properties as Milvus tells them; others' are passed over."""
        return cls(
            {key.removeprefix(_FACT): str(value) for key, value in held.items() if key.startswith(_FACT)},
            {key.removeprefix(_LANGUAGE) for key in held if key.startswith(_LANGUAGE)},
            {_from_hex(key.removeprefix(_FIELD)) for key in held if key.startswith(_FIELD)},
        )

    @staticmethod
    def of_facts(facts: Mapping[str, str]) -> dict[str, str]:
        """The properties of a new collection."""
        return {f"{_FACT}{name}": value for name, value in {**facts, CREATED: _LAYOUT}.items()}

    @staticmethod
    def of_fact(name: str, value: str) -> dict[str, str]:
        """The property that tells one fact."""
        return {f"{_FACT}{name}": value}

    def missing(self, languages: Iterable[str], fields: Iterable[str]) -> dict[str, str]:
        """The properties to add so that these languages and fields are known."""
        new = {f"{_LANGUAGE}{code}": "1" for code in sorted(set(languages) - self.languages)}
        return new | {f"{_FIELD}{field.encode().hex()}": "1" for field in sorted(set(fields) - self.fields)}


def _from_hex(digits: str) -> str:
    return bytes.fromhex(digits).decode()
