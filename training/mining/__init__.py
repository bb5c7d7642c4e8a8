"""`isoglot mine`: passages that look like answers and are none."""

from __future__ import annotations

__all__: list[str] = []
