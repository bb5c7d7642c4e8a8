"""Encoder folders the indexing benchmarks make: all-MiniLM-L6-v2 as Isoglot exports it, and a tiny one."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
from tokenizers import Tokenizer

from index.encoder_folder import DESCRIPTION, MODEL, TOKENIZER, EncoderDescription, bundled_encoders, file_hash

__all__ = ["export_minilm", "tiny_encoder"]


def export_minilm(model: Path, out: Path, weights: Literal["float32", "int8"]) -> Path:
    """The encoder folder of all-MiniLM-L6-v2, a sentence-transformers folder, made unless it is there.

    The graph is the one `isoglot export` writes for such a model; what needs a run's recipe is left out.
    """
    folder = out / f"all-MiniLM-L6-v2-{weights}"
    if (folder / DESCRIPTION).is_file():
        return folder
    from sentence_transformers import SentenceTransformer

    from training.export_transformer import fast_tokenizer, longest_input, trace
    from training.quantise import finish_graph

    folder.mkdir(parents=True, exist_ok=True)
    loaded = SentenceTransformer(str(model), device="cpu")
    fast_tokenizer(loaded).save(str(folder / TOKENIZER), pretty=False)
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        finish_graph(trace(loaded, Path(scratch)), folder / MODEL, weights)
    description = EncoderDescription(
        name=folder.name,
        dimension=int(loaded.get_embedding_dimension() or 0),
        maximum_tokens=longest_input(loaded),
        romanise=False,
        weights=weights,
        pad_id=loaded.tokenizer.pad_token_id or 0,
        license="Apache-2.0",
        files={path.name: file_hash(path) for path in sorted(folder.iterdir())},
    )
    (folder / DESCRIPTION).write_text(description.model_dump_json(indent=2), encoding="utf-8")
    return folder


def tiny_encoder(folder: Path, dimension: int = 32) -> Path:
    """An encoder of random vectors with the bundled encoder's tokenizer: it costs next to nothing."""
    from training.export_static import static_graph

    bundled = bundled_encoders()["isoglot-static"]
    folder.mkdir(parents=True)
    shutil.copy(bundled / TOKENIZER, folder / TOKENIZER)
    size = Tokenizer.from_file(str(folder / TOKENIZER)).get_vocab_size()
    table = np.random.default_rng(0).standard_normal((size, dimension)).astype(np.float32)
    onnx.save(static_graph(table), str(folder / MODEL))
    description = EncoderDescription(
        name="tiny",
        dimension=dimension,
        maximum_tokens=512,
        license="CC0-1.0",
        files={path.name: file_hash(path) for path in sorted(folder.iterdir())},
    )
    (folder / DESCRIPTION).write_text(description.model_dump_json(indent=2), encoding="utf-8")
    return folder
