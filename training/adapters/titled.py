"""A passage that stands under a title."""

from __future__ import annotations

from training.adapters.rows import Row

__all__ = ["titled_text"]


def titled_text(passage: Row) -> str:
    """Title and text in two lines, as the index encodes them; "" when there is no text.

    The title may be missing; raises SchemaDrift for a missing text.
    """
    text = passage.text("text")
    title = passage.text("title").strip() if "title" in passage.values else ""
    return f"{title}\n{text}" if title and text.strip() else text
