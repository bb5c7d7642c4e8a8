"""Silence for the bars and reports of transformers, which would break ours."""

from __future__ import annotations

__all__ = ["quieten"]


def quieten() -> None:
    """Have transformers show errors only, in this process."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
