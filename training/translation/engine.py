"""What the job asks of whatever translates: a seq2seq model, an endpoint, a stand-in in tests."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol

from index.errors import IsoglotError

__all__ = ["Engine", "Finished", "TranslationStopped"]

Finished = list[tuple[int, str | None]]
"""One finished batch: (position in the texts handed over, translation). None: the text or its translation is longer
than the engine can handle, so a whole translation cannot be had."""


class TranslationStopped(IsoglotError):
    """The job was stopped or its engine failed; what was translated is kept and the same command goes on."""

    code = "translation_stopped"


class Engine(Protocol):
    """Translates from one language into others.

    source: language code (BCP 47) of the texts.
    texts_at_once: how many texts the job hands over at a time; many batches, so that they can be sorted by length
        or sent side by side.
    """

    source: str
    texts_at_once: int

    def check(self, targets: Sequence[str]) -> None:
        """Raise UnknownLanguage, naming those it can write, when it cannot write one of `targets`."""
        ...

    def identity(self, target: str) -> str:
        """Name the model and whatever else decides the wording; translations are only reused under an equal name."""
        ...

    def translate(self, texts: Sequence[str], target: str) -> Generator[Finished, None, None]:
        """Translate `texts`, yielding batches as they finish, in any order, each position exactly once."""
        ...
