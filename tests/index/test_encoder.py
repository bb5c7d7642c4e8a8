from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from index.encoder import Encoder
from index.encoder_folder import DESCRIPTION, MODEL, TOKENIZER, find_encoder
from index.errors import DamagedEncoder, InvalidInput, NotFound
from tests.conftest import make_encoder


def test_vectors_have_length_one_and_keep_their_order(encoder: Encoder) -> None:
    texts = ["moon", "tide moon bread yeast heart blood", "bread", "moon"]
    vectors = encoder.encode(texts, "passage")
    assert vectors.shape == (4, 16) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert np.allclose(vectors[0], vectors[3])
    for text, vector in zip(texts, vectors, strict=True):
        assert np.allclose(encoder.encode([text], "passage")[0], vector, atol=1e-6), "padding changes nothing"


def test_truncation_is_reported(encoder: Encoder) -> None:
    embedded = encoder.embed(["moon", "moon " * 8, "moon " * 9], "query")
    assert embedded.truncated.tolist() == [False, False, True]
    assert embedded.tokens.tolist() == [1, 8, 8]


def test_the_romanised_copy_is_read(encoder: Encoder, tmp_path: Path) -> None:
    # "луна" is a piece of its own, and is read again as "luna".
    plain = Encoder(make_encoder(tmp_path / "plain", romanise=False))
    assert encoder.embed(["луна"], "query").tokens.tolist() == [2]
    assert np.allclose(encoder.encode(["луна"], "query"), plain.encode(["луна luna"], "query"))


def test_prompts_differ_by_kind(tmp_path: Path) -> None:
    prompted = Encoder(make_encoder(tmp_path / "p", query_prompt="moon ", passage_prompt="bread "))
    assert np.allclose(
        prompted.encode(["tide"], "query"), Encoder(make_encoder(tmp_path / "q")).encode(["moon tide"], "query")
    )
    assert not np.allclose(prompted.encode(["tide"], "query"), prompted.encode(["tide"], "passage"))


def test_prompts_shape_the_fingerprint_and_names_do_not(tmp_path: Path) -> None:
    plain, named = Encoder(make_encoder(tmp_path / "a")), Encoder(make_encoder(tmp_path / "b", name="other"))
    prompted = Encoder(make_encoder(tmp_path / "c", query_prompt="Query: "))
    assert plain.fingerprint == named.fingerprint != prompted.fingerprint
    assert Encoder(make_encoder(tmp_path / "d", stem=5)).fingerprint != plain.fingerprint


def test_stems_are_read(tmp_path: Path) -> None:
    # "moonlight" is unknown and is read again as "moonʹ", which is unknown too.
    stemmed = Encoder(make_encoder(tmp_path / "s", stem=4))
    assert stemmed.embed(["moonlight moon"], "query").tokens.tolist() == [3]


@pytest.mark.parametrize("texts", [[""], ["moon", "  "], ["a\x00"]])
def test_bad_texts_are_told_by_number(encoder: Encoder, texts: list[str]) -> None:
    with pytest.raises(InvalidInput, match=f"text number {len(texts)}"):
        encoder.encode(texts, "query")


def test_another_kind_is_told(encoder: Encoder) -> None:
    with pytest.raises(InvalidInput, match="'query' or 'passage'"):
        encoder.encode(["moon"], "document")


def test_no_texts_give_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode([], "passage").shape == (0, 16)


@pytest.mark.parametrize("name", [MODEL, TOKENIZER])
def test_a_flipped_byte_is_noticed(encoder_folder: Path, tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(encoder_folder, tmp_path / "damaged")
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(DamagedEncoder, match="SHA-256"):
        Encoder(folder)


def test_a_missing_file_and_a_broken_description_are_noticed(encoder_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(encoder_folder, tmp_path / "damaged")
    (folder / MODEL).unlink()
    with pytest.raises(DamagedEncoder, match="missing"):
        Encoder(folder)
    (folder / DESCRIPTION).write_text("{}", encoding="utf-8")
    with pytest.raises(DamagedEncoder, match="understood"):
        Encoder(folder)


def test_an_encoder_that_is_not_there_is_told() -> None:
    with pytest.raises(NotFound, match="no encoder 'nowhere'"):
        find_encoder("nowhere")
