"""Folders in the layouts of sentence-transformers' ONNX backend and of optimum-cli, made here by torch.

Folders those tools made themselves are tested in tests/optimum.
"""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

from index.collection import Collection
from index.encoder import Encoder
from index.encoder_folder import find_encoder
from index.errors import DamagedEncoder, InvalidInput, NotFound
from index.passages import Passage
from index.pooling import UnsupportedEncoder
from tests.training.tiny import MAXIMUM_TOKENS, tiny_labse, tiny_transformer, tiny_xlmr
from training.gate import GATE_TEXTS

TEXTS = [*GATE_TEXTS.values(), " ".join(GATE_TEXTS.values())]


class _Tokens(torch.nn.Module):
    def __init__(self, transformer: torch.nn.Module, has_types: bool) -> None:
        super().__init__()
        self.transformer, self.has_types = transformer, has_types

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, *types: torch.Tensor) -> torch.Tensor:
        more = {"token_type_ids": types[0]} if self.has_types else {}
        return self.transformer(input_ids=input_ids, attention_mask=attention_mask, **more).last_hidden_state


def export_tokens(model: SentenceTransformer, path: Path, has_types: bool) -> None:
    """Write the transformer's graph as those tools do: it gives `last_hidden_state`."""
    path.parent.mkdir(exist_ok=True)
    names = ["input_ids", "attention_mask", *(["token_type_ids"] if has_types else [])]
    axes = {name: {0: "batch", 1: "tokens"} for name in [*names, "last_hidden_state"]}
    example = tuple(torch.ones((2, 5), dtype=torch.int64) * (name != "token_type_ids") for name in names)
    model[0].auto_model.set_attn_implementation("eager")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Tokens(model[0].auto_model, has_types).eval(), example, str(path), dynamo=False, input_names=names,
            output_names=["last_hidden_state"], dynamic_axes=axes, opset_version=18,
        )  # fmt: skip


def vectors(folder: Path, prefix: str = "") -> np.ndarray:
    """What sentence-transformers makes of the texts."""
    model = SentenceTransformer(str(folder), device="cpu")
    return np.asarray(model.encode([prefix + text for text in TEXTS], normalize_embeddings=True))


@pytest.fixture(scope="module")
def xlmr(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tiny_xlmr(tmp_path_factory.mktemp("xlmr"))
    export_tokens(SentenceTransformer(str(folder), device="cpu"), folder / "onnx" / "model.onnx", has_types=False)
    return folder


@pytest.fixture(scope="module")
def labse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tiny_labse(tmp_path_factory.mktemp("labse"))
    export_tokens(SentenceTransformer(str(folder), device="cpu"), folder / "onnx" / "model.onnx", has_types=True)
    return folder


def test_layers_run_in_small_batches_and_static_encoders_in_large_ones(
    xlmr: Path, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    whole = Encoder.run

    def run(self: Encoder, ids: list[list[int]]) -> np.ndarray:
        """Note how many padded tokens come."""
        sizes.append(len(ids) * max(map(len, ids)))
        return whole(self, ids)

    monkeypatch.setattr(Encoder, "run", run)
    for threads in (1, 2):
        sizes.clear()
        layered = Encoder(xlmr, threads)
        given = layered.encode(TEXTS * 30, "passage")
        assert 256 * threads < max(sizes) <= 512 * threads
        assert np.allclose(given, np.tile(layered.encode(TEXTS, "passage"), (30, 1)), atol=1e-5)
    encoder.encode(["moon"] * 5000, "passage")
    assert sizes[-2:] == [4096, 904]


@pytest.fixture
def copy(xlmr: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return shutil.copytree(xlmr, tmp_path / "copy")


def change(path: Path, **values: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **values}), encoding="utf-8")


@pytest.mark.parametrize("name", ["xlmr", "labse"])
def test_the_onnx_backend_s_layout_is_served(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    folder = request.getfixturevalue(name)
    encoder = Encoder(folder)
    found = encoder.embed(TEXTS, "query")
    assert np.sum(found.vectors * vectors(folder), axis=1).min() > 0.99999
    assert found.truncated.tolist() == [False] * 12 + [True] and found.tokens[-1] == MAXIMUM_TOKENS
    assert encoder.description.pad_id == {"xlmr": 1, "labse": 0}[name]
    with Collection.open(tmp_path / "docs", encoder) as collection:
        collection.upsert([Passage(script, text, "und") for script, text in GATE_TEXTS.items()])
        assert collection.search(GATE_TEXTS["Thai"], k=1).hits[0].passage.id == "Thai"


def test_optimum_s_layout_without_modules_is_refused_until_its_pooling_is_said(xlmr: Path, tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "onnx/model.onnx"):
        shutil.copy(xlmr / name, tmp_path)
    with pytest.raises(UnsupportedEncoder, match="ISOGLOT_POOLING"):
        Encoder(tmp_path)
    encoder, other = Encoder(tmp_path, pooling="mean"), Encoder(tmp_path, pooling="cls")
    assert np.sum(encoder.encode(TEXTS, "query") * vectors(xlmr), axis=1).min() > 0.99999
    assert np.sum(other.encode(TEXTS, "query") * vectors(xlmr), axis=1).min() < 0.99
    assert encoder.description.source["pooling"] == "mean, as set"
    assert encoder.fingerprint != other.fingerprint, "vectors of unequal pooling must not mix"


def test_a_graph_with_its_pooling_inside_needs_no_modules(labse: Path, tmp_path: Path) -> None:
    from training.export_transformer import trace

    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(labse / name, tmp_path)
    trace(SentenceTransformer(str(labse), device="cpu"), tmp_path).rename(tmp_path / "model.onnx")
    encoder = Encoder(tmp_path)
    assert np.sum(encoder.encode(TEXTS, "query") * vectors(labse), axis=1).min() > 0.99999
    assert encoder.description.source["pooling"] == "in the graph"


def test_stored_prompts_are_used_and_given_ones_go_first(copy: Path) -> None:
    change(copy / "config_sentence_transformers.json", prompts={"query": "Query: ", "passage": "Passage: ", "x": "X"})
    stored = Encoder(copy)
    assert (stored.description.query_prompt, stored.description.passage_prompt) == ("Query: ", "Passage: ")
    assert np.sum(stored.encode(TEXTS, "query") * vectors(copy, "Query: "), axis=1).min() > 0.99999
    given = Encoder(copy, query_prompt="ask: ", passage_prompt="")
    assert (given.description.query_prompt, given.description.passage_prompt) == ("ask: ", "")
    assert given.fingerprint != stored.fingerprint
    change(copy / "config_sentence_transformers.json", prompts={"x": "X: "}, default_prompt_name="x")
    assert Encoder(copy).description.passage_prompt == "X: "


def test_an_encoder_of_isoglot_s_own_takes_no_prompts(encoder_folder: Path) -> None:
    with pytest.raises(InvalidInput, match="fixes its prompts"):
        Encoder(encoder_folder, query_prompt="query: ")


@pytest.mark.parametrize("name", ["onnx/model.onnx", "tokenizer.json", "1_Pooling/config.json"])
def test_the_fingerprint_follows_every_file_that_shapes_a_vector(xlmr: Path, copy: Path, name: str) -> None:
    assert Encoder(copy).fingerprint == Encoder(xlmr).fingerprint
    if name.endswith("onnx"):
        graph = onnx.load(copy / name)
        graph.producer_name = "another"
        onnx.save(graph, copy / name)
    else:
        (copy / name).write_text((copy / name).read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert Encoder(copy).fingerprint != Encoder(xlmr).fingerprint


@pytest.mark.parametrize(
    ("settings", "words", "config", "expected"),
    [
        ({}, {}, {}, 64),  # 66 positions, two of them before the first token
        ({"model_max_length": 10**30}, {}, {}, 64),
        ({"model_max_length": 40}, {}, {}, 40),
        ({}, {"max_seq_length": 16}, {}, 16),
        ({"model_max_length": None}, {}, {"max_position_embeddings": None}, 512),
    ],
)
def test_the_longest_text_is_what_all_settings_allow(
    copy: Path, settings: dict[str, object], words: dict[str, object], config: dict[str, object], expected: int
) -> None:
    change(copy / "tokenizer_config.json", **settings)
    change(copy / "sentence_bert_config.json", **words)
    change(copy / "config.json", **config)
    assert Encoder(copy).description.maximum_tokens == expected


def test_lower_casing_is_done_where_the_model_asks_for_it(copy: Path) -> None:
    plain = Encoder(copy)
    change(copy / "sentence_bert_config.json", do_lower_case=True)
    lowered = Encoder(copy)
    assert np.allclose(lowered.encode(["ÄRGER UND Lärm"], "query"), plain.encode(["ärger und lärm"], "query"))
    assert lowered.fingerprint != plain.fingerprint


def test_weights_beside_the_graph_are_read_and_counted(copy: Path) -> None:
    before = Encoder(copy)
    path = copy / "onnx" / "model.onnx"
    model = onnx.load(path)
    path.unlink()
    onnx.save(model, path, save_as_external_data=True, location="model.onnx_data", size_threshold=0)
    after = Encoder(copy)
    assert "onnx/model.onnx_data" in after.description.files
    assert np.allclose(after.encode(TEXTS, "query"), before.encode(TEXTS, "query"))
    (copy / "onnx" / "model.onnx_data").unlink()
    with pytest.raises(DamagedEncoder, match="cannot be loaded"):
        Encoder(copy)


def test_a_model_without_onnx_is_told_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="optimum-cli export onnx"):
        Encoder(tiny_transformer(tmp_path / "plain"))


@pytest.mark.parametrize("name", ["tokenizer.json", "config.json"])
def test_a_missing_or_broken_file_is_told(copy: Path, name: str) -> None:
    (copy / name).write_text("{", encoding="utf-8")
    with pytest.raises(DamagedEncoder):
        Encoder(copy)
    (copy / name).unlink()
    with pytest.raises(DamagedEncoder, match=f"{name} is missing"):
        Encoder(copy)


def test_a_graph_that_wants_or_gives_other_things_is_told(copy: Path) -> None:
    path = copy / "onnx" / "model.onnx"
    model = onnx.load(path)
    model.graph.input.append(onnx.helper.make_tensor_value_info("task_id", onnx.TensorProto.INT64, []))
    onnx.save(model, path)
    with pytest.raises(UnsupportedEncoder, match="task_id"):
        Encoder(copy)
    del model.graph.input[-1]
    model.graph.output[0].name = model.graph.node[-1].output[0] = "logits"
    onnx.save(model, path)
    with pytest.raises(UnsupportedEncoder, match="gives logits"):
        Encoder(copy)


def test_a_padded_and_truncating_tokenizer_file_changes_nothing(xlmr: Path, copy: Path) -> None:
    tokenizer = Tokenizer.from_file(str(copy / "tokenizer.json"))
    tokenizer.enable_padding(length=32)
    tokenizer.enable_truncation(4)
    tokenizer.save(str(copy / "tokenizer.json"))
    assert np.allclose(Encoder(copy).encode(TEXTS, "query"), Encoder(xlmr).encode(TEXTS, "query"))


def test_a_folder_goes_before_a_hub_id(xlmr: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(xlmr, tmp_path / "org" / "model")
    monkeypatch.chdir(tmp_path)
    assert find_encoder("org/model") == Path("org/model")
