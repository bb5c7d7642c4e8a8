"""One stage of a pipeline working ahead of the next."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

__all__ = ["ahead"]

Item = TypeVar("Item")

_WAIT = 0.1
"""Seconds after which a waiting stage looks whether it is still wanted."""


class _End:
    """The last thing in the queue, with what went wrong."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(items: Iterable[Item], depth: int) -> Generator[Item, None, None]:
    """Yield the items of an iterable that a thread works through, at most `depth` ahead.

    What it raises is raised here. When this iterator is closed the thread ends before its next item.

    >>> list(ahead([1, 2, 3], depth=1))
    [1, 2, 3]
    """
    line: queue.Queue[Item | _End] = queue.Queue(depth)
    unwanted = threading.Event()
    worker = threading.Thread(target=_work, args=(items, line, unwanted), daemon=True)
    worker.start()
    try:
        while True:
            item = line.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        unwanted.set()
        worker.join()


def _work(items: Iterable[Item], line: queue.Queue[Item | _End], unwanted: threading.Event) -> None:
    error: BaseException | None = None
    source = iter(items)
    try:
        for item in source:
            if not _put(line, item, unwanted):
                break
    except BaseException as fault:  # raised again by whoever waits for the items
        error = fault
    finally:
        if hasattr(source, "close"):
            source.close()  # in the thread that ran it
    _put(line, _End(error), unwanted)


def _put(line: queue.Queue[Item | _End], item: Item | _End, unwanted: threading.Event) -> bool:
    while not unwanted.is_set():
        try:
            line.put(item, timeout=_WAIT)
        except queue.Full:
            continue
        return True
    return False
