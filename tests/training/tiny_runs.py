"""Make tiny runs for the tests of the Optimum route: python -m tests.training.tiny_runs FOLDER.

They are trained (and killed once) where runs are made, with sentence-transformers 6, and read
where Optimum is, with 5.7. Beside each run lie its vectors, which no export may change.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np

from index.demo import demo_questions
from tests.training import tiny
from tests.training.whole_way import demo_recipe, train_killed_once, write_demo_groups
from training.gate import GATE_TEXTS
from training.models import load_model


def main(folder: Path) -> None:
    """Write FOLDER/xlmr and FOLDER/labse: run, texts.json, vectors.npy (texts, dim) float32."""
    shutil.rmtree(folder, ignore_errors=True)
    texts = [*GATE_TEXTS.values(), *demo_questions()[0]["questions"].values(), " ".join(GATE_TEXTS.values())]
    write_demo_groups(folder / "data")
    for name, make in (("xlmr", tiny.tiny_xlmr), ("labse", tiny.tiny_labse)):
        run = train_killed_once(demo_recipe(make(folder / name), steps=30), folder / "data", folder / name / "run")
        vectors = load_model(run / "model").encode([f"Query: {text}" for text in texts])
        (folder / name / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
        np.save(folder / name / "vectors.npy", vectors)
    tiny.tiny_run(folder / "modernbert" / "run", tiny.tiny_modernbert(folder / "modernbert"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
