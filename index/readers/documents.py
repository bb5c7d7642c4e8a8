"""Text, Markdown and HTML files to title and text.

Markdown is rendered by `markdown-it-py`, HTML laid out by `inscriptis`, which joins inline elements
as a browser does: "<b>中</b>文" stays one word.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any, NamedTuple

from index.errors import InvalidInput
from index.extras import require_extra

__all__ = ["SUFFIXES", "Document", "read_document"]

_TEXT, _MARKDOWN, _HTML = {".txt", ".text"}, {".md", ".markdown"}, {".html", ".htm", ".xhtml"}

SUFFIXES = frozenset(_TEXT | _MARKDOWN | _HTML)
"""Of the files that are read in a folder; others are left alone."""

_ASIDE = ("script", "style", "noscript", "template", "nav", "header", "footer", "aside", "form", "button", "svg")
"""What surrounds an article's text on every page of a site."""

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_MAX_TITLE_CHARACTERS = 200


class Document(NamedTuple):
    """A document's own title, None when it has none, and its text, paragraphs parted by blank lines."""

    title: str | None
    text: str


def read_document(name: str, body: bytes) -> Document:
    """Title and text of a file by its suffix; raises InvalidInput for bytes that are no text."""
    suffix = PurePath(name).suffix.lower()
    text = _decoded(body, declared=suffix in _HTML)
    if suffix in _HTML:
        return _from_html(text)
    if suffix in _MARKDOWN:
        return _from_markdown(text)
    return _from_text(text)


def _decoded(body: bytes, declared: bool) -> str:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        match = _CHARSET.search(body[:2048]) if declared else None
        try:
            if match:
                return body.decode(match[1].decode("ascii"))
        except (LookupError, UnicodeDecodeError):
            pass  # the page declares what it is not; told below
        raise InvalidInput(f"The file is not UTF-8 ({error.reason} at byte {error.start}); convert it.") from error


def _from_text(text: str) -> Document:
    """The first line is the title when a blank line follows it."""
    first, _, rest = text.lstrip().partition("\n")
    is_title = len(first) <= _MAX_TITLE_CHARACTERS and rest.strip() and not rest.partition("\n")[0].strip()
    return Document(first.strip(), rest) if is_title else Document(None, text)


def _from_markdown(text: str) -> Document:
    require_extra("Reading Markdown", "markdown_it", "inscriptis")
    from markdown_it import MarkdownIt

    front, body = _front_matter(text)
    found = _from_html(f"<html><body>{MarkdownIt('commonmark').enable('table').render(body)}</body></html>")
    return Document(front or found.title, found.text)


def _front_matter(text: str) -> tuple[str | None, str]:
    """The title a YAML block at the top names, and what follows the block."""
    match = re.match(r"---\s*\n(.*?)\n(?:---|\.\.\.)\s*\n", text, re.DOTALL)
    if match is None:
        return None, text
    title = re.search(r"^title:\s*(.+)$", match[1], re.MULTILINE)
    return (title[1].strip().strip("\"'") or None) if title else None, text[match.end() :]


def _from_html(text: str) -> Document:
    """The page's main part where it is marked; its first heading is the title, or what `<title>` says."""
    require_extra("Reading HTML", "inscriptis", "lxml")
    import lxml.html
    from inscriptis import Inscriptis
    from lxml.etree import LxmlError

    try:
        # As bytes: lxml refuses text that declares an encoding.
        tree = lxml.html.document_fromstring(text.encode(errors="replace"), lxml.html.HTMLParser(encoding="utf-8"))
    except LxmlError as error:  # nothing in it
        raise InvalidInput(f"The file holds no HTML ({error}).") from error
    title = " ".join((tree.findtext(".//title") or "").split())
    mains = tree.xpath("//main | //*[@role='main']") or tree.xpath("//article")
    part: Any = mains[0] if len(mains) == 1 else tree
    for element in part.xpath(" | ".join(f".//{tag}" for tag in ("head", *_ASIDE))):
        element.drop_tree()
    heading = next(iter(part.xpath(".//h1")), None)
    if heading is not None and (own := " ".join(heading.text_content().split())):
        title = own
        heading.drop_tree()
    return Document(title[:_MAX_TITLE_CHARACTERS] or None, Inscriptis(part).get_text())
