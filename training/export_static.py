"""The ONNX graph of a static encoder.

Rows of the table for the token ids, each times its scale and the attention mask, summed and
L2-normalised. int8 keeps each row as 8-bit integers with one float32 scale (symmetric, per
row), a quarter of the size; int4 keeps two numbers in a byte, an eighth.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from index.errors import InvalidInput
from index.graph import STATIC

__all__ = ["pack_rows", "quantise_rows", "static_graph"]

_OPSET = 18

_INT4_REACH = 0.8
"""Largest number of a row that 4 bits reach, as a share of the row's largest: cutting the few beyond
rounds all others finer. On the table of isoglot-static the squared error falls by a quarter."""


def quantise_rows(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric int8 per row: integers (vocabulary, dim) int8, scales (vocabulary, 1) float32."""
    scales = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-12) / 127.0
    return np.rint(table / scales).astype(np.int8), scales.astype(np.float32)


def pack_rows(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric 4 bits per row: bytes (vocabulary, dim / 2) uint8, scales (vocabulary, 1) float32.

    A byte holds the number plus 8 of a dimension of the first half in its lower bits, of the second half
    in its upper ones. Raises InvalidInput for an odd dimension.
    """
    dimension = table.shape[1]
    if dimension % 2:
        raise InvalidInput(f"int4 keeps two numbers in a byte; the dimension is {dimension} and must be even.")
    scales = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-12) * _INT4_REACH / 7.0
    numbers = (np.clip(np.rint(table / scales), -7, 7) + 8).astype(np.uint8)
    return numbers[:, : dimension // 2] | numbers[:, dimension // 2 :] << 4, scales.astype(np.float32)


def static_graph(table: np.ndarray, weights: str = "float32") -> onnx.ModelProto:
    """ONNX graph of a static encoder.

    table: (vocabulary, dim) float32, piece vectors with their weights multiplied in.
    weights: "float32", "int8" or "int4".
    """
    if weights == "float32":
        rows, scales = table.astype(np.float32), np.ones((len(table), 1), dtype=np.float32)
    else:
        rows, scales = quantise_rows(table) if weights == "int8" else pack_rows(table)
    node = helper.make_node
    nodes = [
        node("Gather", ["rows", "input_ids"], ["stored"]),  # (batch, tokens, dim), half of it for int4
        node("Gather", ["scales", "input_ids"], ["token_scales"]),  # (batch, tokens, 1)
        node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["mask", "last"], ["mask_column"]),
        node("Mul", ["token_scales", "mask_column"], ["weights"]),  # (batch, tokens, 1)
        node("Transpose", ["weights"], ["weights_row"], perm=[0, 2, 1]),
        node("Cast", ["stored"], ["numbers"], to=TensorProto.FLOAT),
        node("MatMul", ["weights_row", "numbers"], ["bytes_summed" if weights == "int4" else "summed"]),
        *(_unpacked() if weights == "int4" else []),
        node("Squeeze", ["summed", "middle"], ["total"]),  # from (batch, 1, dim)
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
    if weights == "int4":
        constants |= {
            "four": np.array([4], np.uint8),
            "sixteen": np.array([16], np.float32),
            "eight": np.array([8], np.float32),
        }
    inputs = [
        helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "tokens"])
        for n in ("input_ids", "attention_mask")
    ]
    outputs = [helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, ["batch", table.shape[1]])]
    initializers = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, STATIC, inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def _unpacked() -> list[NodeProto]:
    """Weighted sum of bytes of two numbers each, (batch, 1, dim / 2) → of the numbers, (batch, 1, dim).

    A byte is low + 16 high, so the sums' difference gives the low half: only the high one is unpacked
    token by token, which takes half the time of unpacking both.
    """
    node = helper.make_node
    return [
        node("BitShift", ["stored", "four"], ["high_numbers"], direction="RIGHT"),
        node("Cast", ["high_numbers"], ["high_floats"], to=TensorProto.FLOAT),
        node("MatMul", ["weights_row", "high_floats"], ["high_summed"]),
        node("Mul", ["high_summed", "sixteen"], ["high_share"]),
        node("Sub", ["bytes_summed", "high_share"], ["low_summed"]),
        node("Concat", ["low_summed", "high_summed"], ["shifted"], axis=2),
        node("ReduceSum", ["weights_row", "last"], ["weight_summed"], keepdims=1),
        node("Mul", ["weight_summed", "eight"], ["shift"]),
        node("Sub", ["shifted", "shift"], ["summed"]),
    ]
