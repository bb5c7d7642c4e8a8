"""An engine that needs no model: it spells each text backwards, with the language in front."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence

from index.errors import UnknownLanguage
from training.translation.engine import Finished

WRITES = ("de", "ar", "th")


class Backwards:
    """asked: every (target, text) it was asked for. before_batch: called before each batch; may raise."""

    def __init__(
        self,
        batch_size: int = 3,
        name: str = "backwards",
        translation: Callable[[str, str], str | None] | None = None,
        before_batch: Callable[[], None] = lambda: None,
    ) -> None:
        self.source, self.texts_at_once, self.batch_size, self.name = "en", 2 * batch_size, batch_size, name
        self.translation = translation or (lambda text, target: f"{target} {text[::-1]}")
        self.before_batch = before_batch
        self.asked: list[tuple[str, str]] = []

    def check(self, targets: Sequence[str]) -> None:
        for target in targets:
            if target not in WRITES:
                raise UnknownLanguage(f"cannot write {target}; can write {WRITES}")

    def identity(self, target: str) -> str:
        return self.name

    def translate(self, texts: Sequence[str], target: str) -> Generator[Finished, None, None]:
        order = sorted(range(len(texts)), key=lambda position: -len(texts[position]))
        for start in range(0, len(order), self.batch_size):
            self.before_batch()
            batch = order[start : start + self.batch_size]
            self.asked += [(target, texts[position]) for position in batch]
            yield [(position, self.translation(texts[position], target)) for position in batch]


def slow() -> None:
    time.sleep(0.02)
