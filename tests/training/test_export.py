from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize
from tokenizers import Tokenizer, models, pre_tokenizers

from index.collection import Collection
from index.demo import demo_passages, demo_questions
from index.encoder import Encoder
from index.errors import Conflict, DamagedEncoder, InvalidInput, NotFound
from index.passages import Passage
from tests.training import tiny
from tests.training.close_ranks import allow_close_ranks
from training.card import write_card
from training.export import export, load_run
from training.export_transformer import longest_input
from training.gate import BOUNDS, GATE_TEXTS, ExportRefused
from training.static import WeightedStaticEmbedding


@pytest.fixture(autouse=True)
def a_smaller_demo_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.gate.demo_passages", lambda: demo_passages()[:120])
    monkeypatch.setattr("training.gate.demo_questions", lambda: demo_questions()[:8])


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    for name in ("xlmr", "labse", "modernbert"):
        model = getattr(tiny, f"tiny_{name}")(folder / f"{name}-model")
        tiny.tiny_run(folder / name, model, query_prompt="Query: ", passage_prompt="Passage: ")
    return folder


@pytest.mark.parametrize("weights", ["float32", "float16", "int8"])
@pytest.mark.parametrize("name", ["xlmr", "labse", "modernbert"])
def test_a_transformer_goes_the_whole_way(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, weights: str
) -> None:
    allow_close_ranks(monkeypatch)
    report = export(runs / name, tmp_path / "tiny", weights)
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]
    assert json.loads((tmp_path / "tiny" / "gate.json").read_bytes()) == report.as_json()
    assert set(report.scripts) == set(GATE_TEXTS) and report.lengths == [63, 64, 65]
    assert set(report.overlap) == {*demo_questions()[0]["questions"], "12 scripts"}
    encoder = Encoder(tmp_path / "tiny", threads=1)
    assert encoder.description.weights == weights and encoder.description.maximum_tokens == 64
    model = load_run(runs / name)[2]
    assert encoder.description.pad_id == model.tokenizer.pad_token_id
    texts = [*GATE_TEXTS.values(), "word " * 100]
    for kind in ("Query", "Passage"):
        expected = model.encode([f"{kind}: {text}".strip() for text in texts])
        cosines = np.sum(encoder.encode(texts, kind.lower()) * expected, axis=1)
        assert cosines.min() >= BOUNDS[weights].cosine and cosines.max() <= 1 + 1e-5
    with Collection.open(tmp_path / "docs", encoder) as collection:
        collection.upsert([Passage(script, text, "und") for script, text in GATE_TEXTS.items()])
        assert len(collection.search(GATE_TEXTS["Thai"], k=3).hits) == 3


def test_an_export_that_pools_otherwise_is_refused_and_leaves_nothing(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.export_transformer import trace

    def trace_first_token(model: SentenceTransformer, folder: Path) -> Path:
        model[1].pooling_mode = "cls"
        path = trace(model, folder)
        model[1].pooling_mode = "mean"
        return path

    monkeypatch.setattr("training.export.trace", trace_first_token)
    with pytest.raises(ExportRefused, match="cosine"):
        export(runs / "xlmr", tmp_path / "wrong")
    assert list(tmp_path.iterdir()) == []


def test_int8_past_its_bound_is_refused_by_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Weights so wide that one rounding decides what a token attends to.
    monkeypatch.setitem(tiny._SHAPE, "initializer_range", 0.5)
    run = tiny.tiny_run(tmp_path / "run", tiny.tiny_labse(tmp_path / "model"))
    with pytest.raises(ExportRefused, match=r"int8.*Nothing was written"):
        export(run, tmp_path / "out", "int8")
    assert not list(tmp_path.glob("out*"))
    assert export(run, tmp_path / "out", "float32").least_cosine > BOUNDS["float32"].cosine


def test_the_recipe_s_length_limit_is_kept(runs: Path, tmp_path: Path) -> None:
    run = tiny.tiny_run(tmp_path / "run", runs / "xlmr" / "model", maximum_tokens=16)
    assert export(run, tmp_path / "out").lengths == [15, 16, 17]
    embedded = Encoder(tmp_path / "out").embed(["word " * 100], "query")
    assert embedded.tokens.tolist() == [16] and embedded.truncated.tolist() == [True]


def test_positions_the_table_lacks_are_not_promised(tmp_path: Path) -> None:
    folder = tiny.tiny_transformer(tmp_path / "plain")
    settings = json.loads((folder / "tokenizer_config.json").read_bytes())
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "model_max_length": 10**30}))
    model = SentenceTransformer(str(folder), device="cpu")
    assert model.max_seq_length == 66 and longest_input(model) == 64
    labse = SentenceTransformer(str(tiny.tiny_labse(tmp_path / "labse")), device="cpu")
    labse.max_seq_length = 1000
    assert longest_input(labse) == 64


@pytest.mark.parametrize("weights", ["float32", "float16", "int8"])
def test_weights_too_large_for_one_file_go_beside_it(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weights: str
) -> None:
    monkeypatch.setattr("training.quantise.ONE_FILE", 10_000)
    export(runs / "xlmr", tmp_path / "split", weights)
    data = tmp_path / "split" / "model.onnx.data"
    assert data.stat().st_size > (tmp_path / "split" / "model.onnx").stat().st_size
    whole = Encoder(tmp_path / "split")
    assert set(whole.description.files) == {"model.onnx", "model.onnx.data", "tokenizer.json"}
    content = bytearray(data.read_bytes())
    content[100] ^= 1
    data.write_bytes(content)
    with pytest.raises(DamagedEncoder, match="SHA-256"):
        Encoder(tmp_path / "split")


@pytest.fixture(scope="module")
def static_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("static")
    words = {"[UNK]": 0, **{word: n for n, word in enumerate(" ".join(GATE_TEXTS.values()).split(), start=1)}}
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    torch.manual_seed(0)
    static = WeightedStaticEmbedding(tokenizer, 64, np.ones(tokenizer.get_vocab_size()), False, 32)
    model = SentenceTransformer(modules=[static, Normalize()], device="cpu")
    model.save(str(folder / "model"), create_model_card=False)
    run = tiny.tiny_run(folder / "run", folder / "model")
    recipe = json.loads((run / "recipe.json").read_bytes())
    recipe["model"] = {"romanise": False, "maximum_tokens": 32}
    (run / "recipe.json").write_text(json.dumps(recipe))
    return run


def test_a_static_encoder_goes_its_own_way(static_run: Path, tmp_path: Path) -> None:
    assert export(static_run, tmp_path / "whole").lengths == [31, 32, 33]
    assert export(static_run, tmp_path / "small", "int8").least_cosine > 0.999
    smallest = export(static_run, tmp_path / "smallest", "int4")
    assert 0.95 <= smallest.least_cosine < 0.9999 and smallest.weights == "int4"
    sizes = [(tmp_path / name / "model.onnx").stat().st_size for name in ("whole", "small", "smallest")]
    assert sizes[0] > 2 * sizes[1] > 2 * sizes[2]


def test_a_whitened_encoder_passes_the_gate_and_says_so(static_run: Path, tmp_path: Path) -> None:
    assert export(static_run, tmp_path / "whitened", whiten=0.5).least_cosine > 0.9999
    export(static_run, tmp_path / "plain")
    texts = list(GATE_TEXTS.values())
    whitened, plain = (Encoder(tmp_path / name) for name in ("whitened", "plain"))
    assert (whitened.encode(texts, "query") * plain.encode(texts, "query")).sum(axis=1).min() < 0.999
    assert whitened.description.source["whiten"] == 0.5 and "whiten" not in plain.description.source
    assert "--whiten 0.5\n" in write_card(tmp_path / "whitened").read_text(encoding="utf-8")
    with pytest.raises(InvalidInput, match="from 0"):
        export(static_run, tmp_path / "out", whiten=2)


def test_a_transformer_cannot_be_whitened(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="--whiten is for static"):
        export(runs / "xlmr", tmp_path / "out", whiten=0.5)


@pytest.mark.parametrize(("weights", "route"), [("float16", "torch"), ("float32", "optimum"), ("int8", "optimum")])
def test_ways_a_static_encoder_has_not_are_told(static_run: Path, tmp_path: Path, weights: str, route: str) -> None:
    with pytest.raises(InvalidInput, match="float32, int8"):
        export(static_run, tmp_path / "out", weights, route)
    assert list(tmp_path.iterdir()) == []


def test_four_bits_are_for_static_encoders(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="int4 is for static"):
        export(runs / "xlmr", tmp_path / "out", "int4")


@pytest.mark.parametrize(("weights", "route"), [("int2", "torch"), ("int8", "tensorflow")])
def test_ways_there_are_not_are_told(runs: Path, tmp_path: Path, weights: str, route: str) -> None:
    with pytest.raises(InvalidInput, match="weights may be float32, float16, int8"):
        export(runs / "xlmr", tmp_path / "out", weights, route)


@pytest.mark.skipif(importlib.util.find_spec("optimum") is not None, reason="Optimum is installed here")
def test_without_optimum_its_environment_is_told(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"constraints-optimum\.txt"):
        export(runs / "xlmr", tmp_path / "out", "float32", "optimum")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten_and_no_run_is_told(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(Conflict, match="exists"):
        export(runs / "xlmr", tmp_path / "there")
    for route in ("torch", "optimum"):
        with pytest.raises(NotFound, match=r"run\.json"):
            export(tmp_path, tmp_path / "out", "float32", route)


def test_a_model_without_a_fast_tokenizer_is_told(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transformers.PreTrainedTokenizerFast.backend_tokenizer", None)
    with pytest.raises(InvalidInput, match="fast tokenizer"):
        export(runs / "xlmr", tmp_path / "out")
    shutil.rmtree(tmp_path)
