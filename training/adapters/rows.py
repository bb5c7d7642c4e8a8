"""Rows as a data set gives them, read field by field: what is not as expected is told, never guessed.

Data sets change their columns between versions and mirrors; an error that names the set,
the row, the field and what stands there is what mends that quickest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from index.errors import InvalidInput, UnknownLanguage
from index.languages import language_code

__all__ = ["Row", "SchemaDrift"]

_SHOWN_CHARACTERS = 60


class SchemaDrift(InvalidInput):
    """A row has not the fields or types its adapter reads."""

    code = "schema_drift"


@dataclass(frozen=True, slots=True)
class Row:
    """One row, or one object nested in it.

    where: for messages, such as "wikiqa, row 17". number: counts from 1 within the file or list.
    """

    where: str
    number: int
    values: dict[str, Any]

    def value(self, field: str, expected: str, *types: type) -> Any:
        """The field's value; raises SchemaDrift when it is missing or of another type than `types`."""
        if field not in self.values:
            raise self._drift(field, expected, "no such field")
        value = self.values[field]
        if not isinstance(value, types):
            raise self._drift(field, expected, f"{repr(value)[:_SHOWN_CHARACTERS]} ({type(value).__name__})")
        return value

    def text(self, field: str) -> str:
        """The field's text, "" for null; raises SchemaDrift."""
        return self.value(field, "a text", str, type(None)) or ""

    def texts(self, field: str) -> list[str]:
        """The field's texts without nulls; raises SchemaDrift."""
        texts = self.value(field, "a list of texts", list, type(None)) or []
        if not all(isinstance(text, str | None) for text in texts):
            raise self._drift(field, "a list of texts", repr(texts)[:_SHOWN_CHARACTERS])
        return [text for text in texts if text is not None]

    def language(self, field: str) -> str:
        """The field's language code, in canonical form; raises SchemaDrift."""
        code = self.text(field)
        try:
            return language_code(code)
        except UnknownLanguage as error:
            raise self._drift(field, "a BCP 47 language code", repr(code[:_SHOWN_CHARACTERS])) from error

    def rows(self, field: str) -> list[Row]:
        """The field's list of objects, empty for null; raises SchemaDrift."""
        members = self.value(field, "a list of objects", list, type(None)) or []
        nested = []
        for number, member in enumerate(members, start=1):
            if not isinstance(member, dict):
                raise self._drift(field, "a list of objects", f"{repr(member)[:_SHOWN_CHARACTERS]} as item {number}")
            nested.append(Row(f"{self.where}, {field} {number}", number, member))
        return nested

    def present(self, *fields: str) -> str:
        """The first of the fields that the row has; raises SchemaDrift when it has none."""
        for field in fields:
            if field in self.values:
                return field
        raise self._drift(" or ".join(fields), "there", "none of them")

    def _drift(self, field: str, expected: str, found: str) -> SchemaDrift:
        return SchemaDrift(
            f"{self.where}: field {field!r} should be {expected}, found {found}. The fields there are "
            f"{', '.join(sorted(self.values)) or 'none'}; the fields that are read stand in `isoglot data list`.",
            where=self.where,
            field=field,
        )
