"""Reranking, by a tiny cross-encoder made here by torch, in the layouts that exports leave."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import CrossEncoder
from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

from index.collection import Collection
from index.encoder import Encoder
from index.errors import DamagedEncoder, InvalidInput, NotFound
from index.passages import Passage
from index.pooling import UnsupportedEncoder
from index.reranker import Reranker
from tests.index.test_hub import Hub, served
from tests.training.tiny import MAXIMUM_TOKENS, tiny_labse
from training.gate import GATE_TEXTS

TEXTS = [*GATE_TEXTS.values(), " ".join(GATE_TEXTS.values())]
NAMES = ["input_ids", "attention_mask", "token_type_ids"]


class _Logits(torch.nn.Module):
    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        return self.model(input_ids=input_ids, attention_mask=mask, token_type_ids=types).logits


def made(folder: Path, labels: int = 1) -> Path:
    """A BERT-shaped cross-encoder with random weights, saved by transformers and exported beside it."""
    base = tiny_labse(folder / "labse").parent / "base"
    torch.manual_seed(5)
    config = BertConfig.from_pretrained(base, num_labels=labels, initializer_range=0.5)
    model = BertForSequenceClassification(config)
    model.save_pretrained(folder / "model")
    BertTokenizer.from_pretrained(base, model_max_length=MAXIMUM_TOKENS).save_pretrained(folder / "model")
    (folder / "model" / "onnx").mkdir()
    axes = {name: {0: "batch", 1: "tokens"} for name in NAMES}
    model.set_attn_implementation("eager")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Logits(model).eval(), tuple(torch.ones((2, 5), dtype=torch.int64) for _ in NAMES),
            str(folder / "model" / "onnx" / "model.onnx"), dynamo=False, input_names=NAMES, output_names=["logits"],
            dynamic_axes=axes | {"logits": {0: "batch"}}, opset_version=18,
        )  # fmt: skip
    return folder / "model"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("cross"))


@pytest.fixture
def hub(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with served(folder, tmp_path, monkeypatch) as server:
        yield server


@pytest.mark.parametrize("query", ["why tides", " ".join(TEXTS)])
def test_scores_are_those_of_sentence_transformers(folder: Path, query: str) -> None:
    expected = CrossEncoder(str(folder), device="cpu").predict([(query, text) for text in TEXTS])
    found = Reranker(str(folder), threads=1).score(query, TEXTS)
    # Torch and ONNX Runtime order their sums each in its own way, by processor: 1.02e-5 was seen.
    assert found == pytest.approx(expected, abs=2e-4) and np.ptp(found) > 0.05


def test_a_folder_with_the_graph_at_its_top_is_read_too(folder: Path, tmp_path: Path) -> None:
    flat = tmp_path / "flat"
    shutil.copytree(folder, flat, ignore=shutil.ignore_patterns("model.safetensors"))
    (flat / "onnx" / "model.onnx").rename(flat / "model.onnx")
    assert Reranker(str(flat)).score("q", TEXTS) == pytest.approx(Reranker(str(folder)).score("q", TEXTS))


def test_a_hub_id_is_fetched(hub: Hub, folder: Path) -> None:
    reranker = Reranker("org/tiny")
    assert reranker.name == "org/tiny"
    assert reranker.score("q", TEXTS) == pytest.approx(Reranker(str(folder)).score("q", TEXTS))
    hub.asked.clear()
    Reranker("org/tiny", offline=True)
    assert hub.asked == []


def test_the_first_hits_are_reordered(folder: Path, encoder: Encoder, tmp_path: Path) -> None:
    words = ["tide moon", "moon bread", "bread tide", "yeast moon", "mond tide", "moon"]
    reranker = Reranker(str(folder), threads=1)
    collection = Collection.open(tmp_path / "c", encoder)
    collection.upsert([Passage(str(n), text, "en", "Title") for n, text in enumerate(words)])
    with pytest.raises(InvalidInput, match="ISOGLOT_RERANKER"):
        collection.search("tide", rerank=True)
    collection.reranker = reranker
    plain, read = collection.search("tide", 4), collection.search("tide", 4, rerank=True)
    scores = reranker.score("tide", [f"Title\n{text}" for text in words])
    assert [hit.passage.id for hit in read.hits] == [str(n) for n in np.argsort(-scores)[:4]], "of all, not of four"
    assert [hit.rerank_score for hit in read.hits] == pytest.approx(np.sort(scores)[::-1][:4])
    assert all(hit.rerank_score is None for hit in plain.hits)
    first = reranker.reorder("tide", plain.hits, 2)
    assert {hit.passage.id for hit in first[:2]} == {hit.passage.id for hit in plain.hits[:2]}
    assert first[2:] == plain.hits[2:] and reranker.reorder("tide", [], 2) == []
    collection.close()


def test_what_cannot_be_used_is_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="neither a folder nor a hub id"):
        Reranker("nowhere")
    with pytest.raises(NotFound, match="task text-classification"):
        Reranker(str(tmp_path))
    with pytest.raises(UnsupportedEncoder, match="3 logits"):
        Reranker(str(made(tmp_path / "three", labels=3)))
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    (broken / "onnx" / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(DamagedEncoder, match="cannot be loaded"):
        Reranker(str(broken))
    (broken / "tokenizer.json").unlink()
    with pytest.raises(DamagedEncoder, match=r"tokenizer\.json is missing"):
        Reranker(str(broken))
    encoder = tiny_labse(tmp_path / "labse")
    from sentence_transformers import SentenceTransformer

    from tests.index.test_foreign_encoder import export_tokens

    export_tokens(SentenceTransformer(str(encoder), device="cpu"), encoder / "onnx" / "model.onnx", has_types=True)
    assert json.loads((encoder / "config.json").read_text(encoding="utf-8"))
    with pytest.raises(UnsupportedEncoder, match="gives logits"):
        Reranker(str(encoder))
