"""A trained run to an encoder folder: ONNX graph, tokenizer, description, model card.

The graph of a static encoder: rows of the table for the token ids, each times its scale and
the attention mask, summed and L2-normalised. int8 keeps each row as 8-bit integers with one
float32 scale (symmetric, per row), a quarter of the size.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize

from index.encoder import Encoder
from index.encoder_folder import DESCRIPTION, MODEL, TOKENIZER, EncoderDescription, file_hash
from index.errors import Conflict, InvalidInput, NotFound
from training.gate import GateReport, check_export
from training.recipe import Recipe
from training.static import WeightedStaticEmbedding

__all__ = ["export", "load_run", "static_graph"]

_OPSET = 18


def export(run: Path, out: Path, int8: bool = False) -> GateReport:
    """Write the encoder folder of a run, but only if it agrees with the trained model.

    Raises NotFound when `run` is no run, Conflict when `out` exists, ExportRefused (and
    leaves nothing behind) when the ONNX encoder differs.
    """
    recipe, facts, model = load_run(run)
    if out.exists():
        raise Conflict(f"{out} exists; choose another folder with --out or remove it.", path=str(out))
    draft = out.with_name(out.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        _write(recipe, facts, model, draft, out.name, int8)
        report = check_export(model, Encoder(draft), is_quantised=int8)
        (draft / "gate.json").write_text(json.dumps(report.as_json(), indent=2), encoding="utf-8")
        draft.rename(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return report


def load_run(run: Path) -> tuple[Recipe, dict[str, Any], SentenceTransformer]:
    """Recipe, facts and model of a run folder; raises NotFound."""
    if not (run / "run.json").is_file():
        raise NotFound(f"{run} holds no finished run (no run.json); train one with `isoglot train`.", path=str(run))
    recipe = Recipe.model_validate_json((run / "recipe.json").read_bytes())
    facts: dict[str, Any] = json.loads((run / "run.json").read_bytes())
    # By hand: sentence-transformers loads classes of other packages only as "remote code".
    first = json.loads((run / "model" / "modules.json").read_bytes())[0]
    static = WeightedStaticEmbedding.load(str(run / "model"), subfolder=first["path"])
    return recipe, facts, SentenceTransformer(modules=[static, Normalize()], device="cpu")


def _write(
    recipe: Recipe, facts: dict[str, Any], model: SentenceTransformer, folder: Path, name: str, int8: bool
) -> None:
    static = model[0]
    if not isinstance(static, WeightedStaticEmbedding):
        raise InvalidInput(f"Only static encoders can be exported yet; this one begins with {type(static).__name__}.")
    onnx.save(static_graph(static.folded().numpy(), int8), str(folder / MODEL))
    static.tokenizer.save(str(folder / TOKENIZER), pretty=False)
    description = EncoderDescription(
        name=name,
        dimension=static.embedding_dim,
        maximum_tokens=static.maximum_tokens,
        query_prompt=recipe.model.query_prompt,
        passage_prompt=recipe.model.passage_prompt,
        romanise=static.romanise,
        languages=facts["languages"],
        weights="int8" if int8 else "float32",
        license=recipe.license,
        files={name: file_hash(folder / name) for name in (MODEL, TOKENIZER)},
        source={"recipe": json.loads(recipe.model_dump_json()), "run": facts},
    )
    (folder / DESCRIPTION).write_text(description.model_dump_json(indent=2), encoding="utf-8")


def quantise_rows(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric int8 per row: integers (vocabulary, dim) int8, scales (vocabulary, 1) float32."""
    scales = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-12) / 127.0
    return np.rint(table / scales).astype(np.int8), scales.astype(np.float32)


def static_graph(table: np.ndarray, int8: bool) -> onnx.ModelProto:
    """ONNX graph of a static encoder.

    table: (vocabulary, dim) float32, piece vectors with their weights multiplied in.
    """
    if int8:
        rows, scales = quantise_rows(table)
    else:
        rows, scales = table.astype(np.float32), np.ones((len(table), 1), dtype=np.float32)
    node = helper.make_node
    nodes = [
        node("Gather", ["rows", "input_ids"], ["stored"]),  # (batch, tokens, dim)
        node("Cast", ["stored"], ["vectors"], to=TensorProto.FLOAT),
        node("Gather", ["scales", "input_ids"], ["token_scales"]),  # (batch, tokens, 1)
        node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["mask", "last"], ["mask_column"]),
        node("Mul", ["token_scales", "mask_column"], ["weights"]),  # (batch, tokens, 1)
        node("Transpose", ["weights"], ["weights_row"], perm=[0, 2, 1]),
        node("MatMul", ["weights_row", "vectors"], ["summed"]),  # (batch, 1, dim)
        node("Squeeze", ["summed", "middle"], ["total"]),
        node("ReduceL2", ["total", "middle"], ["norm"], keepdims=1),
        node("Max", ["norm", "tiny"], ["safe_norm"]),
        node("Div", ["total", "safe_norm"], ["sentence_embedding"]),
    ]
    constants = {
        "rows": rows,
        "scales": scales,
        "last": np.array([2], dtype=np.int64),
        "middle": np.array([1], dtype=np.int64),
        "tiny": np.array([1e-12], dtype=np.float32),
    }
    inputs = [
        helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "tokens"])
        for n in ("input_ids", "attention_mask")
    ]
    outputs = [helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, ["batch", table.shape[1]])]
    initializers = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "static_encoder", inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=9)
    onnx.checker.check_model(model)
    return model
