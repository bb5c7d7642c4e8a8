"""What the hybrid sampler costs: start-up at a million groups, and its share of a training step.

python -m benchmarks.sampler [--groups 1000000] [--languages 10] [--steps 60]

Start-up is packing the groups and finding out which pairs each regime may draw. A step is
that of a two-layer BERT (dimension 192, batch 100) on the CPU; batches of this sampler and of
sentence-transformers' default one over a plain dataset are fetched in turn, and each pays for
a step of its own.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import torch
from datasets import Dataset
from datasets.table import InMemoryTable
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.sampler import DefaultBatchSampler
from torch.utils.data import RandomSampler

from training.batches import HybridBatches
from training.collator import PairCollator
from training.groups import Group
from training.losses import build_loss
from training.models import build_model
from training.pair_dataset import PairDataset
from training.pairs import PairTable
from training.recipe import Recipe, Stage
from training.sampler import HybridBatchSampler

BATCH = 100
STAGE = Stage(alpha=0.5, steps=10**9)
LANGUAGES = ["ar", "de", "en", "es", "hi", "ja", "ru", "th", "tr", "zh"]


def groups(count: int, languages: list[str]) -> Iterator[Group]:
    """Groups of short texts, all different."""
    for n in range(count):
        yield Group(
            str(n),
            {code: f"what is said of number {n} in {code}" for code in languages},
            {code: f"of number {n} it is said in {code} that it stands here" for code in languages},
            "made",
        )


def memory() -> float:
    """Most memory this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def plain_dataset(table: PairTable) -> Dataset:
    """One question and passage column, as people hand them to sentence-transformers."""
    first = pa.array(table.questions.rows[table.questions.offsets[:-1]])
    second = pa.array(table.passages.rows[table.passages.offsets[:-1]])
    return Dataset(InMemoryTable(pa.table({"question": table.texts.take(first), "passage": table.texts.take(second)})))


def default_batches(dataset: Dataset) -> Iterator[list[int]]:
    """The default sampler, begun anew when it ends."""
    generator = torch.Generator().manual_seed(1)
    while True:
        shuffled = RandomSampler(dataset, generator=generator)
        yield from DefaultBatchSampler(shuffled, batch_size=BATCH, drop_last=True)


def small_model(table: PairTable) -> tuple[SentenceTransformer, Recipe]:
    """A two-layer BERT with a vocabulary of the made groups."""
    recipe = Recipe.model_validate(
        {
            "name": "benchmark",
            "buckets": [{"name": "made", "sources": ["groups"]}],
            "model": {"kind": "scratch", "layers": 2, "heads": 6, "dimension": 192, "feed_forward": 768},
            "vocabulary": {"pieces": 2000, "sample": 5000},
            "batch_size": BATCH,
        }
    )
    return build_model(recipe, table)[0], recipe


def step(loss: torch.nn.Module, optimizer: torch.optim.Optimizer, batch: Any) -> float:
    """Seconds of one training step."""
    began = time.perf_counter()
    features = [
        {key.removeprefix(name): value for key, value in batch.items() if key.startswith(name)}
        for name in ("question_", "passage_")
    ]
    loss(features, None).backward()
    optimizer.step()
    optimizer.zero_grad()
    return time.perf_counter() - began


def main() -> None:
    """Print both measurements."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("groups", 1_000_000), ("languages", 10), ("steps", 60)):
        options.add_argument(f"--{name}", type=int, default=default)
    given = options.parse_args()
    before, began, busy = memory(), time.perf_counter(), time.process_time()
    table = PairTable.pack({"made": groups(given.groups, LANGUAGES[: given.languages])})
    packed = time.perf_counter() - began
    ours = iter(HybridBatchSampler(None, BATCH, True, batches=HybridBatches(table, BATCH, STAGE), steps=STAGE.steps))
    next(ours)
    ready, used = time.perf_counter() - began, time.process_time() - busy
    texts = table.texts.nbytes / 1e6
    print(f"{given.groups:,} groups × {given.languages} languages, {len(table.texts):,} texts of {texts:,.0f} MB")
    print(f"start-up {ready:.1f} s, {used:.1f} s of one core; packing, with making the texts, is {packed:.1f} s of it")
    print(f"most memory {memory():,.0f} MB, of which {before:,.0f} MB before the first group (torch and the like)")

    plain, pairs = plain_dataset(table), PairDataset.of(table.texts)
    default = default_batches(plain)
    model, recipe = small_model(table)
    loss, collate = build_loss(model, STAGE), PairCollator(recipe, model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    fetched: dict[str, list[float]] = {"hybrid": [], "default": []}
    spent: dict[str, list[float]] = {"hybrid": [], "default": []}
    for number in range(given.steps + 5):
        for name, sampler, dataset in (("hybrid", ours, pairs), ("default", default, plain)):
            began = time.perf_counter()
            examples = dataset.__getitems__(next(sampler))
            fetch = time.perf_counter() - began
            batch = collate(examples)
            prepared = time.perf_counter() - began
            whole = prepared + step(loss, optimizer, batch)
            if number >= 5:
                fetched[name].append(fetch)
                spent[name].append(whole)
    fetches = {name: statistics.median(values) * 1000 for name, values in fetched.items()}
    steps = {name: statistics.median(values) * 1000 for name, values in spent.items()}
    added = (fetches["hybrid"] - fetches["default"]) / steps["default"]
    print(f"fetching a batch: hybrid {fetches['hybrid']:.2f} ms, default {fetches['default']:.2f} ms (median)")
    print(f"a whole step: hybrid {steps['hybrid']:.0f} ms, default {steps['default']:.0f} ms (median)")
    print(f"the sampler adds {added:+.2%} of a step")


if __name__ == "__main__":
    main()
