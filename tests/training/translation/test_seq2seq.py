from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from index.errors import InvalidInput, NotFound, UnknownLanguage
from tests.training.translation.tiny_seq2seq import MAXIMUM_TOKENS, SENTENCES
from training.translation.seq2seq import OutOfMemory, Seq2SeqEngine, fingerprint

KINDS = ["nllb", "m2m", "opus-en-{to}", "opus-en-mul"]


def translated(engine: Seq2SeqEngine, texts: Sequence[str], target: str) -> list[str | None]:
    made = [row for batch in engine.translate(texts, target) for row in batch]
    assert sorted(position for position, _ in made) == list(range(len(texts))), "each position once"
    return [text for _, text in sorted(made)]


def engine(models: Path, kind: str, batch_size: int = 2, beams: int = 2) -> Seq2SeqEngine:
    return Seq2SeqEngine(str(models / kind), batch_size=batch_size, beams=beams, device="cpu")


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_writes_the_language_asked_for(models: Path, kind: str) -> None:
    made = engine(models, kind)
    made.check(["de", "th"])
    for target in ("de", "th", "de"):
        assert translated(made, list(SENTENCES), target) == [texts[target] for texts in SENTENCES.values()]


def test_batch_size_and_order_do_not_change_the_translations(models: Path) -> None:
    backwards = list(SENTENCES)[::-1]
    assert translated(engine(models, "nllb", batch_size=5), backwards, "de") == [
        SENTENCES[text]["de"] for text in backwards
    ]


@pytest.mark.parametrize(
    ("kind", "target", "told"),
    [
        ("nllb", "tlh", "does not know language 'tlh'; it knows .*zh-Hant"),
        ("m2m", "zh-Hant", "it knows .*zh, zu"),
        ("opus-en-mul", "fr", "it knows de, th"),
        ("opus-en-de", "th", r"writes only 'de', not 'th'.*\{to\}"),
    ],
)
def test_a_language_the_model_cannot_write_is_told(models: Path, kind: str, target: str, told: str) -> None:
    with pytest.raises(UnknownLanguage, match=told):
        engine(models, kind).check(["de", target])


def test_a_source_language_the_model_cannot_read_is_told(models: Path) -> None:
    with pytest.raises(UnknownLanguage, match="reads only 'en', not 'fr'"):
        Seq2SeqEngine(str(models / "opus-en-de"), source="fr", device="cpu").check(["de"])


@pytest.mark.parametrize("kind", ["nllb", "m2m", "opus-en-de"])
def test_a_text_too_long_for_the_model_is_not_translated_in_part(models: Path, kind: str) -> None:
    long = " ".join(["the moon"] * MAXIMUM_TOKENS)
    assert translated(engine(models, kind), ["snow", long, "the moon"], "de") == ["Schnee", None, "der Mond"]


def test_a_translation_that_does_not_end_is_not_taken(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = engine(models, "opus-en-de")
    # Fewer tokens than any of the sentences needs.
    monkeypatch.setattr("training.translation.seq2seq._SPARE_TOKENS", 2)
    monkeypatch.setattr("training.translation.seq2seq._TOKENS_PER_SOURCE_TOKEN", 0)
    assert translated(made, ["why is the sea salty"], "de") == [None]


def test_names_that_lead_nowhere_are_told(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound, match="neither as a folder nor from the model hub"):
        engine(tmp_path, "nothing-here").check(["de"])
    (tmp_path / "config.json").write_text('{"model_type": "bert"}', encoding="utf-8")
    with pytest.raises(InvalidInput, match="'bert' model; NLLB-200"):
        engine(tmp_path, ".").check(["de"])
    with pytest.raises(InvalidInput, match="leave --device out"):
        Seq2SeqEngine(str(models / "nllb"), device="warp")


def test_running_out_of_memory_says_what_to_lower(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = engine(models, "opus-en-de")

    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(type(made._load("de").model), "generate", full)
    with pytest.raises(OutOfMemory, match=r"batches of 2 texts and 2 beams; lower --batch-size or --beams"):
        translated(made, ["snow"], "de")


def test_identity_follows_weights_and_beams_not_the_folder(models: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(models / "nllb", tmp_path / "copy")
    first = engine(models, "nllb").identity("de")
    assert engine(tmp_path, "copy").identity("de") == first
    assert engine(models, "nllb", beams=3).identity("de") != first
    assert engine(models, "opus-en-{to}").identity("de") != engine(models, "opus-en-{to}").identity("th")
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    fingerprint.cache_clear()
    assert engine(tmp_path, "copy").identity("de") != first
