"""A recipe: one training run as one typed object.

Every key is checked; an unknown key is an error, so that a misspelt setting never passes
for its default. `training/recipe_file.py` reads recipes from TOML.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from index.languages import language_code, language_codes
from training.model_kinds import Model, StaticModel, Strict

__all__ = ["Bucket", "Recipe", "Stage", "Validation", "Vocabulary"]


class Bucket(Strict):
    """Sources whose groups share batches.

    sources: names such as "qa" (a whole table) or "parallel/ntrex128" (one origin in it).
    """

    name: str
    sources: list[str] = Field(min_length=1)


class Vocabulary(Strict):
    """The unigram vocabulary trained on the run's own texts; unused by a pretrained model.

    pieces: size. sample: texts it is learned from, spread evenly over the languages.
    """

    pieces: int = Field(default=65_536, ge=256)
    sample: int = Field(default=400_000, ge=100)


class Stage(Strict):
    """One stretch of training; stages follow each other, each with a fresh optimizer.

    Batches:
    sampling: "hybrid" mixes monolingual and cross-lingual batches; the others are baselines:
    "mixed" has question and passage in one language, another one in each example (LAReQA's X-X);
    "any" draws both languages freely; "english" is English only (LAReQA's En-En).
    alpha: share of monolingual batches under "hybrid".
    language_temperature: a monolingual batch's language is drawn with chance ∝ size ** this; 0 uniform, 1 proportional.
    pairs: [question language, passage language] pairs that cross-lingual examples may have; empty allows all.
    weights: bucket → relative chance that a batch comes from it, 0 when not named; None goes by
    bucket_temperature: chance ∝ number of groups ** this; 0 all alike, 1 proportional.

    Loss:
    loss: "contrastive" (InfoNCE over the batch), or "distillation": come near the teacher's vector of the
    question, with question and passage alike (Reimers & Gurevych 2020, arXiv 2004.09813, eq. 1; for parallel text).
    temperature: of the softmax. symmetric: also ask each passage for its question.
    hard_negatives: per example, from groups mined by `isoglot mine`; a group without any gets random ones.
    mini_batch: pairs that pass the model at once (GradCache, arXiv 2101.06983); None means the whole batch.
    gather_across_devices: negatives also from the other processes' batches.
    matryoshka: shorter lengths at which vectors shall work too (arXiv 2205.13147).
    teacher: model id or folder, for distillation.

    Optimiser (AdamW):
    steps. learning_rate falls linearly to zero after `warmup` (share of the steps). weight_decay.
    adam_beta2: decay of the squared gradients. With 0.999 a rare piece of a table, whose squares are long forgotten,
    moves some thirty learning rates after one example; with 0.95 six.
    gradient_clip: largest gradient norm; None never clips.
    start_share: part of the weights the stage began with in what it ends with, the rest being what it learned
    (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", arXiv 2109.01903, eq. 1): keeps what a stage of
    narrower data would forget.
    """

    name: str = Field(default="train", pattern=r"^[\w-]+$")
    sampling: Literal["hybrid", "mixed", "any", "english"] = "hybrid"
    alpha: float = Field(default=0.5, ge=0, le=1)
    language_temperature: float = Field(default=0.0, ge=0)
    pairs: list[tuple[str, str]] = Field(default=[])
    weights: dict[str, float] | None = None
    bucket_temperature: float = Field(default=0.0, ge=0)
    loss: Literal["contrastive", "distillation"] = "contrastive"
    temperature: float = Field(default=0.05, gt=0)
    symmetric: bool = False
    hard_negatives: int = Field(default=0, ge=0, le=64)
    mini_batch: int | None = Field(default=None, ge=1)
    gather_across_devices: bool = False
    matryoshka: list[int] = Field(default=[])
    teacher: str | None = None
    steps: int = Field(default=1500, ge=1)
    learning_rate: float = Field(default=0.2, gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    warmup: float = Field(default=0.05, ge=0, lt=1)
    adam_beta2: float = Field(default=0.999, gt=0, lt=1)
    gradient_clip: float | None = Field(default=None, gt=0)
    start_share: float = Field(default=0.0, ge=0, lt=1)

    @field_validator("pairs")
    @classmethod
    def _known_pairs(cls, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        known = [(language_code(asked), language_code(told)) for asked, told in pairs]
        if same := [asked for asked, told in known if asked == told]:
            raise ValueError(f"a cross-lingual pair needs two languages; {same[0]!r} stands on both sides")
        return known

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.loss == "distillation") != bool(self.teacher):
            raise ValueError('a teacher belongs to loss = "distillation", and that loss needs one')
        unused = [n for n in ("hard_negatives", "mini_batch", "gather_across_devices", "symmetric") if getattr(self, n)]
        if self.loss == "distillation" and unused:
            raise ValueError(f"distillation has no negatives and no softmax; drop {', '.join(unused)}")
        return self


class Validation(Strict):
    """What tells how a stage does on groups it does not learn from.

    groups: held out from the training groups by the seed; 0 means no validation. At most a tenth is held out.
    sources: read these instead of holding groups out. languages: only these; empty means all.
    every: steps between evaluations. patience: evaluations without a better loss before a stage
    stops and goes back to its best weights; None never stops early.
    """

    groups: int = Field(default=1000, ge=0)
    sources: list[str] = Field(default=[])
    languages: list[str] = Field(default=[])
    every: int = Field(default=500, ge=1)
    patience: int | None = Field(default=None, ge=1)

    @field_validator("languages")
    @classmethod
    def _known(cls, codes: list[str]) -> list[str]:
        return language_codes(codes)


class Recipe(Strict):
    """One training run; see `training/recipes/` for commented ones.

    languages: codes to keep from the data; empty keeps all. seed: of everything random.
    start_seed: of vocabulary, start and held-out groups alone, so that runs of several seeds share them; None: `seed`.
    share: part of the groups to learn from, drawn by the seed, above 0 to 1; a smaller share is part of a larger one.
    empty_sources: whether a source without any group in these languages is refused (it may be misspelt) or skipped.
    batch_size: pairs per batch and process; fewer where a bucket has fewer.
    checkpoint_every: steps between checkpoints; with early stopping they follow `validation.every`.
    precision: "auto" is bfloat16 on a GPU that has it, else float32. bfloat16 works on a processor too, and is
    faster where that has instructions for it.
    """

    name: str
    description: str = ""
    license: str = "unknown"
    languages: list[str] = Field(default=[])
    buckets: list[Bucket] = Field(min_length=1)
    vocabulary: Vocabulary = Vocabulary()
    model: Model = StaticModel()
    share: float = Field(default=1.0, gt=0, le=1)
    empty_sources: Literal["refuse", "skip"] = "refuse"
    batch_size: int = Field(default=2048, ge=2)
    seed: int = 1
    start_seed: int | None = None
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    checkpoint_every: int = Field(default=1000, ge=1)
    validation: Validation = Validation()
    stages: list[Stage] = Field(default=[Stage()], min_length=1)

    @field_validator("languages")
    @classmethod
    def _known(cls, codes: list[str]) -> list[str]:
        return language_codes(codes)

    @model_validator(mode="after")
    def _stages_fit(self) -> Self:
        names = {bucket.name for bucket in self.buckets}
        for stage in self.stages:
            if unknown := set(stage.weights or ()) - names:
                raise ValueError(f"stage {stage.name!r} weighs {sorted(unknown)}; the buckets are {sorted(names)}")
        if len({stage.name for stage in self.stages}) < len(self.stages):
            raise ValueError("each stage needs its own name")
        return self

    @property
    def seed_of_start(self) -> int:
        """Seed of vocabulary, start and held-out groups."""
        return self.seed if self.start_seed is None else self.start_seed
