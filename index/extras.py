"""Whether an extra is installed: serving must start without any."""

from __future__ import annotations

import importlib.util

from index.errors import InvalidInput

__all__ = ["how_to_install", "require_extra"]


def require_extra(what: str, *modules: str, extra: str = "jobs") -> None:
    """Raise InvalidInput, with what to install, when a module is missing that something needs.

    what: what needs them, as the beginning of a sentence.
    """
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise InvalidInput(f"{what} needs {', '.join(missing)}. {how_to_install(extra)}", missing=missing, extra=extra)


def how_to_install(extra: str) -> str:
    """A sentence with the command that brings an extra into a clone. extra: one name, or several with commas."""
    verb = "install-ray" if "ray" in extra.split(",") else "install-all"
    return f"In the clone: make {verb}, or .venv/bin/pip install -c constraints.txt -e '.[cpu,{extra}]'."
