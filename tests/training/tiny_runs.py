"""Make tiny runs for the tests of the Optimum route: python -m tests.training.tiny_runs FOLDER.

They are made where runs are made, with sentence-transformers 6, and read where Optimum is,
with 5.7. Beside each run lie its vectors, which no export may change.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer

from index.demo import demo_questions
from tests.training import tiny
from training.gate import GATE_TEXTS


def main(folder: Path) -> None:
    """Write FOLDER/xlmr and FOLDER/labse: run, texts.json, vectors.npy (texts, dim) float32."""
    shutil.rmtree(folder, ignore_errors=True)
    texts = [*GATE_TEXTS.values(), *demo_questions()[0]["questions"].values(), " ".join(GATE_TEXTS.values())]
    for name, make in (("xlmr", tiny.tiny_xlmr), ("labse", tiny.tiny_labse), ("modernbert", tiny.tiny_modernbert)):
        model = make(folder / name)
        tiny.tiny_run(folder / name / "run", model, query_prompt="Query: ")
        vectors = SentenceTransformer(str(model), device="cpu").encode([f"Query: {text}" for text in texts])
        (folder / name / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
        np.save(folder / name / "vectors.npy", vectors)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
