"""A row to passages, or to the reason why it is none: checks, language, splitting."""

from __future__ import annotations

from collections.abc import Collection as Collected
from dataclasses import dataclass
from typing import Any

from index.errors import InvalidInput
from index.jobs.spec import JobSpec
from index.languages import UNDETERMINED, detect_language, language_code
from index.passages import MAX_ID_CHARACTERS, Passage
from index.readers.rows import EXCERPT_CHARACTERS, Row
from index.readers.splitting import Splitter

__all__ = ["Checked", "Checker", "Rejection"]


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a row, or a passage of it, is not indexed.

    id: None when it has none that can be read. language: given or detected, "und" otherwise.
    """

    reason: str
    language: str
    id: str | None = None
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What one row holds: passages, or rejections, or, of a document, both."""

    row: Row
    passages: list[Passage]
    rejections: list[Rejection]


class Checker:
    """Turns rows into passages.

    allowed: closed list of languages for detection; None means any.
    Raises InvalidInput when texts are to be split and the splitter is not installed.
    """

    def __init__(self, spec: JobSpec, allowed: Collected[str] | None = None) -> None:
        self._spec, self._allowed = spec, allowed
        self._splitter: Splitter | None = None

    def check(self, row: Row, splits: bool) -> Checked:
        """Check one row. splits: whether its source holds whole documents."""
        if row.content is None:
            return Checked(row, [], [Rejection(row.fault, self._language(None, row.excerpt), excerpt=row.excerpt)])
        parts = self._parts(row.content) if (splits if self._spec.split is None else self._spec.split) else None
        passages: list[Passage] = []
        rejections: list[Rejection] = []
        for content in [row.content] if parts is None else parts:
            try:
                passages.append(Passage.from_json(content, self._allowed))
            except InvalidInput as error:
                rejections.append(self._rejection(content, error.message))
        return Checked(row, passages, rejections)

    def _parts(self, content: dict[str, Any]) -> list[dict[str, Any]] | None:
        """A document's passages as lines; None leaves a text that is none to the check of passages."""
        text = content.get("text")
        if not isinstance(text, str) or not isinstance(content.get("id"), str):
            return None
        self._splitter = self._splitter or Splitter(self._spec.length, self._spec.overlap)
        parts = self._splitter.split(text)
        language = content.get("language")
        return [
            {**content, "id": f"{content['id']}#{number}", "text": part, "language": language or self._of(part, text)}
            for number, part in enumerate(parts, start=1)
        ] or None

    def _of(self, part: str, text: str) -> str:
        """A part's language; that of the whole where the part alone does not show it."""
        code = detect_language(part, self._allowed).code
        return detect_language(text, self._allowed).code if code == UNDETERMINED else code

    def _rejection(self, content: dict[str, Any], reason: str) -> Rejection:
        text, given, identity = (content.get(name) for name in ("text", "language", "id"))
        excerpt = _speakable(text if isinstance(text, str) else "", EXCERPT_CHARACTERS)
        known = _speakable(identity.strip(), MAX_ID_CHARACTERS) if isinstance(identity, str) else None
        return Rejection(reason, self._language(given, excerpt), known or None, excerpt)

    def _language(self, given: Any, excerpt: str) -> str:
        try:
            return language_code(given) if given else detect_language(excerpt, self._allowed).code
        except InvalidInput:
            return UNDETERMINED


def _speakable(text: str, characters: int) -> str:
    """The beginning of a text; lone surrogates cannot be written, nor detected."""
    return text[:characters].encode(errors="replace").decode()
