"""A thread that does a collection's housekeeping when there is some."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from index.errors import IsoglotError

__all__ = ["Keeper"]

log = logging.getLogger(__name__)

_RETRY_SECONDS = 60.0
_CLOSING_SECONDS = 10.0


class Keeper:
    """Runs some work each time it is woken; a fault is logged, remembered and tried again a minute later.

    name: for the log. work: may take long; one run at a time. failure: what the log says did not work.
    """

    def __init__(self, name: str, work: Callable[[], object], failure: str = "its vectors could not be sealed") -> None:
        self._name, self._work, self._failure = name, work, failure
        self._wake = threading.Condition()
        self._is_due = self._is_closing = False
        self.fault: str | None = None
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """There may be something to do."""
        with self._wake:
            self._is_due = True
            if self._thread is None and not self._is_closing:
                self._thread = threading.Thread(target=self._run, name=f"keeper of {self._name}", daemon=True)
                self._thread.start()
            self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._is_due or self._is_closing, _RETRY_SECONDS if self.fault else None)
                if self._is_closing:
                    return
                self._is_due = False
            try:
                self._work()
                self.fault = None
            except (IsoglotError, OSError, MemoryError, RuntimeError) as error:
                if self.is_closing:
                    return
                # Nothing is lost: passages are in SQLite and searched from memory meanwhile.
                self.fault = f"{type(error).__name__}: {error}"
                log.warning("Collection %s: %s (%s); trying again.", self._name, self._failure, self.fault)

    @property
    def is_closing(self) -> bool:
        """Whether work under way should end."""
        return self._is_closing

    def close(self) -> None:
        """Stop, and wait a little for the work under way.

        Linking a large graph takes minutes and cannot be stopped; what it makes after the database is closed is
        not put in place, and removed by whoever opens the collection next.
        """
        with self._wake:
            self._is_closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(_CLOSING_SECONDS)
