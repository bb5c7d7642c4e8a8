"""The examples run as they stand, and find what their texts say they find."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from transformers import BertConfig, BertModel, BertTokenizer

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
LANGUAGES = ["ar", "de", "en", "es", "ru", "zh"]


def run(name: str, cwd: Path, **environment: object) -> str:
    """What an example prints, run in an empty folder; a warning of Isoglot's own wings is an error."""
    variables = {name: str(value) for name, value in environment.items()}
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / f"{name}.py"],
        cwd=cwd,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "HF_HUB_OFFLINE": "1",
            "COLUMNS": "120",
            "TMPDIR": str(cwd),
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def lines(name: str) -> list[dict[str, object]]:
    path = ROOT / "examples" / "data" / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def tiny_bert(folder: Path) -> Path:
    """A BERT of two small layers with random weights whose pieces are the letters of the FAQ."""
    torch.manual_seed(0)
    letters = sorted(
        set("".join(path.read_text(encoding="utf-8") for path in (ROOT / "examples" / "data").glob("*.jsonl")))
    )
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(letter for letter in letters if letter.strip())]
    pieces += [f"##{letter}" for letter in letters if letter.strip()]
    tokenizer = BertTokenizer(vocab={piece: number for number, piece in enumerate(pieces)}, do_lower_case=False)
    tokenizer.save_pretrained(folder / "base")
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    config = BertConfig(vocab_size=len(tokenizer), max_position_embeddings=64, initializer_range=0.2, **shape)
    BertModel(config).save_pretrained(folder / "base")
    transformer = Transformer(str(folder / "base"), max_seq_length=64)
    SentenceTransformer(modules=[transformer, Pooling(32, "mean"), Normalize()]).save(str(folder / "model"))
    return folder / "model"


def test_the_data_is_whole() -> None:
    faq, asked = lines("faq"), lines("asked")
    assert [row["id"] for row in faq] == [row["id"] for row in asked]
    for row in faq:
        assert list(row["questions"]) == list(row["passages"]) == LANGUAGES  # type: ignore[call-overload]
    for row in asked:
        assert list(row["questions"]) == LANGUAGES  # type: ignore[call-overload]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_cells_are_cells(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# %% [markdown]\n# # ")
    for cell in re.split(r"(?m)^# %%", text)[1:]:
        kind, _, body = cell.partition("\n")
        prose = [line for line in body.splitlines() if line and not line.startswith("#")]
        assert bool(prose) == (kind.strip() != "[markdown]"), cell


def test_search_my_markdown(tmp_path: Path) -> None:
    printed = run("search_my_markdown", tmp_path)
    assert "5 of 6 come first." in printed
    assert all(re.search(rf"(?m)^{code}: \d passages$", printed) for code in LANGUAGES)


def test_favours_english(tmp_path: Path) -> None:
    printed = run("favours_english", tmp_path)
    rows = re.findall(r"(?m)^ +(\w\w) ((?: +-?\d\.\d\d){6})$", printed)
    assert [code for code, _ in rows] == LANGUAGES * 2, "two tables"
    for _, values in rows[:6]:
        assert sum(map(float, values.split())) == pytest.approx(1.0, abs=0.04)
    assert "of 40 questions find the answer in en first" in printed


def test_tune_on_my_faq(tmp_path: Path) -> None:
    base = tiny_bert(tmp_path)
    printed = run("tune_on_my_faq", tmp_path, BASE=base, STEPS=3, WEIGHTS="float32", WORK=tmp_path / "work")
    assert "Exported" in printed and "least cosine to the trained model 1.0000" in printed
    assert (tmp_path / "work" / "faq-encoder" / "model.onnx").is_file()
