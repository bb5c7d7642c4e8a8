from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index.encoder import Encoder
from tests.conftest import make_encoder
from training.gate import BOUNDS, GATE_TEXTS, ExportRefused, _kept, _refuse_cosine, length_texts


def test_the_scripts_are_twelve_and_their_own() -> None:
    assert len(GATE_TEXTS) == 12
    letters = [{letter for letter in text if letter.isalpha() and not letter.isascii()} for text in GATE_TEXTS.values()]
    assert all(letters[1:])


@pytest.mark.parametrize("prompt", ["", "moon tide "])
def test_texts_about_the_limit_are_one_shorter_as_long_and_one_longer(tmp_path: Path, prompt: str) -> None:
    encoder = Encoder(make_encoder(tmp_path / "e", query_prompt=prompt, maximum_tokens=50))
    texts, lengths = length_texts(encoder)
    assert lengths == [49, 50, 51]
    assert encoder.embed(texts, "query").truncated.tolist() == [False, False, True]


def test_a_top_ten_lost_is_counted_and_ties_are_not() -> None:
    expected = np.arange(20, 0, -1, dtype=np.float32)[None]
    assert _kept(expected, expected) == 1
    assert _kept(expected, np.full_like(expected, 0.5)) == 1
    moved = expected.copy()
    moved[0, :3] = 0
    assert _kept(expected, moved) == pytest.approx(0.7)


@pytest.mark.parametrize("cosine", [0.0, BOUNDS["float32"].cosine - 1e-6, float("nan")])
def test_a_cosine_below_the_bound_or_none_at_all_is_refused(encoder: Encoder, cosine: float) -> None:
    with pytest.raises(ExportRefused, match="Nothing was written"):
        _refuse_cosine(cosine, "moon", encoder, BOUNDS["float32"])
    _refuse_cosine(BOUNDS["float32"].cosine, "moon", encoder, BOUNDS["float32"])
