"""A transformer encoder traced by Hugging Face Optimum.

Optimum's ONNX exporter needs transformers 4 and so sentence-transformers 5, while runs are
made with 6. It therefore lives in an environment of its own, extra `[optimum]` with
`constraints-optimum.txt`, and reads a copy of the run's model in the layout of its day.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import warnings
from pathlib import Path
from typing import Any

from index.errors import InvalidInput
from training.quantise import POOLED, TOKENS

__all__ = ["older_layout", "optimum_trace", "require_optimum"]

_SAME_CONFIG = ("bert", "xlm-roberta")
"""Model types whose config.json means the same to transformers 4 and 5, as tests show for these.
ModernBERT, for one, keeps its rotary settings under other keys, and would load without a word."""


def require_optimum() -> None:
    """Raise InvalidInput when Optimum is not installed, and say how to get it."""
    if importlib.util.find_spec("optimum") is None or importlib.util.find_spec("optimum.exporters.onnx") is None:
        raise InvalidInput(
            "The route optimum needs its own environment: python -m venv .venv-optimum; .venv-optimum/bin/pip install "
            "-c constraints-optimum.txt -e '.[cpu,optimum]'; then run this verb with .venv-optimum/bin/isoglot. "
            "The route torch needs nothing more."
        )


def older_layout(model: Path, out: Path) -> Path:
    """Copy a model folder of sentence-transformers 6 so that sentence-transformers 5.7 loads it; returns `out`.

    Raises InvalidInput for a kind of transformer not known to mean the same to both.
    """
    model_type = json.loads((model / "config.json").read_bytes()).get("model_type")
    if model_type not in _SAME_CONFIG:
        raise InvalidInput(
            f"The route optimum is known to be right for {' and '.join(_SAME_CONFIG)} models only; this is "
            f"{model_type!r}. Use --route torch."
        )
    shutil.copytree(model, out)
    _change(out / "modules.json", _older_modules)
    _change(out / "tokenizer_config.json", lambda settings: {**settings, "tokenizer_class": "PreTrainedTokenizerFast"})
    return out


def _change(path: Path, change: Any) -> None:
    path.write_text(json.dumps(change(json.loads(path.read_bytes()))), encoding="utf-8")


def _older_modules(modules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Type paths every sentence-transformers from 2 to 5 knows."""
    return [
        {**module, "type": f"sentence_transformers.models.{module['type'].rpartition('.')[2]}"} for module in modules
    ]


def optimum_trace(model: Path, folder: Path) -> Path:
    """Write a model folder as a graph that gives `token_embeddings` and `sentence_embedding`; returns its path."""
    import onnx
    from optimum.exporters.onnx import main_export

    out = folder / "optimum"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the tracing exporter's age; the gate compares vectors
        main_export(
            str(model), out, task="feature-extraction", library_name="sentence_transformers", do_validation=False
        )
    path = out / "model.onnx"
    graph = onnx.load(path, load_external_data=False).graph
    names = {node.name for node in graph.output}
    if not {TOKENS, POOLED} <= names:
        raise InvalidInput(
            f"Optimum made a graph that gives {', '.join(sorted(names))}; {TOKENS} and {POOLED} are needed."
        )
    return path
