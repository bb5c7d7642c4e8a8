"""What a key may do."""

from typing import Literal

__all__ = ["Scope"]

Scope = Literal["read", "write", "admin"]
"""Each scope allows what those before it allow: search and embed; store and delete passages; the rest."""
