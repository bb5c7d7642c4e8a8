"""The demo set: 48 topics in 12 languages, written for this project.

`passages.jsonl` holds passage lines, `questions.jsonl` two questions per topic in every
language; a question's right answers are the passages of its topic, in any language.
`by_hand.jsonl` holds 20 questions a language, written in that language and not parallel, the
way people type them; `benchmarks/by_hand.py` shows which of them go wrong.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

__all__ = ["DEMO", "by_hand_questions", "demo_passages", "demo_questions"]


DEMO = "demo"
"""Name of the collection it fills."""


def _lines(name: str) -> list[dict[str, Any]]:
    text = files(__name__).joinpath(name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def demo_passages() -> list[dict[str, Any]]:
    """The 576 passages: id, language, title, text, metadata.topic."""
    return _lines("passages.jsonl")


def demo_questions() -> list[dict[str, Any]]:
    """The 96 questions: id, topic, questions (language → text)."""
    return _lines("questions.jsonl")


def by_hand_questions() -> list[dict[str, Any]]:
    """The 240 questions written by hand: id, language, topic, passages (ids, in its language), question."""
    return _lines("by_hand.jsonl")
