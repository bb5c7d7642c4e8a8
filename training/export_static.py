"""The ONNX graph of a static encoder.

Rows of the table for the token ids, each times its scale and the attention mask, summed and
L2-normalised. int8 keeps each row as 8-bit integers with one float32 scale (symmetric, per
row), a quarter of the size.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

__all__ = ["quantise_rows", "static_graph"]

_OPSET = 18


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
