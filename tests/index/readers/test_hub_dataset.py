"""Data sets by id; a folder stands for the hub here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from index.errors import InvalidInput
from index.readers import Columns, open_source
from index.readers.hub_dataset import HubDataset
from index.readers.opening import SourceUnreachable


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    rows = [{"docid": n, "body": f"text {n}"} for n in range(7)]
    (tmp_path / "set").mkdir()
    for split, part in (("train", rows[:5]), ("test", rows[5:])):
        (tmp_path / "set" / f"{split}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in part), encoding="utf-8")
    return tmp_path / "set"


COLUMNS = Columns.parse(["id=docid", "text=body"])


def read(name: str, skip: int = 0) -> list[Any]:
    return [row.content for row in open_source(name, COLUMNS).rows(skip)]


def test_splits_are_read_from_any_row_on(folder: Path) -> None:
    assert read(f"hf:{folder}") == [{"id": str(n), "text": f"text {n}"} for n in range(5)]
    assert read(f"hf:{folder}#test", skip=1) == [{"id": "6", "text": "text 6"}]
    with pytest.raises(InvalidInput, match="no column 'text'"):
        list(open_source(f"hf:{folder}").rows())
    with pytest.raises(InvalidInput, match="dev"):
        read(f"hf:{folder}#dev")


def test_ids_are_told_from_files() -> None:
    source = open_source("miracl/miracl-corpus@" + "a" * 40 + "#de/train")
    assert isinstance(source, HubDataset) and source.stamp() == "a" * 40 and source.size() is None
    assert open_source("hf:miracl/miracl-corpus").stamp() is None
    with pytest.raises(InvalidInput, match="names no data set"):
        open_source("hf:#x")


def test_a_hub_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    def fails(*_: object, **__: object) -> None:
        raise ConnectionError("no route")

    monkeypatch.setattr(datasets, "load_dataset", fails)
    with pytest.raises(SourceUnreachable, match="no route"):
        list(open_source("hf:a/b").rows())
