"""What can be tested of the Optimum route without Optimum; the rest is in tests/optimum."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from index.errors import InvalidInput
from tests.training.tiny import tiny_labse, tiny_modernbert
from training.export_optimum import older_layout


def test_the_copy_names_modules_and_tokenizer_as_older_versions_do(tmp_path: Path) -> None:
    model = tiny_labse(tmp_path)
    before = {path: path.read_bytes() for path in model.rglob("*") if path.is_file()}
    copy = older_layout(model, tmp_path / "copy")
    names = [module["type"].rpartition(".") for module in json.loads((copy / "modules.json").read_bytes())]
    assert [name for _, _, name in names] == ["Transformer", "Pooling", "Dense", "Normalize"]
    assert {package for package, _, _ in names} == {"sentence_transformers.models"}
    assert json.loads((copy / "tokenizer_config.json").read_bytes())["tokenizer_class"] == "PreTrainedTokenizerFast"
    assert before == {path: path.read_bytes() for path in before}, "the run stays as it is"


def test_a_kind_that_would_load_wrongly_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"'modernbert'.*--route torch"):
        older_layout(tiny_modernbert(tmp_path), tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
