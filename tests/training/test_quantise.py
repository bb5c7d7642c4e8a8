from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, numpy_helper
from sentence_transformers import SentenceTransformer

from tests.training import tiny
from training.export_transformer import trace
from training.quantise import POOLED, finish_graph

WORDS = "model.0.model.embeddings.word_embeddings.weight"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> SentenceTransformer:
    return SentenceTransformer(str(tiny.tiny_xlmr(tmp_path_factory.mktemp("xlmr"))), device="cpu")


@pytest.fixture(scope="module")
def raw(model: SentenceTransformer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trace(model, tmp_path_factory.mktemp("raw"))


def run(path: Path, ids: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path))
    assert [node.name for node in session.get_inputs()] == ["input_ids", "attention_mask"]
    assert [node.name for node in session.get_outputs()] == [POOLED]
    return session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0]


def tensors(path: Path) -> dict[str, TensorProto]:
    return {tensor.name: tensor for tensor in onnx.load(path).graph.initializer}


def test_weights_shrink_and_vectors_stay_float32_of_length_one(raw: Path, tmp_path: Path) -> None:
    sizes = {}
    ids = np.arange(40, dtype=np.int64).reshape(2, 20) + 5
    for weights in ("float32", "float16", "int8"):
        path = tmp_path / f"{weights}.onnx"
        finish_graph(raw, path, weights)
        sizes[weights] = path.stat().st_size
        vectors = run(path, ids)
        assert vectors.dtype == np.float32 and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert sizes["float16"] < 0.6 * sizes["float32"] and sizes["int8"] < 0.4 * sizes["float32"]


def test_what_is_large_is_stored_small(raw: Path, tmp_path: Path) -> None:
    finish_graph(raw, tmp_path / "half.onnx", "float16")
    assert tensors(tmp_path / "half.onnx")[WORDS].data_type == TensorProto.FLOAT16
    finish_graph(raw, tmp_path / "int8.onnx", "int8")
    found = tensors(tmp_path / "int8.onnx")
    table = numpy_helper.to_array(tensors(raw)[WORDS])
    rows, scales = (numpy_helper.to_array(found[f"{WORDS}_{part}"]) for part in ("rows", "scales"))
    assert rows.dtype == np.int8 and np.abs(rows * scales - table).max() <= scales.max() / 2 + 1e-7
    large = [t for t in found.values() if t.data_type == TensorProto.FLOAT and np.prod(t.dims) > 4096]
    assert large == [], "every matrix is quantised"


def test_float16_pools_sums_that_float16_cannot_hold(tmp_path: Path) -> None:
    model = SentenceTransformer(str(tiny.tiny_xlmr(tmp_path)), device="cpu")
    with torch.no_grad():
        # 64 tokens of about 3,000 add up to three times the largest float16.
        model[0].auto_model.encoder.layer[-1].output.LayerNorm.bias.fill_(3000)
        model[0].auto_model.encoder.layer[-1].output.LayerNorm.weight.fill_(1000)
    ids = torch.arange(64)[None] + 5
    expected = model({"input_ids": ids, "attention_mask": torch.ones_like(ids)})[POOLED].detach().numpy()
    finish_graph(trace(model, tmp_path), tmp_path / "half.onnx", "float16")
    assert np.sum(run(tmp_path / "half.onnx", ids.numpy()) * expected) > 0.9999
