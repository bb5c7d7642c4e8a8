"""A request that waits for vectors, and its texts, each of which may run in another batch."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

import numpy as np

from index.encoder import Embedded, Kind, Tokenized

__all__ = ["WaitingRequest", "WaitingText"]

_log = logging.getLogger(__name__)


class WaitingRequest:
    """Texts that come and go together, and what is known of their vectors.

    Made on an event loop; `put` and `finish` may be called from any thread. deadline: on `time.monotonic`'s clock.
    """

    def __init__(self, kind: Kind, count: int, dimension: int, deadline: float) -> None:
        self.kind, self.deadline, self.left = kind, deadline, count
        self.arrived = time.monotonic()
        self.vectors = np.empty((count, dimension), dtype=np.float32)
        self.tokens = np.zeros(count, dtype=np.int64)
        self.truncated = np.zeros(count, dtype=bool)
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Embedded] = self.loop.create_future()

    def texts(self, texts: Sequence[str], widest: int) -> list[WaitingText]:
        """The request's texts, to be tokenised yet. widest: most characters one is weighed by."""
        return [WaitingText(self, row, text, min(len(text), widest)) for row, text in enumerate(texts)]

    def tokens_as_texts(self, tokenized: Tokenized, weight: int) -> list[WaitingText]:
        """The request's texts, tokenised already. weight: characters a token counts as."""
        waiting = [WaitingText(self, row, "", weight * len(ids)) for row, ids in enumerate(tokenized.ids)]
        for item, ids, is_cut in zip(waiting, tokenized.ids, tokenized.truncated, strict=True):
            item.tokenized(ids, bool(is_cut))
        return waiting

    def is_unwanted(self, now: float) -> bool:
        """Whether nobody waits any more: the caller has gone, or the deadline has passed."""
        return self.future.done() or self.deadline < now

    def put(self, row: int, vector: np.ndarray) -> None:
        """Take one text's vector, and wake the caller when it was the last one wanting."""
        self.vectors[row] = vector
        self.left -= 1
        if not self.left:
            self.finish()

    def finish(self, error: Exception | None = None) -> None:
        """Wake the caller with all vectors, or with an error."""
        try:
            self.loop.call_soon_threadsafe(self._set, error)
        except RuntimeError:  # the loop has been closed: nobody waits any more
            _log.debug("A request outlived its event loop.")

    def _set(self, error: Exception | None) -> None:
        if self.future.done():
            return
        if error is None:
            self.future.set_result(Embedded(self.vectors, self.tokens, self.truncated))
        else:
            self.future.set_exception(error)


class WaitingText:
    """One text of a request. ids: None until it is tokenised. weight: characters it counts as."""

    __slots__ = ("ids", "request", "row", "text", "weight")

    def __init__(self, request: WaitingRequest, row: int, text: str, weight: int) -> None:
        self.request, self.row, self.text, self.weight = request, row, text, weight
        self.ids: list[int] | None = None

    @property
    def length(self) -> int:
        """Tokens, 0 until they are known."""
        return len(self.ids or ())

    def tokenized(self, ids: list[int], is_cut: bool) -> None:
        """Take the text's tokens; is_cut: whether it had more."""
        self.ids, self.text = ids, ""
        self.request.tokens[self.row], self.request.truncated[self.row] = len(ids), is_cut
