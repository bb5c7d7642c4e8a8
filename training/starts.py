"""Untrained models kept for the runs that begin alike.

Learning a vocabulary and tokenising the data takes longer than many a short run. Runs that
differ only in their stages share both: a start is named by the data and the keys it depends on.
"""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
from sentence_transformers import SentenceTransformer

from training.checkpoints import place
from training.models import build_model, load_model
from training.pairs import PairTable
from training.recipe import Recipe

__all__ = ["shared_start", "start_key"]

_DEPENDS_ON = {"languages", "buckets", "vocabulary", "model", "share", "validation"}


def start_key(recipe: Recipe, hashes: dict[str, str]) -> str:
    """Name of a recipe's start: equal for recipes that begin alike. hashes: file name → SHA-256 of the data."""
    values = json.loads(recipe.model_dump_json(include=_DEPENDS_ON, exclude_defaults=True))
    values["seed"] = recipe.seed_of_start
    text = json.dumps([values, hashes], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def shared_start(
    recipe: Recipe, table: PairTable, hashes: dict[str, str], starts: Path
) -> tuple[SentenceTransformer, pa.ChunkedArray | None]:
    """As `training.models.build_model`, from the folder `starts` when it is there, else made and put there.

    Pretrained models are not kept: they are a start already.
    """
    folder = starts / start_key(recipe, hashes)
    if folder.is_dir():
        return load_model(folder / "model"), _load_pieces(folder)
    model, pieces = build_model(recipe, table)
    if recipe.model.kind != "pretrained":
        place(folder, functools.partial(_save, model, pieces))
    return model, pieces


def _save(model: SentenceTransformer, pieces: pa.ChunkedArray | None, folder: Path) -> None:
    model.save_pretrained(str(folder / "model"), create_model_card=False)
    if pieces is not None:
        column = pieces.combine_chunks()
        np.save(folder / "offsets.npy", column.offsets.to_numpy())
        np.save(folder / "values.npy", column.values.to_numpy())


def _load_pieces(folder: Path) -> pa.ChunkedArray | None:
    if not (folder / "values.npy").exists():
        return None
    offsets, values = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("offsets", "values"))
    return pa.chunked_array([pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(values))])
