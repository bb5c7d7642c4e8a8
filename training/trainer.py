"""sentence-transformers' trainer, bent to hybrid batches, and its settings."""

from __future__ import annotations

import functools
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import broadcast_object_list
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from torch.utils.tensorboard import SummaryWriter
from transformers.integrations import TensorBoardCallback
from transformers.trainer_callback import (
    EarlyStoppingCallback,
    PrinterCallback,
    ProgressCallback,
    TrainerCallback,
    TrainerControl,
)

from index.errors import IsoglotError, StorageUnavailable
from training.batches import HybridBatches
from training.checkpoints import mark_complete, stage_folder
from training.collator import PAIRS, REGIME, PairCollator
from training.losses import build_loss
from training.meter import Meter
from training.pair_dataset import PairDataset
from training.recipe import Recipe, Stage
from training.sampler import HybridBatchSampler
from training.validation import DECIDING, Validation

__all__ = ["HybridTrainer", "NotFinite", "make_trainer"]


class NotFinite(IsoglotError):
    """The loss became NaN or infinite; the last checkpoint is from before."""

    code = "not_finite"


class HybridTrainer(SentenceTransformerTrainer):  # type: ignore[misc]
    """The trainer of one stage.

    validation: None when nothing is held out.
    """

    def __init__(self, *, validation: Validation | None, meter: Meter, **rest: Any) -> None:
        self.validation, self.meter = validation, meter
        # An empty evaluator tells the base class that there is something to evaluate; `evaluate` does it.
        super().__init__(evaluator=None if validation is None else [], **rest)

    def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
        """Leave out sentence-transformers' own card: it would sample the training set as if it were texts."""

    def compute_loss(self, model: Any, inputs: dict[str, Any], *args: Any, **rest: Any) -> Any:
        """Loss of a batch; raises NotFinite instead of training on with NaN."""
        regime, pairs = inputs.pop(REGIME), inputs.pop(PAIRS)
        loss = super().compute_loss(model, inputs, *args, **rest)
        value = float(loss.detach())
        if not torch.isfinite(loss):
            raise NotFinite(
                f"The loss is {value} at step {self.state.global_step + 1} (a {regime} batch). Lower the learning "
                "rate, raise the temperature, set gradient_clip, or train in bfloat16 or float32.",
                step=self.state.global_step + 1,
            )
        self.meter.add(regime, value, pairs)
        return loss

    def evaluate(self, *args: Any, **rest: Any) -> dict[str, float]:
        """Losses on the validation groups, alike on all processes."""
        assert self.validation is not None
        metrics = {f"eval_{name}": value for name, value in self.validation(self.model).items()}
        agreed: dict[str, float] = broadcast_object_list([metrics])[0]
        self.log(agreed)
        self.control: TrainerControl = self.callback_handler.on_evaluate(self.args, self.state, self.control, agreed)
        return agreed

    def log(self, logs: dict[str, float], *args: Any, **rest: Any) -> None:
        """Add loss by regime, throughput and memory to the training logs."""
        super().log({**logs, **self.meter.flush()} if "loss" in logs else logs, *args, **rest)

    def _save_checkpoint(self, *args: Any, **rest: Any) -> None:
        folder = Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}"
        try:
            super()._save_checkpoint(*args, **rest)
            if self.args.should_save:
                mark_complete(folder)
        except Exception as error:  # safetensors and torch report a full disk each in their own way
            shutil.rmtree(folder, ignore_errors=True)
            free = shutil.disk_usage(folder.parent).free
            raise StorageUnavailable(
                f"The checkpoint {folder} cannot be written ({error}; {free / 1e6:,.0f} MB free). "
                "Free space and run the same command: it goes on from the checkpoint before.",
                path=str(folder),
            ) from error

    def _load_best_model(self) -> None:
        # The base class logs a failure and returns with the last weights.
        if self.state.best_model_checkpoint:
            self._load_from_checkpoint(self.state.best_model_checkpoint)


def make_trainer(
    recipe: Recipe,
    stage: Stage,
    model: SentenceTransformer,
    inputs: PairDataset,
    batches: HybridBatches,
    collator: PairCollator,
    validation: Validation | None,
    run: Path,
    callbacks: list[TrainerCallback],
) -> HybridTrainer:
    """The trainer of one stage, ready for `train(resume_from_checkpoint=…)`."""
    arguments = _arguments(recipe, stage, run, validation is not None)
    arguments.batch_sampler = functools.partial(
        HybridBatchSampler, batches=batches, steps=stage.steps, processes=arguments.world_size
    )
    if arguments.process_index == 0:
        callbacks = [*callbacks, TensorBoardCallback(SummaryWriter(str(run / "tensorboard" / stage.name)))]
    patience = recipe.validation.patience
    if validation is not None and patience:
        callbacks = [*callbacks, EarlyStoppingCallback(patience)]
    trainer = HybridTrainer(
        validation=validation,
        meter=Meter(arguments.world_size),
        model=model,
        args=arguments,
        train_dataset=inputs,
        loss=build_loss(model, stage, rounded=arguments.use_cpu and arguments.bf16),
        data_collator=collator,
        callbacks=callbacks,
    )
    for chatty in (ProgressCallback, PrinterCallback):
        trainer.remove_callback(chatty)
    return trainer


def _arguments(recipe: Recipe, stage: Stage, run: Path, is_validated: bool) -> SentenceTransformerTrainingArguments:
    on_gpu = torch.cuda.is_available()
    precision = recipe.precision
    if precision == "auto":
        precision = "bfloat16" if on_gpu and torch.cuda.is_bf16_supported() else "float32"
    stops_early = is_validated and recipe.validation.patience is not None
    every = recipe.validation.every
    return SentenceTransformerTrainingArguments(
        output_dir=str(stage_folder(run, stage.name)),
        max_steps=stage.steps,
        per_device_train_batch_size=recipe.batch_size,
        dataloader_drop_last=True,
        learning_rate=stage.learning_rate,
        weight_decay=stage.weight_decay,
        adam_beta2=stage.adam_beta2,
        warmup_steps=int(stage.steps * stage.warmup),
        lr_scheduler_type="linear",
        max_grad_norm=stage.gradient_clip or 0.0,
        seed=recipe.seed,
        logging_steps=max(1, min(50, stage.steps // 20)),
        save_strategy="steps",
        save_steps=every if stops_early else recipe.checkpoint_every,
        save_total_limit=2,
        eval_strategy="steps" if is_validated else "no",
        eval_steps=every,
        load_best_model_at_end=stops_early,
        metric_for_best_model=f"eval_{DECIDING}" if stops_early else None,
        greater_is_better=False if stops_early else None,
        report_to="none",
        optim="adamw_torch_fused",
        use_cpu=not on_gpu,
        ddp_backend="gloo" if not on_gpu and "WORLD_SIZE" in os.environ else None,
        bf16=precision == "bfloat16",
        fp16=on_gpu and precision == "float16",
    )
