"""A run as a user makes it: tiny model, mined groups, cached loss, killed once, gone on with."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from index.demo import demo_passages, demo_questions
from training.groups import Group, write_groups
from training.recipe import Recipe
from training.train import train

_TRAIN = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from training.recipe import Recipe
from training.train import train
train(Recipe.model_validate_json(Path(sys.argv[1]).read_bytes()), Path(sys.argv[2]), Path(sys.argv[3]))
"""


def write_demo_groups(data: Path) -> None:
    """DATA/groups/demo.jsonl: the demo set, a question's negatives being the passages of the next topic."""
    passages: dict[str, dict[str, str]] = {}
    for row in demo_passages():
        passages.setdefault(row["id"].rpartition(".")[0], {})[row["language"]] = row["text"][:80]
    topics = list(passages)
    (data / "groups").mkdir(parents=True)
    groups = []
    for row in demo_questions():
        wrong = passages[topics[(topics.index(row["topic"]) + 1) % len(topics)]]
        negatives = {code: [text] for code, text in wrong.items()}
        groups.append(Group(row["id"], row["questions"], passages[row["topic"]], "demo", negatives))
    write_groups(groups, data / "groups" / "demo.jsonl")


def demo_recipe(base: Path, steps: int, alpha: float = 0.5) -> Recipe:
    """Hard negatives and a cached loss over the demo groups."""
    stage = {"steps": steps, "alpha": alpha, "learning_rate": 1e-4, "mini_batch": 4, "hard_negatives": 1}
    return Recipe.model_validate(
        {
            "name": "tiny",
            "license": "CC0-1.0",
            "languages": ["de", "en", "th"],
            "buckets": [{"name": "demo", "sources": ["groups/demo"]}],
            "model": {"kind": "pretrained", "base": str(base), "maximum_tokens": 64},
            "batch_size": 8,
            "checkpoint_every": 2,
            "validation": {"groups": 0},
            "stages": [stage],
        }
    )


def train_killed_once(recipe: Recipe, data: Path, run: Path) -> Path:
    """Train in a process of its own, kill it after its first checkpoint, go on here."""
    path = run.with_suffix(".json")
    path.write_text(recipe.model_dump_json(), encoding="utf-8")
    process = subprocess.Popen([sys.executable, "-c", _TRAIN, path, data, run], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 200
    while not list(run.glob("checkpoints/*/*/complete")):
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"No checkpoint came; the process ended with {process.poll()}.")
        time.sleep(0.02)
    process.kill()
    process.wait()
    if (run / "run.json").exists():
        raise AssertionError("The run was over before it could be killed.")
    return train(recipe, data, run)
