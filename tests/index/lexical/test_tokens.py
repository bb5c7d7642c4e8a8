"""Words and bigrams."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.lexical.tokens import tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Where does l'eau go?", ["where", "does", "l", "eau", "go"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("Tiếng Việt", ["tiếng", "việt"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("潮汐表", ["潮汐", "汐表"]),
        ("水", ["水"]),
        ("ひらがなｶﾅ", ["ひら", "らが", "がな", "なカ", "カナ"]),
        ("ที่นี่", ["ที่นี่"]),
        ("ที่นี่ดี", ["ที่นี่", "นี่ดี"]),
        ("ສະບາຍ", ["ສະ", "ະບ", "ບາ", "າຍ"]),
        ("iPhone发布了5G手机", ["iphone", "发布", "布了", "5g", "手机"]),
        ("İstanbul IŞIK", ["istanbul", "işik"]),
        ("co\u00adoperate می\u200cخواهم", ["cooperate", "میخواهم"]),
        ("… — !", []),
    ],
)
def test_tokens_follow_the_script(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@given(st.text(max_size=40))
def test_tokens_are_the_same_of_any_case_and_lose_no_letter(text: str) -> None:
    assert all(token and not token.isspace() for token in tokens(text))
    assert bool(tokens(text)) >= any(character.isalnum() for character in text if character.isascii())
    ascii_only = text.encode("ascii", "ignore").decode()
    assert tokens(ascii_only.upper()) == tokens(ascii_only.lower())
