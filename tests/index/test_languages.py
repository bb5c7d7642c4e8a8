from __future__ import annotations

import pytest

from index.demo import demo_passages
from index.errors import UnknownLanguage
from index.languages import UNDETERMINED, decide_language, detect_language, language_code, language_codes


@pytest.mark.parametrize("code", ["portuguese", "xx", "", "123", "e", "en english", "../etc", "\ud800", "x" * 99])
def test_unknown_codes_are_errors_never_english(code: str) -> None:
    with pytest.raises(UnknownLanguage, match="BCP 47"):
        language_code(code)


def test_codes_take_their_canonical_form_once() -> None:
    assert language_codes(["DE", "deu", "iw", "de"]) == ["de", "he"]


def test_a_language_without_passages_is_told() -> None:
    with pytest.raises(UnknownLanguage, match="available: de, th"):
        language_codes(["fr"], known={"th", "de"})


def test_the_demo_passages_are_detected() -> None:
    wrong = [row["id"] for row in demo_passages() if detect_language(row["text"]).code != row["language"]]
    assert not wrong


def test_nonsense_is_undetermined() -> None:
    assert detect_language("12345 :-)").code == UNDETERMINED


def test_a_closed_list_is_kept() -> None:
    assert detect_language("Das ist ein schöner Tag", allowed=["nl", "en"]).code in {"nl", "en", UNDETERMINED}
    assert detect_language("สวัสดี", allowed=["de"]).code == UNDETERMINED
    assert detect_language("日本語の文章です", allowed=["ja", "zh"]).code == "ja"


def test_the_callers_word_counts() -> None:
    decided = decide_language("hello", "DE")
    assert (decided.code, decided.how, decided.confidence) == ("de", "given", 1.0)
