"""One training run: recipe and data in, a run folder out.

RUN/recipe.json   the recipe with every default filled in
RUN/run.json      seed, data hashes, versions, counts, times
RUN/log.jsonl     step, loss, learning rate
RUN/loss.png      the loss curve
RUN/model/        the sentence-transformers model
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.sentence_transformer.data_collator import SentenceTransformerDataCollator
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from sentence_transformers.sentence_transformer.modules import Normalize
from transformers import set_seed
from transformers.trainer_callback import PrinterCallback, ProgressCallback

from index.errors import Conflict
from training.aligned_start import aligned_directions
from training.batches import HybridBatches, HybridBatchSampler
from training.pairs import PairDataset, PairTable
from training.progress import RunLog, console, plot_loss
from training.recipe import Recipe, Stage
from training.sources import data_files, read_source
from training.static import WeightedStaticEmbedding
from training.vocabulary import piece_weights, sample_texts, train_tokenizer

__all__ = ["build_model", "load_table", "train"]


def train(recipe: Recipe, data: Path, out: Path) -> Path:
    """Train an encoder and return the run folder.

    Raises Conflict when `out` already holds a run, NotFound or InvalidInput for the data.
    """
    if (out / "run.json").exists():
        raise Conflict(f"{out} already holds a run; choose another folder with --out or remove it.", path=str(out))
    out.mkdir(parents=True, exist_ok=True)
    (out / "recipe.json").write_text(recipe.model_dump_json(indent=2), encoding="utf-8")
    (out / "log.jsonl").write_text("", encoding="utf-8")
    started = time.time()
    set_seed(recipe.seed)
    table = load_table(recipe, data)
    # Before the long work, because a regime without pairs is found here.
    plans = [HybridBatches(table, recipe.batch_size, stage.alpha, stage.weights) for stage in recipe.stages]
    model, weights = build_model(recipe, table)
    pieces = _tokenise(model, table)
    if recipe.model.aligned_start:
        with console.status("Aligning the start (minutes) …"):
            directions = aligned_directions(table, pieces, weights, recipe.model.dimension, recipe.seed)
        model[0].start_from(directions, recipe.model.aligned_start)
    has_prompts = bool(recipe.model.query_prompt or recipe.model.passage_prompt)
    inputs = PairDataset.of(table.texts if has_prompts else pieces)
    for stage, batches in zip(recipe.stages, plans, strict=True):
        console.print(f"Stage {stage.name!r}: alpha {stage.alpha}, temperature {stage.temperature}")
        _trainer(recipe, stage, model, inputs, batches, out).train()
    model.save_pretrained(str(out / "model"), create_model_card=False)
    plot_loss(out)
    _write_facts(recipe, data, out, table, started)
    return out


def load_table(recipe: Recipe, data: Path) -> PairTable:
    """Read and pack the groups of every bucket."""
    languages = recipe.languages or None
    with console.status("Reading groups …") as status:

        def groups(sources: list[str]) -> Any:
            for name in sources:
                status.update(f"Reading {name} …")
                yield from read_source(data, name, languages)

        table = PairTable.pack({bucket.name: groups(bucket.sources) for bucket in recipe.buckets})
    console.print(f"{table.n_groups:,} groups, {len(table.texts):,} texts, {len(table.languages)} languages")
    return table


def build_model(recipe: Recipe, table: PairTable) -> tuple[SentenceTransformer, np.ndarray]:
    """Learn the vocabulary and make an untrained encoder over it; also the pieces' idf, (vocabulary,) float32."""
    with console.status(f"Learning {recipe.vocabulary.pieces:,} pieces (minutes) …"):
        texts = sample_texts(table, recipe.vocabulary.sample, recipe.seed)
        tokenizer = train_tokenizer(texts, recipe.vocabulary, recipe.model.romanise)
        weights = piece_weights(tokenizer, texts, recipe.model.romanise)
    console.print(f"{tokenizer.get_vocab_size():,} pieces from {len(texts):,} texts")
    static = WeightedStaticEmbedding(
        tokenizer, recipe.model.dimension, weights, recipe.model.romanise, recipe.model.maximum_tokens
    )
    return SentenceTransformer(modules=[static, Normalize()], device="cpu"), weights


def _tokenise(model: SentenceTransformer, table: PairTable) -> pa.ChunkedArray:
    with console.status("Tokenising …") as status:
        return model[0].piece_column(
            table.texts, lambda n: status.update(f"Tokenising {n:,} of {len(table.texts):,} …")
        )


class _Trainer(SentenceTransformerTrainer):  # type: ignore[misc]
    def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
        """Leave out sentence-transformers' own card: it would sample the training set as if it were texts."""


def _collator(recipe: Recipe, model: SentenceTransformer) -> SentenceTransformerDataCollator:
    """Hand inputs straight to the first module; the model itself would refuse piece ids as "audio"."""
    prompts = {"question": recipe.model.query_prompt, "passage": recipe.model.passage_prompt}
    return SentenceTransformerDataCollator(preprocess_fn=model[0].preprocess, prompts=prompts)


def _trainer(
    recipe: Recipe, stage: Stage, model: SentenceTransformer, inputs: PairDataset, batches: HybridBatches, out: Path
) -> SentenceTransformerTrainer:
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(out / "checkpoints"),
        max_steps=stage.steps,
        per_device_train_batch_size=recipe.batch_size,
        learning_rate=stage.learning_rate,
        weight_decay=stage.weight_decay,
        warmup_steps=int(stage.steps * stage.warmup),
        lr_scheduler_type="linear",
        # Clipping would let one loud batch silence the piece weights of all others.
        max_grad_norm=0.0,
        seed=recipe.seed,
        batch_sampler=functools.partial(HybridBatchSampler, batches=batches),
        logging_steps=max(1, stage.steps // 200),
        save_strategy="no",
        report_to="none",
        optim="adamw_torch_fused",
        use_cpu=True,
    )
    directions = ("query_to_doc", "doc_to_query") if stage.symmetric else ("query_to_doc",)
    mode = "per_direction" if stage.symmetric else "joint"
    loss = MultipleNegativesRankingLoss(
        model, scale=1.0 / stage.temperature, directions=directions, partition_mode=mode
    )
    trainer = _Trainer(
        model=model,
        args=arguments,
        train_dataset=inputs,
        loss=loss,
        data_collator=_collator(recipe, model),
        callbacks=[RunLog(out, stage.name)],
    )
    for chatty in (ProgressCallback, PrinterCallback):
        trainer.remove_callback(chatty)
    return trainer


def _write_facts(recipe: Recipe, data: Path, out: Path, table: PairTable, started: float) -> None:
    sources = [name for bucket in recipe.buckets for name in bucket.sources]
    facts = {
        "recipe": recipe.name,
        "seed": recipe.seed,
        "data": {path.name: _sha256(path) for path in data_files(data, sources)},
        "groups": table.n_groups,
        "languages": sorted(table.languages),
        "versions": {
            name: version(name)
            for name in ("torch", "sentence-transformers", "transformers", "tokenizers", "numpy", "scikit-learn")
        },
        "machine": {"python": platform.python_version(), "cores": os.cpu_count(), "threads": torch.get_num_threads()},
        "seconds": round(time.time() - started, 1),
    }
    (out / "run.json").write_text(json.dumps(facts, indent=2), encoding="utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
