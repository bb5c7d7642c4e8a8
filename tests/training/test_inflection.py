"""What may be left of an inflected word: the word itself first, and never a stump."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from training.inflection import base_forms


@pytest.mark.parametrize(
    ("word", "language", "form"),
    [
        ("cities", "en", "city"),
        ("making", "en", "make"),
        ("savaşından", "tr", "savaş"),
        ("والمدينة", "ar", "مدينة"),
        ("بالبحر", "ar", "بحر"),
    ],
)
def test_the_base_form_is_among_them(word: str, language: str, form: str) -> None:
    assert form in base_forms(word, language)


def test_turkish_endings_go_one_letter_at_a_time_down_to_half() -> None:
    assert list(base_forms("evlerinde", "tr")) == ["evlerinde", "evlerind", "evlerin", "evleri", "evler"]
    assert list(base_forms("savaş", "tr")) == ["savaş", "sava"]
    assert list(base_forms("ev", "tr")) == ["ev"]


@given(word=some.text(min_size=1), language=some.sampled_from(["en", "tr", "ar", "de", "ja"]))
def test_the_word_comes_first_and_no_form_is_short(word: str, language: str) -> None:
    first, *others = base_forms(word, language)
    assert first == word
    assert all(len(form) > 2 for form in others)
