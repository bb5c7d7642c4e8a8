"""Whether an extra is installed: serving must start without any."""

from __future__ import annotations

import importlib.util

from index.errors import InvalidInput

__all__ = ["require_extra"]


def require_extra(what: str, *modules: str, extra: str = "jobs") -> None:
    """Raise InvalidInput, with what to install, when a module is missing that something needs.

    what: what needs them, as the beginning of a sentence.
    """
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise InvalidInput(
            f"{what} needs {', '.join(missing)}: pip install 'isoglot[cpu,{extra}]' (in a clone: make install-all).",
            missing=missing,
            extra=extra,
        )
