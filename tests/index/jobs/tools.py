"""What the tests of jobs share."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from index.catalog import Catalog
from index.collection import Collection
from index.encoder import Encoder
from index.jobs import JobSpec, JobState, build
from index.settings import IndexSettings

WORDS = {"en": "tide moon bread", "de": "ebbe mond brot", "th": "น้ำ", "ru": "луна"}


def line(number: int, **changes: object) -> dict[str, Any]:
    """A passage line of some language."""
    code = list(WORDS)[number % len(WORDS)]
    words = WORDS[code].split()
    text = f"{words[number % len(words)]} {words[number // 3 % len(words)]} {number}"
    return {"id": f"p{number}", "text": text, "language": code, **changes}


def run(settings: IndexSettings, *sources: Path | str, collection: str = "docs", **given: Any) -> JobState:
    """Run a job."""
    return build(JobSpec.load(sources=[str(s) for s in sources], collection=collection, **given), settings)


def held(settings: IndexSettings, name: str = "docs") -> dict[str, tuple[Any, ...]]:
    """Everything a collection holds: id → passage and vector's bytes."""
    with closing(Catalog(settings.collections, settings.load_encoder(), read_only=True)) as catalog:
        return everything(catalog.get(name))


def everything(collection: Collection) -> dict[str, tuple[Any, ...]]:
    found: dict[str, tuple[Any, ...]] = {}
    for block in collection.index.scan():
        for passage, vector in zip(block.passages, block.vectors, strict=True):
            found[passage.id] = (passage, np.asarray(vector, np.float32).tobytes())
    return found


def rejected(settings: IndexSettings, state: JobState) -> list[dict[str, Any]]:
    """The rejected rows of a job."""
    path = settings.data / "jobs" / state.id / "rejected.jsonl"
    return [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


class Counting(Encoder):
    """An encoder that counts the texts it reads."""

    texts = 0

    def embed(self, texts: Any, kind: str) -> Any:
        """Count and embed."""
        type(self).texts += len(texts)
        return super().embed(texts, kind)
