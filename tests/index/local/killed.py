"""Writes to a collection and is killed at random, again and again; checks after each kill what is left.

    python -m tests.index.local.killed FOLDER --kills 200

Everything happens in forked children, so that a round costs milliseconds and not the start of Python. What a child does
follows from its round's number: whoever checks knows what was acknowledged and what was under way.
"""

from __future__ import annotations

import argparse
import os
import pickle
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from index.local.build import Shape
from tests.index.lexical.brute import require_brute_force
from tests.index.local.made import Model, open_made, passages, require_equal, vectors

SHAPE = Shape(exact_below=120, recall=0.999, threads=1)
IDS = 600

Act = tuple[str, int, int]


def acts(round_number: int) -> Iterator[Act]:
    """What a child does: (kind, first id or number, count)."""
    rng = random.Random(round_number)
    while True:
        kind = rng.choices(["upsert", "delete", "compact", "snapshot", "words"], [12, 6, 2, 2, 1])[0]
        yield kind, rng.randrange(IDS), rng.randrange(1, 40)


def content(act: Act, round_number: int) -> tuple:
    _, first, count = act
    return passages(count, first, round_number), vectors(count, first + 1000 * round_number)


def work(folder: Path, round_number: int, acknowledge: Callable[[], None]) -> None:
    """Do acts for ever, acknowledging each when it has returned."""
    index = open_made(folder, SHAPE)
    index.lexical.switch(True)
    for number, act in enumerate(acts(round_number)):
        if act[0] == "upsert":
            index.upsert(*content(act, round_number))
        elif act[0] == "delete":
            index.delete([f"p{i}" for i in range(act[1], act[1] + act[2])])
        elif act[0] == "compact":
            index.compact(is_full=act[2] % 2 == 0)
        elif act[0] == "words":
            index.lexical.switch(act[2] % 4 > 0)
        else:
            (folder.parent / "snapshots").mkdir(exist_ok=True)
            index.snapshot(folder.parent / "snapshots" / f"{round_number}-{number}")
        acknowledge()


def apply(model: Model, act: Act, round_number: int) -> None:
    if act[0] == "upsert":
        model.upsert(*content(act, round_number))
    elif act[0] == "delete":
        model.delete([f"p{i}" for i in range(act[1], act[1] + act[2])])


def check(folder: Path, state: Path, round_number: int, acknowledged: int) -> None:
    """What is there must be what was acknowledged, or that and all of what was under way; keeps it as the next start."""
    model: Model = pickle.loads(state.read_bytes()) if state.exists() else Model()
    script = acts(round_number)
    for _ in range(acknowledged):
        apply(model, next(script), round_number)
    index = open_made(folder, SHAPE)
    held = {passage.id: passage for block in index.scan() for passage in block.passages}
    if held != {identity: passage for identity, (passage, _) in model.rows.items()}:
        apply(model, next(script), round_number)
    assert held == {identity: passage for identity, (passage, _) in model.rows.items()}, (
        "acknowledged, and no half batch"
    )
    require_equal(index, model, vectors(3, seed=round_number))
    index.lexical.switch(True)
    index.lexical.build()
    require_brute_force(index, held, f"text {round_number % IDS} {round_number}", vectors(1)[0])
    index.close()
    for snapshot in sorted((folder.parent / "snapshots").glob(f"{round_number}-*")):
        if snapshot.suffix == ".unfinished":
            continue
        copy = open_made(snapshot, SHAPE, read_only=True)
        assert not copy.state.now.rebuilt
        copy.close()
    state.write_bytes(pickle.dumps(model))


def forked(body: Callable[[], None]) -> int:
    """Run in a child process; its number."""
    child = os.fork()
    if child == 0:
        try:
            body()
            os._exit(0)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            sys.stderr.flush()
            os._exit(1)
    return child


def one_round(folder: Path, round_number: int, rng: random.Random) -> int:
    """Start, kill at a random moment, and check; how many acts were acknowledged."""
    reading, writing = os.pipe()
    child = forked(lambda: work(folder, round_number, lambda: os.write(writing, b".") and None))
    os.close(writing)
    os.read(reading, 1)  # opened, and something done
    time.sleep(rng.random() ** 2 * 0.4)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    acknowledged = 1
    while block := os.read(reading, 65536):
        acknowledged += len(block)
    os.close(reading)
    checker = forked(lambda: check(folder, folder.parent / "model", round_number, acknowledged))
    if os.waitpid(checker, 0)[1]:
        sys.exit(f"round {round_number} lost something (its number is its seed)")
    return acknowledged


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    (given.folder / "snapshots").mkdir(parents=True)
    rng = random.Random(given.seed)
    total = sum(one_round(given.folder / "killed", given.seed * 10_000 + n, rng) for n in range(given.kills))
    sys.stdout.write(f"{given.kills} kills, {total} acts acknowledged, none lost\n")


if __name__ == "__main__":
    main()
