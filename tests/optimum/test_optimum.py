"""Runs made with sentence-transformers 6, exported and served where Optimum is: `make test-optimum`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from index.encoder import Encoder
from index.errors import InvalidInput
from index.pooling import UnsupportedEncoder
from service.app import create_app
from service.settings import Settings
from tests.training.close_ranks import allow_close_ranks
from training.export import export
from training.export_optimum import older_layout
from training.gate import BOUNDS

pytest.importorskip("optimum.exporters.onnx", reason="Optimum has an environment of its own; see make test-optimum")

# Those of Optimum and transformers 4 about each other.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def runs() -> Path:
    if "TINY_RUNS" not in os.environ:
        pytest.fail("TINY_RUNS names no folder; `make test-optimum` makes the runs and sets it")
    return Path(os.environ["TINY_RUNS"])


def least_cosine(encoder: Encoder, folder: Path) -> float:
    """The worst cosine to the vectors sentence-transformers 6 gave."""
    texts, expected = json.loads((folder / "texts.json").read_bytes()), np.load(folder / "vectors.npy")
    return float(np.sum(encoder.encode(texts, "query") * expected, axis=1).min())


@pytest.mark.parametrize("weights", ["float32", "float16", "int8"])
@pytest.mark.parametrize("name", ["xlmr", "labse"])
def test_a_run_exported_by_optimum_gives_the_vectors_it_was_trained_to(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, weights: str
) -> None:
    allow_close_ranks(monkeypatch)
    report = export(runs / name / "run", tmp_path / "tiny", weights, "optimum")
    encoder = Encoder(tmp_path / "tiny")
    assert min(report.least_cosine, least_cosine(encoder, runs / name)) >= BOUNDS[weights].cosine
    assert report.lengths == [63, 64, 65]
    assert encoder.description.source["route"] == "optimum" and encoder.description.weights == weights
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny"]


def test_it_is_served(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    allow_close_ranks(monkeypatch)
    export(runs / "xlmr" / "run", tmp_path / "tiny", "int8", "optimum")
    settings = Settings(data=tmp_path / "data", encoder=str(tmp_path / "tiny"), threads=1)
    with TestClient(create_app(settings)) as client:
        answer = client.post("/embed", json={"texts": ["Wo ist der Leuchtturm?"], "kind": "query"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["encoder"] == "tiny" and len(answer.json()["vectors"][0]) == 64


def test_a_kind_that_would_load_wrongly_is_refused(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"'modernbert'.*--route torch"):
        export(runs / "modernbert" / "run", tmp_path / "tiny", "float32", "optimum")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("library", ["sentence_transformers", "transformers"])
@pytest.mark.parametrize("name", ["xlmr", "labse"])
def test_folders_made_by_optimum_cli_are_served(runs: Path, tmp_path: Path, name: str, library: str) -> None:
    model = older_layout(runs / name / "run" / "model", tmp_path / "older")
    command = [Path(sys.executable).parent / "optimum-cli", "export", "onnx", "--model", model, "--task"]
    out = tmp_path / "exported"
    subprocess.run([*command, "feature-extraction", "--library", library, out], check=True, capture_output=True)
    if library == "sentence_transformers":
        assert least_cosine(Encoder(out, query_prompt="Query: "), runs / name) >= 0.9999
        return
    # No pooling is named, and the mean is right for one of the two.
    with pytest.raises(UnsupportedEncoder, match="ISOGLOT_POOLING"):
        Encoder(out, query_prompt="Query: ")
    encoder = Encoder(out, query_prompt="Query: ", pooling="mean")
    assert (least_cosine(encoder, runs / name) >= 0.9999) == (name == "xlmr")
    for part in ("modules.json", "1_Pooling", "2_Dense"):
        if (model / part).exists():
            (model / part).rename(out / part)
    assert least_cosine(Encoder(out, query_prompt="Query: "), runs / name) >= 0.9999


_BACKEND = """
import sys
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(sys.argv[1], device="cpu", backend="onnx")
model.prompts = {"query": "Query: ", "document": ""}
model.save_pretrained(sys.argv[2])
"""


@pytest.mark.parametrize("name", ["xlmr", "labse"])
def test_folders_made_by_the_onnx_backend_are_served(runs: Path, tmp_path: Path, name: str) -> None:
    model = older_layout(runs / name / "run" / "model", tmp_path / "older")
    subprocess.run([sys.executable, "-c", _BACKEND, model, tmp_path / "saved"], check=True, capture_output=True)
    encoder = Encoder(tmp_path / "saved")
    assert encoder.description.query_prompt == "Query: " and encoder.description.maximum_tokens == 64
    assert least_cosine(encoder, runs / name) >= 0.9999


def test_the_other_route_is_not_for_this_environment(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="--route optimum"):
        export(runs / "xlmr" / "run", tmp_path / "tiny", "float32", "torch")
