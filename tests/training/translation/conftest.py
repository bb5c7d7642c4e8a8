"""Tiny models, made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.training.translation import tiny_seq2seq


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    """Matrices this small are slower on several threads, by far on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="package")
def models(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> Path:
    """Folder with nllb, m2m, opus-en-de, opus-en-th and opus-en-mul."""
    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    tiny_seq2seq.tiny_nllb(folder / "nllb")
    tiny_seq2seq.tiny_m2m(folder / "m2m")
    tiny_seq2seq.tiny_marian(folder / "opus-en-de", "de")
    tiny_seq2seq.tiny_marian(folder / "opus-en-th", "th")
    tiny_seq2seq.tiny_marian_of_many(folder / "opus-en-mul")
    return folder
