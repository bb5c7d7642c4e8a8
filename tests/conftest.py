"""A tiny encoder and tiny data, made once; no network, no bundled model needed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import onnx
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

# CI tries the same examples each time; people's machines look for new ones.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")

# Settings of the machine the tests run on must not leak into them.
for name in [name for name in os.environ if name.startswith("ISOGLOT_") or name == "PORT"]:
    del os.environ[name]

from index.encoder import Encoder
from index.encoder_folder import DESCRIPTION, MODEL, TOKENIZER, EncoderDescription, file_hash
from training.export_static import static_graph

WORDS = [
    "[UNK]",
    "tide",
    "moon",
    "bread",
    "yeast",
    "heart",
    "blood",
    "ebbe",
    "mond",
    "brot",
    "น้ำ",
    "луна",
    "moslepo",
    "luna",
]


def make_encoder(folder: Path, seed: int = 0, name: str = "tiny", **changes: Any) -> Path:
    """Write a working encoder folder: one word, one piece, random vectors."""
    folder.mkdir(parents=True)
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / TOKENIZER))
    dimension = changes.get("dimension", 16)
    table = np.random.default_rng(seed).standard_normal((len(WORDS), dimension)).astype(np.float32)
    onnx.save(static_graph(table), str(folder / MODEL))
    facts = {
        "name": name,
        "dimension": dimension,
        "maximum_tokens": 8,
        "romanise": True,
        "license": "CC0-1.0",
        **changes,
    }
    files = {file: file_hash(folder / file) for file in (MODEL, TOKENIZER)}
    description = EncoderDescription.model_validate({**facts, "files": files})
    (folder / DESCRIPTION).write_text(description.model_dump_json(), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_encoder(tmp_path_factory.mktemp("encoders") / "tiny")


@pytest.fixture(scope="session")
def encoder(encoder_folder: Path) -> Encoder:
    return Encoder(encoder_folder, threads=1)


@pytest.fixture(scope="session")
def other_encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return Encoder(make_encoder(tmp_path_factory.mktemp("encoders") / "other", seed=1, name="other"), threads=1)


def write_lines(path: Path, rows: list[object]) -> Path:
    """Write rows as JSON lines."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path
