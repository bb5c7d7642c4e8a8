"""What is known of one public data set, and how it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from index.errors import InvalidInput
from index.languages import language_codes
from training.adapters.origin import Origin
from training.adapters.tally import Tally
from training.groups import Group

__all__ = ["Adapter", "group_of"]

_SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Adapter:
    """One data set: where it is, what it holds, how its rows become groups.

    hub_id: None where it must be obtained by hand. config: of that id.
    licence: as its pages state it; not legal advice. languages: those it comes in.
    fields: the fields that are read. becomes: what a row becomes.
    read: yields groups whose ids are unique within the data set's split; texts may still be blank.
    """

    name: str
    hub_id: str | None
    config: str | None
    licence: str
    languages: tuple[str, ...]
    fields: str
    becomes: str
    read: Callable[[Origin, Tally], Iterator[Group]]

    def groups(self, path: str | None, split: str, languages: list[str] | None, tally: Tally) -> Iterator[Group]:
        """Yield the groups of the data set, or of a copy of it.

        path: a file, a folder or another Hugging Face id with the same fields; None takes `hub_id`.
        languages: None takes all the data set has. A copy whose rows do not name their language may be
        a translation: it is in the one language named.
        Raises InvalidInput for a split or path that cannot be, UnknownLanguage for a language it has not.
        """
        if split not in _SPLITS:
            raise InvalidInput(f"There is no split {split!r}; choose from {', '.join(_SPLITS)}.", given=split)
        if path is None and self.hub_id is None:
            raise InvalidInput(
                f"{self.name} is not on Hugging Face in a readable form; obtain it ({self.licence}) and give --path."
            )
        chosen = None if languages is None else language_codes(languages, self.languages if path is None else None)
        origin = Origin(self.name, path or self.hub_id or "", split, chosen, self.config if path is None else None)
        yield from self.read(origin, tally)


def group_of(identity: str, language: str, question: str, passage: str, negatives: list[str] | None = None) -> Group:
    """A group in one language."""
    return Group(identity, {language: question}, {language: passage}, negatives={language: negatives or []})
