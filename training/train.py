"""One training run: recipe and data in, a run folder out.

RUN/recipe.json   the recipe with every default filled in
RUN/run.json      seed, data hashes, versions, counts, times; written last
RUN/log.jsonl     step, losses, learning rate, throughput, memory
RUN/README.md, RUN/run.png  the run page
RUN/tensorboard/  the same for `tensorboard --logdir RUN/tensorboard`
RUN/model/        the sentence-transformers model
RUN/checkpoints/, RUN/start/  while it runs (`training/checkpoints.py`)
"""

from __future__ import annotations

import functools
import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from accelerate import PartialState
from sentence_transformers import SentenceTransformer
from transformers import set_seed

from index.errors import Conflict, IsoglotError
from training.batches import HybridBatches
from training.checkpoints import latest_checkpoint, place, stage_folder
from training.collator import PairCollator, load_teacher
from training.hard_negatives import require_negatives
from training.interrupt import Interrupted, StopOnSignal
from training.leaks import require_no_leaks
from training.model_kinds import StaticModel
from training.models import build_model, load_model
from training.pair_dataset import PairDataset
from training.pairs import PairTable
from training.piece_column import piece_column
from training.progress import RunLog, console
from training.recipe import Recipe, Stage
from training.recipe_file import read_run_recipe
from training.run_facts import data_hashes, gather_facts
from training.run_page import write_run_page
from training.spelling import require_spelling
from training.starts import shared_start
from training.tables import load_tables
from training.trainer import HybridTrainer, make_trainer
from training.validation import Validation
from training.weights import copy_weights, mix_weights

__all__ = ["OutOfMemory", "train"]


class OutOfMemory(IsoglotError):
    """A batch did not fit; the last checkpoint is whole."""

    code = "out_of_memory"


def train(
    recipe: Recipe,
    data: Path,
    out: Path,
    evaluations: Sequence[tuple[str, str | Path | None]] = (),
    allow_leaks: bool = False,
    starts: Path | None = None,
) -> Path:
    """Train an encoder, or go on with a run that was interrupted, and return the run folder.

    evaluations: sets (name, folder) that the training texts must not contain (`training/leaks.py`).
    starts: folder that shares untrained models between runs (`training/starts.py`); None makes its own.
    Under `torchrun` every process calls this; the first one writes.
    Raises Conflict when `out` holds a finished run or one of another recipe, NotFound or
    InvalidInput for the data, LeaksFound, Interrupted after Ctrl-C, OutOfMemory, NotFinite, StorageUnavailable.
    """
    processes = PartialState(cpu=not torch.cuda.is_available())
    started, is_resumed = time.time(), _has_work(out)
    with processes.main_process_first():
        hashes = _open(recipe, data, out) if processes.is_main_process else {}
    set_seed(recipe.seed)
    table, held_out = load_tables(recipe, data)
    # Before the long work, because a regime without pairs is found here.
    plans = [_plan(recipe, stage, table) for stage in recipe.stages]
    leaks = 0
    if evaluations and processes.is_main_process:
        leaks = require_no_leaks(table.texts, list(evaluations), out / "leaks.jsonl", allow_leaks)
    with processes.main_process_first():
        model, pieces, done = _start(recipe, table, out, starts)
    unknown = require_spelling(model, table, recipe.model.maximum_unknown)
    inputs = _Inputs(recipe, model, table, pieces)
    with StopOnSignal() as stop:
        for stage, batches in list(zip(recipe.stages, plans, strict=True))[done:]:
            _run_stage(recipe, stage, model, inputs, batches, held_out, out, stop)
    if processes.is_main_process:
        facts = {"is_resumed": is_resumed, "leaks": leaks, "unknown_tokens": unknown}
        _finish(out, model, {**gather_facts(recipe, hashes, table, started), **facts})
    processes.wait_for_everyone()
    return out


def _has_work(out: Path) -> bool:
    return (out / "start").exists() or any(out.glob("checkpoints/*/*"))


def _open(recipe: Recipe, data: Path, out: Path) -> dict[str, str]:
    """Make the run folder, or see that it holds the same run unfinished; returns the hashes of the data."""
    if (out / "run.json").exists():
        raise Conflict(f"{out} already holds a run; choose another folder with --out or remove it.", path=str(out))
    has_work = _has_work(out)
    if has_work and read_run_recipe(out) != recipe:
        raise Conflict(
            f"{out} holds an unfinished run of another recipe (recipe.json differs); choose another folder with --out, "
            "remove it, or give the recipe and overrides it was started with to go on.",
            path=str(out),
        )
    hashes, before = data_hashes(recipe, data), out / "data.json"
    if has_work and before.exists() and json.loads(before.read_bytes()) != hashes:
        raise Conflict(
            f"The data under {data} has changed since the run in {out} began; put the old data back to go on, "
            "or choose another folder with --out.",
            path=str(out),
        )
    out.mkdir(parents=True, exist_ok=True)
    (out / "recipe.json").write_text(recipe.model_dump_json(indent=2), encoding="utf-8")
    before.write_text(json.dumps(hashes), encoding="utf-8")
    return hashes


def _plan(recipe: Recipe, stage: Stage, table: PairTable) -> HybridBatches:
    if stage.hard_negatives:
        require_negatives(table, stage.name)
    return HybridBatches(table, recipe.batch_size, stage)


def _start(
    recipe: Recipe, table: PairTable, out: Path, starts: Path | None
) -> tuple[SentenceTransformer, pa.ChunkedArray | None, int]:
    """The model as it stands, piece ids where they are known, and the number of stages done."""
    folders = [stage_folder(out, stage.name) / "finished" for stage in recipe.stages]
    done = sum(folder.is_dir() for folder in folders)
    start = folders[done - 1] if done else out / "start"
    if start.is_dir():
        console.print(f"Going on with the run in {out}.")
        return load_model(start), None, done
    if starts is None:
        model, pieces = build_model(recipe, table)
    else:
        model, pieces = shared_start(recipe, table, json.loads((out / "data.json").read_bytes()), starts)
    if recipe.model.kind != "pretrained":
        place(start, functools.partial(_save, model))
    return model, pieces, 0


def _save(model: SentenceTransformer, folder: Path) -> None:
    model.save_pretrained(str(folder), create_model_card=False)


class _Inputs:
    """The table's texts as a stage wants them: piece ids for a static model, unless prompts or a teacher need text."""

    def __init__(
        self, recipe: Recipe, model: SentenceTransformer, table: PairTable, pieces: pa.ChunkedArray | None
    ) -> None:
        self.texts, self.pieces, self.model = table.texts, pieces, model
        static = recipe.model if isinstance(recipe.model, StaticModel) else None
        self.static = None if static is None or static.query_prompt or static.passage_prompt else static

    def of(self, stage: Stage) -> PairDataset:
        """The dataset of a stage."""
        if self.static is None or stage.loss == "distillation":
            return PairDataset.of(self.texts)
        if self.pieces is None:
            tokenizer = self.model[0].tokenizer
            self.pieces = piece_column(tokenizer, self.texts, self.static.reader, self.static.maximum_tokens)
        return PairDataset.of(self.pieces)


def _run_stage(
    recipe: Recipe,
    stage: Stage,
    model: SentenceTransformer,
    inputs: _Inputs,
    batches: HybridBatches,
    held_out: PairTable | None,
    out: Path,
    stop: StopOnSignal,
) -> None:
    """Train one stage to its end; raises Interrupted when asked to stop before."""
    console.print(f"Stage {stage.name!r}: {stage.sampling}, alpha {stage.alpha}, temperature {stage.temperature}")
    dataset = inputs.of(stage)
    collator = PairCollator(recipe, model, load_teacher(stage, model))
    validation = None
    if held_out is not None:
        validation = Validation(held_out, dataset, stage, recipe.batch_size, PairCollator(recipe, model))
    trainer = make_trainer(
        recipe, stage, model, dataset, batches, collator, validation, out, [RunLog(out, stage.name), stop]
    )
    folder = stage_folder(out, stage.name)
    start = copy_weights(model) if stage.start_share else {}
    _fit(trainer, latest_checkpoint(folder), recipe)
    if stop.was_asked and trainer.state.global_step < stage.steps:
        raise Interrupted(
            f"Stopped at step {trainer.state.global_step:,} of {stage.steps:,} of stage {stage.name!r}; "
            "a checkpoint is saved. The same command goes on from it.",
            stage=stage.name,
            step=trainer.state.global_step,
        )
    mix_weights(model, start, stage.start_share)
    if trainer.is_world_process_zero():
        place(folder / "finished", functools.partial(_save, model))
        for checkpoint in folder.glob("checkpoint-*"):
            shutil.rmtree(checkpoint)


def _fit(trainer: HybridTrainer, checkpoint: Path | None, recipe: Recipe) -> None:
    if checkpoint:
        console.print(f"Going on from {checkpoint}.")
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if not isinstance(error, torch.OutOfMemoryError | MemoryError) and "allocate memory" not in str(error):
            raise
        raise OutOfMemory(
            f"Memory does not hold a batch of {recipe.batch_size} pairs of up to {recipe.model.maximum_tokens} tokens. "
            "Set a stage's mini_batch (the same gradients in less memory, slower), or lower batch_size or "
            "model.maximum_tokens; then start in a new folder.",
            batch_size=recipe.batch_size,
        ) from error
    finally:
        for callback in trainer.callback_handler.callbacks:
            if isinstance(callback, RunLog):
                callback.progress.stop()


def _finish(out: Path, model: SentenceTransformer, facts: dict[str, Any]) -> None:
    shutil.rmtree(out / "model", ignore_errors=True)
    place(out / "model", functools.partial(_save, model))
    write_run_page(out)
    (out / "run.json").write_text(json.dumps(facts, indent=2), encoding="utf-8")
    shutil.rmtree(out / "checkpoints")
    shutil.rmtree(out / "start", ignore_errors=True)
    (out / "data.json").unlink()
