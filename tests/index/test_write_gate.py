"""The gate before writes: who waits, who is told."""

from __future__ import annotations

import threading
import time

import pytest

from index.errors import CollectionMoved
from index.write_gate import WriteGate


def test_a_held_gate_waits_for_writers_and_holds_back_those_who_come() -> None:
    gate, order = WriteGate("docs"), list[str]()
    begun, go = threading.Event(), threading.Event()

    def first() -> None:
        with gate.writing(["a"]):
            begun.set()
            go.wait(10)
            order.append("first")

    def second() -> None:
        with gate.writing(["b"]):
            order.append("second")

    threads = [threading.Thread(target=first)]
    threads[0].start()
    begun.wait(10)
    held = threading.Event()

    def change() -> None:
        with gate.held():
            order.append("held")
            held.set()
            time.sleep(0.1)
            order.append("freed")

    threads.append(threading.Thread(target=change))
    threads[1].start()
    while not gate._is_held:
        time.sleep(0.001)
    threads.append(threading.Thread(target=second))
    threads[2].start()
    assert not held.wait(0.05)
    go.set()
    for thread in threads:
        thread.join(10)
    assert order == ["first", "held", "freed", "second"]


def test_writers_of_a_collection_that_has_moved_are_told_and_may_come_back() -> None:
    gate = WriteGate("docs")
    gate.move()
    with pytest.raises(CollectionMoved, match="'docs' has been replaced"), gate.writing(["a"]):
        raise AssertionError("written")
    gate.move(has_moved=False)
    with gate.writing(["a"]):
        pass


def test_what_is_written_while_watched_is_told_once_and_failures_too() -> None:
    gate = WriteGate("docs")
    with gate.writing(["before"]):
        pass
    with gate.watched() as changes:
        with gate.writing(["b", "a"]):
            pass
        with pytest.raises(ValueError, match="x"), gate.writing(["c"]):
            raise ValueError("x")
        assert (len(changes), changes.take(), changes.take()) == (3, ["a", "b", "c"], [])
    with gate.writing(["after"]):
        pass
    assert changes.take() == []
