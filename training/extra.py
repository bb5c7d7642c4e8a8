"""Whether what training and judging need is installed: `isoglot search` must start without any."""

from __future__ import annotations

from index import extras

__all__ = ["require_extra"]


def require_extra(*modules: str, extra: str = "train") -> None:
    """Raise InvalidInput, with what to install, when one of the modules a verb needs is missing.

    modules: none means what training itself needs.
    """
    extras.require_extra(
        "This", *(modules or ("sentence_transformers",)), extra="train" if extra == "train" else f"train,{extra}"
    )
