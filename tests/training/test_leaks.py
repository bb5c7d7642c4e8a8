from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import training.leak_index
import training.leaks
from index.errors import InvalidInput, MalformedLine, NotFound
from index.text import fold
from training.benchmarks import load_benchmark
from training.groups import Group, write_groups
from training.leaks import LeaksFound, evaluation_texts, find_leaks, require_no_leaks
from training.normalise import text_key, to_units

LETTERS = "abciıİßéοςдяकािกำันに犬猫한글7"
PIECES = st.text(alphabet=LETTERS + " .,-\n\x1e", min_size=1, max_size=14)


def units_of(text: str) -> str:
    """The definition, letter by letter: what the vectorised form must come to."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    folded = folded.replace("ı", "i").replace("i\u0307", "i")
    kept = ""
    for letter in folded:
        if unicodedata.category(letter)[0] in "LMN":
            name = unicodedata.name(letter, "")
            dense = 3 if name.startswith("CJK") else 2 if name.startswith(("HIRAGANA", "KATAKANA", "HANGUL")) else 1
            kept += letter * dense
    return kept


def share(left: str, right: str, run: int) -> bool:
    return any(left[i : i + run] in right for i in range(len(left) - run + 1))


def has_leaked(text: str, evaluation: list[str], run: int) -> bool:
    asked = units_of(text)
    known = [units_of(other) for other in evaluation]
    return any((len(asked) >= 20 and asked == other) or share(asked, other, run) for other in known)


@st.composite
def made_of_shared_pieces(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """Training and evaluation texts built from the same few pieces, so that runs of all lengths are shared."""
    pieces = draw(st.lists(PIECES, min_size=1, max_size=6))
    text = st.lists(st.sampled_from(pieces), min_size=0, max_size=6).map("".join)
    return draw(st.lists(text, max_size=8)), draw(st.lists(text, max_size=4))


@given(made_of_shared_pieces(), st.integers(20, 41), st.integers(1, 120), st.integers(1, 5))
@settings(max_examples=150, deadline=None)
def test_exactly_the_leaked_texts_are_found_wherever_blocks_end(
    texts: tuple[list[str], list[str]], run: int, characters: int, rows: int
) -> None:
    training_texts, evaluation = texts
    expected = [row for row, text in enumerate(training_texts) if has_leaked(text, evaluation, run)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.leaks, "_BLOCK_CHARACTERS", characters)
        patch.setattr(training.leaks, "_BLOCK_TEXTS", rows)
        assert [leak.row for leak in find_leaks(training_texts, evaluation, run)] == expected
        array = pa.chunked_array([training_texts[:3], training_texts[3:]], type=pa.large_string())
        assert [leak.row for leak in find_leaks(array, evaluation, run)] == expected


@given(made_of_shared_pieces())
@settings(max_examples=50, deadline=None)
def test_equal_hashes_alone_are_never_reported(texts: tuple[list[str], list[str]]) -> None:
    training_texts, evaluation = texts
    hashes = training.leak_index.window_hashes
    expected = [row for row, text in enumerate(training_texts) if has_leaked(text, evaluation, 20)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.leak_index, "window_hashes", lambda codes, length: hashes(codes, length) & np.uint64(1))
        assert [leak.row for leak in find_leaks(training_texts, evaluation, 20)] == expected


@given(st.text(alphabet=LETTERS, min_size=70), PIECES, PIECES, st.integers(0, 10))
@settings(max_examples=60, deadline=None)
def test_a_run_inside_other_text_is_found_and_shown(run: str, before: str, after: str, cut: int) -> None:
    planted = run[cut:]
    changed = " ".join(planted.upper()) + "!"
    (leak,) = find_leaks(["nothing here", f"x{before} {changed} {after}y"], [f"what {run}?"])
    assert leak.row == 1 and leak.how == "shared run" and leak.run is not None
    assert units_of(planted) in units_of(leak.run)


@pytest.mark.parametrize("run", [20, 21, 60])
def test_a_run_of_just_enough_is_found_at_every_place(run: int) -> None:
    rng = np.random.default_rng(0)
    letters = "".join(chr(0x3B1 + n) for n in rng.integers(0, 17, size=run))
    for place in range(2 * run):
        for length in (run, run - 1):
            text = "z" * place + letters[:length] + "z" * run
            found = list(find_leaks([text], [f"q{letters}q"], run))
            assert [leak.run for leak in found] == ([letters] if length == run else []), place


@pytest.mark.parametrize(
    ("evaluation", "training_text"),
    [
        ("Wie groß ist die Straße am Fluss?", "WIE GROSS — ist die  STRASSE, am fluss"),
        ("Tarlanın ışığı kısılınca ne olur", "TARLANIN IŞIĞI KISILINCA NE OLUR?"),
        ("Istanbul'da iyi insanlar", "İSTANBUL'DA İYİ İNSANLAR"),
        ("熊蜂是怎样取出花粉的", "熊蜂 是怎样，取出花粉的？"),
        ("ผึ้งบัมเบิลบีเอาเกสรออกอย่างไร", "ผึ้ง บัมเบิลบี เอาเกสรออกอย่างไร"),
        ("ガーデンで何が咲いていますか", "ｶﾞｰﾃﾞﾝで何が咲いていますか？"),
    ],
)
def test_equal_but_for_case_width_space_and_punctuation(evaluation: str, training_text: str) -> None:
    (leak,) = find_leaks([training_text], [evaluation])
    assert (leak.how, leak.text, leak.evaluation, leak.run) == ("equal", training_text, evaluation, None)


@pytest.mark.parametrize("text", ["Yes.", "1999", "Deutschland", "北京大学", "…!?", ""])
def test_short_texts_are_equal_by_chance(text: str) -> None:
    assert not list(find_leaks([text], [text]))


def test_a_run_below_the_least_is_refused() -> None:
    with pytest.raises(InvalidInput, match="below 20"):
        list(find_leaks([], [], run=19))


def test_normalised_forms() -> None:
    assert fold("ΟΔΟΣ") == fold("οδος") and fold("ｶﾞ") == "ガ"
    assert text_key("a b") == text_key("A, B") != text_key("ac")
    assert text_key("…") != text_key("?"), "without letters, texts are compared as they stand"
    units = to_units(["犬", "", "a.b"])
    assert [units.codes[s:e].size for s, e in zip(units.starts, units.ends, strict=True)] == [3, 0, 2]
    assert len(to_units([]).ends) == 0


def test_texts_of_a_benchmark_and_of_files(tmp_path: Path) -> None:
    demo = load_benchmark("demo", None)
    assert set(evaluation_texts("demo")) == set(demo.queries) | set(demo.passages)
    groups = tmp_path / "held-out.jsonl"
    write_groups([Group("1", {"de": "Frage"}, {"de": "Antwort", "en": "answer"})], groups)
    assert evaluation_texts(str(groups)) == ["Frage", "Antwort", "answer"]
    lines = tmp_path / "lines.jsonl"
    lines.write_text('"one"\n\n{"id": "2", "text": "two"}\n', encoding="utf-8")
    assert evaluation_texts(str(lines)) == ["one", "two"]


def test_contexts_of_a_benchmark_count(tmp_path: Path) -> None:
    paragraph = {
        "context": "First sentence. Second sentence.",
        "sentences": ["First sentence.", "Second sentence."],
        "sentence_breaks": [[0, 15], [16, 32]],
        "qas": [{"id": "1", "question": "Which?", "answers": [{"answer_start": 0, "text": "First"}]}],
    }
    (tmp_path / "en.json").write_text(json.dumps({"data": [{"paragraphs": [paragraph]}]}), encoding="utf-8")
    assert "First sentence. Second sentence." in evaluation_texts("xquad-r", tmp_path)
    with pytest.raises(NotFound):
        evaluation_texts("mlqa-r", tmp_path / "none")


@pytest.mark.parametrize(
    ("content", "told"),
    [("{", "line 1"), ("[]", 'object with a "text"'), ('{"id": 1}', '"text"'), ("", "holds no texts")],
)
def test_unusable_evaluation_files_are_told(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidInput, match=told) as error:
        evaluation_texts(str(path))
    assert isinstance(error.value, MalformedLine) == bool(content)
    with pytest.raises(InvalidInput, match="neither a benchmark"):
        evaluation_texts(str(tmp_path / "no-such-set"))


def test_training_is_refused_with_a_list(tmp_path: Path) -> None:
    passages = load_benchmark("demo", None).passages
    texts = ["Harmless and long enough to be looked at.", passages[0], f"Before. {passages[5]} After."]
    report = tmp_path / "leaks.jsonl"
    with pytest.raises(LeaksFound, match=r"2 training texts .*2 in demo.*--allow-leaks") as error:
        require_no_leaks(texts, [("demo", None)], report)
    assert error.value.detail == {"leaks": 2, "report": str(report)}
    rows = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    assert [(row["row"], row["how"], row["set"]) for row in rows] == [(1, "equal", "demo"), (2, "shared run", "demo")]
    assert require_no_leaks(texts, [("demo", None)], report, allow=True) == 2
    assert require_no_leaks(texts[:1], [("demo", None)], report) == 0
    assert report.read_text(encoding="utf-8") == ""
