"""The working folder of a mining run: what is done so far, so that a rerun goes on there.

OUT.work/vectors.npy      the passages' vectors, as far as encoded
OUT.work/groups.jsonl     groups written so far
OUT.work/progress.json    settings, passages encoded, questions searched, counts; replaced in one step
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from index.errors import Conflict

__all__ = ["MiningFolder"]


class MiningFolder:
    """Opens or makes the working folder beside `out`.

    settings: all that shapes the result. Raises Conflict when `out` exists, or when the
    folder belongs to a run with other settings.
    """

    def __init__(self, out: Path, settings: dict[str, Any]) -> None:
        if out.exists():
            raise Conflict(f"{out} exists; choose another file with --out or remove it.", path=str(out))
        self.out, self.path = out, out.with_name(out.name + ".work")
        self.path.mkdir(parents=True, exist_ok=True)
        self._progress = self.path / "progress.json"
        self.state: dict[str, Any] = {"settings": settings, "encoded": 0, "questions": 0, "bytes": 0, "summary": {}}
        if self._progress.exists():
            self.state = json.loads(self._progress.read_bytes())
            if self.state["settings"] != settings:
                raise Conflict(
                    f"{self.path} holds an unfinished run with other settings ({self.state['settings']}); finish it "
                    "with those, choose another --out, or remove the folder.",
                    path=str(self.path),
                )

    def save(self, **changes: Any) -> None:
        """Record progress; what it speaks of must be on disk already."""
        self.state.update(changes)
        draft = self._progress.with_suffix(".draft")
        draft.write_text(json.dumps(self.state), encoding="utf-8")
        draft.replace(self._progress)

    def vectors(self, shape: tuple[int, int]) -> np.ndarray:
        """The passages' vectors as a file mapped into memory: float32 of that shape."""
        path = self.path / "vectors.npy"
        if self.state["encoded"]:
            return np.lib.format.open_memmap(path, mode="r+")
        return np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)

    def groups(self) -> BinaryIO:
        """The groups written so far, open for more; a block cut short by a kill is dropped."""
        path = self.path / "groups.jsonl"
        path.touch()
        lines = path.open("r+b")
        lines.truncate(self.state["bytes"])
        lines.seek(self.state["bytes"])
        return lines

    def finish(self) -> None:
        """Put the result in its place and remove the folder."""
        (self.path / "groups.jsonl").replace(self.out)
        shutil.rmtree(self.path)
