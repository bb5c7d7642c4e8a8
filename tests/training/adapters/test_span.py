from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from training.adapters.span import answer_position, span_passage

WORDS = st.lists(st.sampled_from(["moon", "tide", "pulls.", "rises!", "月亮。", "\n", "\n\n"]), min_size=1, max_size=60)


@given(WORDS, st.data(), st.integers(5, 80))
def test_a_passage_holds_its_answer_and_stays_short(words: list[str], data: st.DataObject, longest: int) -> None:
    text = " ".join(words)
    starts = [n for n, word in enumerate(words) if word.strip()]
    if not starts:
        return
    number = data.draw(st.sampled_from(starts))
    start = len(" ".join(words[:number])) + (number > 0)
    answer = words[number]
    passage = span_passage(text, start, start + len(answer), longest)
    assert answer in passage and "\n" not in passage and passage in text
    if len(passage) > longest:
        sentences = span_passage(passage, passage.index(answer), passage.index(answer) + len(answer), 1)
        assert sentences == passage, "only a sentence that is too long by itself makes a passage too long"


def test_sentences_around_the_answer_are_taken_whole() -> None:
    text = "One is here. Two is here. Three is here. Four is here. Five is here."
    start = text.index("Three")
    assert span_passage(text, start, start + 5, 15) == "Three is here."
    assert span_passage(text, start, start + 5, 30) == "Three is here. Four is here."
    assert span_passage(text, start, start + 5, 45) == "Two is here. Three is here. Four is here."
    assert span_passage("A.\nB c.\nD.", 3, 8) == "B c.", "an end beyond the line break is the answer's own"


def test_answers_are_found_as_words() -> None:
    assert answer_position("In 1990 there was 1.", ["1"]) == (18, 19)
    assert answer_position("In 1990.", ["1"]) is None
    assert answer_position("The Map is old", [" . ", "chart", "the map."]) == (0, 7)
    assert answer_position("他在北京工作", ["北京"]) == (2, 4)
