"""Commands out of Markdown: fenced blocks with the reason why one is not run, and simple commands out of a block."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_RUN = re.compile(r"<!-- not run: (.+?) -->\s*\Z")
FIRST = re.compile(r"<!-- first: (.+?) -->\s*\Z")
_FENCE = re.compile(r"(?ms)^( *)```(\w*)[^\n]*\n(.*?)^ *```")
_HEREDOC = re.compile(r"<<-?\s*'?(\w+)'?")
_OPERATORS = {"|", "||", "&", "&&", ";"}


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the line it begins at, and why it is not run (None: it is).

    first: what the text around it takes for done, such as `make serve`; run before it, "" for nothing.
    """

    page: Path
    language: str
    text: str
    line: int
    reason: str | None
    first: str


def pages() -> list[Path]:
    """README and everything a reader meets, but for what is made from code."""
    front = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "models" / "isoglot-static" / "README.md"]
    return front + [path for path in sorted((ROOT / "docs").rglob("*.md")) if path.name != "command-line.md"]


def blocks(page: Path, *languages: str) -> list[Block]:
    """The page's blocks in these languages, in order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        if match[2] in languages:
            mark, first = NOT_RUN.search(text[: match.start()]), FIRST.search(text[: match.start()])
            line = text.count("\n", 0, match.start()) + 1
            found.append(Block(page, match[2], match[3], line, mark[1] if mark else None, first[1] if first else ""))
    return found


def commands(text: str) -> Iterator[list[str]]:
    """The simple commands of a shell block, as words; redirections and the bodies of here-documents are left out."""
    waits_for = None
    for line in text.replace("\\\n", " ").splitlines():
        if waits_for is not None:
            waits_for = None if line.strip() == waits_for else waits_for
            continue
        if match := _HEREDOC.search(line):
            waits_for = match[1]
            line = line[: match.start()]
        yield from _simple(re.sub(r"(^|\s)#\s.*$", "", line).removeprefix("$ "))


def _simple(line: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split, lexer.commenters = True, ""
    words: list[str] = []
    skip = False
    for word in lexer:
        if skip:
            skip = False
        elif word in _OPERATORS:
            if words:
                yield words
            words = []
        elif set(word) <= set("<>"):
            skip = True
        else:
            words.append(word)
    if words:
        yield words


def inline(page: Path) -> Iterator[tuple[int, list[str]]]:
    """Commands of `isoglot` and `make` that stand between backticks in the text, with their lines."""
    text = _FENCE.sub(lambda match: "\n" * match[0].count("\n"), page.read_text(encoding="utf-8"))
    for match in re.finditer(r"(?<!`)`((?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?(?:isoglot|make) [^`]+)`(?!`)", text):
        for words in _simple(" ".join(match[1].split())):
            yield text.count("\n", 0, match.start()) + 1, words
