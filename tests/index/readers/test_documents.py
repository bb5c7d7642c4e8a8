"""Folders of documents: what is text, what is title, and where passages end."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.demo import demo_passages
from index.errors import InvalidInput
from index.readers import open_source
from index.readers.documents import read_document
from index.readers.splitting import Splitter, width

ENDS = {"zh": "。！？”；", "ja": "。！？」", "hi": "।?!", "ar": ".؟!", "ru": ".?!", "en": ".?!"}


def test_html_gives_its_main_text_and_title() -> None:
    page = """<!doctype html><html lang=en><head><title>Site: Tides</title><style>p {}</style></head>
    <body><nav>Home About</nav><main><h1>Tides <em>here</em></h1><p>这是<b>中文</b>文本。</p>
    <p>The mo<i>on</i> &amp; the\nsea.</p><ul><li>one<li>two</ul><script>x()</script></main><footer>Imprint</footer></body>"""
    title, text = read_document("a.html", page.encode())
    assert title == "Tides here"
    assert "这是中文文本。" in text and "The moon & the sea." in text
    assert not re.search("Home|Imprint|x\\(\\)|Site", text)
    assert read_document("a.htm", b"<title>Only</title><p>text").title == "Only"


def test_markdown_loses_its_marks() -> None:
    body = "---\ntitle: 'Gezeiten'\ntags: x\n---\nDie **Ebbe** kommt [zweimal](http://x).\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    title, text = read_document("a.md", body.encode())
    assert title == "Gezeiten" and "Die Ebbe kommt zweimal." in text and "http" not in text and "|" not in text
    assert read_document("b.markdown", b"# Head\n\ntext") == ("Head", "text\n")


def test_a_text_s_first_line_is_its_title_when_it_stands_alone() -> None:
    assert read_document("a.txt", b"Head\r\n\r\nBody".replace(b"\r", b"")) == ("Head", "\nBody")
    assert read_document("a.txt", b"No head\nbody").title is None
    assert read_document("a.txt", "\ufeffกก".encode()).text == "กก"
    assert read_document("a.txt", "日本".encode("utf-16")).text == "日本"


def test_other_encodings_need_declaring() -> None:
    assert read_document("a.html", '<meta charset="windows-1251"><p>Луна'.encode("windows-1251")).text.strip() == "Луна"
    for name, body in (("a.txt", b"caf\xe9"), ("a.html", b"<p>caf\xe9"), ("a.html", b'<meta charset="x-none"><p>\xe9')):
        with pytest.raises(InvalidInput, match="not UTF-8"):
            read_document(name, body)


def texts(language: str) -> str:
    between = "" if language in ("zh", "ja") else " "
    return between.join(row["text"] for row in demo_passages() if row["language"] == language)


@pytest.mark.parametrize("language", sorted(ENDS))
def test_passages_end_where_sentences_do(language: str) -> None:
    parts = Splitter(800, 0).split(texts(language))
    assert len(parts) > 10
    assert all(part[-1] in ENDS[language] for part in parts)


def test_thai_passages_end_at_its_spaces_and_never_inside_an_abbreviation() -> None:
    text = texts("th")
    parts = Splitter(400, 0).split(text)
    assert len(parts) > 20 and "ค.ศ. " in text
    at = 0
    for part in parts:
        at = text.index(part, at) + len(part)
        assert at == len(text) or text[at] == " ", part[-20:]
        assert not re.search(r"(?:^|[ .])[\u0e00-\u0e7f]\.$", part) or part.endswith(("ศ.", "น.", "ม.")), part[-20:]


@pytest.mark.parametrize("language", ["th", "zh", "ja", "km"])
def test_words_stay_whole_without_spaces_or_stops(language: str) -> None:
    known = {"th": "มหาวิทยาลัย", "zh": "大学", "ja": "図書館", "km": "សាលា"}[language]
    parts = Splitter(50, 0).split(known * 60)
    assert len(parts) > 5 and all(part.replace(known, "") == "" for part in parts)


def test_line_breaks_inside_a_paragraph_end_nothing() -> None:
    text = "\n".join(["The tide of the moon comes", "twice a day. The sea"] * 20)
    assert all(part.endswith((".", "sea")) for part in Splitter(200, 0).split(text))


@given(st.text(alphabet="ab .。\nไท中", max_size=400), st.integers(50, 120), st.integers(0, 20))
def test_no_character_is_lost_or_changed_and_none_is_too_long(text: str, length: int, overlap: int) -> None:
    parts = Splitter(length, overlap).split(text)
    assert all(width(part) <= length and part.strip() == part for part in parts)
    assert all(part in text for part in parts)
    if overlap == 0:
        assert "".join("".join(parts).split()) == "".join(text.split())


def test_overlap_repeats_the_end_of_the_passage_before() -> None:
    parts = Splitter(300, 140).split(texts("en"))
    repeated = [set(re.split(r"(?<=\.) ", one)) & set(re.split(r"(?<=\.) ", two)) for one, two in pairwise(parts)]
    assert sum(map(bool, repeated)) > len(parts) / 3


def test_a_folder_gives_its_documents_in_order(tmp_path: Path) -> None:
    for name in ("b/two.txt", "a.md", ".hidden/x.txt", "b/.x.md", "pic.png", "b/bad.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"\xff\x00\xe9" if "bad" in name else b"text of " + name.encode())
    source = open_source(str(tmp_path))
    rows = list(source.rows())
    assert [row.where for row in rows] == ["a.md", "b/bad.txt", "b/two.txt"] and source.splits
    assert rows[1].content is None and rows[2].content == {
        "id": "b/two.txt",
        "text": "text of b/two.txt",
        "title": None,
    }
    assert list(source.rows(2)) == rows[2:] and rows[-1].at == source.size()
    stamp = source.stamp()
    (tmp_path / "a.md").write_bytes(b"other")
    assert source.stamp() != stamp
    one = list(open_source(str(tmp_path / "a.md")).rows())
    assert [row.where for row in one] == ["a.md"]
