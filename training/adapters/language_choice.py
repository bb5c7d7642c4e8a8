"""Which language a data set's rows are in, and which of its files to read."""

from __future__ import annotations

from collections.abc import Mapping

from index.errors import InvalidInput, UnknownLanguage
from training.adapters.origin import Origin

__all__ = ["files_by_language", "only_language"]


def only_language(origin: Origin, default: str | None = None) -> str:
    """The language of rows that do not name theirs.

    default: the data set's own; None where it has several. Raises InvalidInput unless exactly one is known.
    """
    if origin.languages is not None and len(origin.languages) == 1:
        return origin.languages[0]
    if origin.languages is None and default is not None:
        return default
    raise InvalidInput(
        f"The rows of {origin.name} at {origin.at} do not say which language they are in; "
        f"give exactly one with --languages, got {', '.join(origin.languages or []) or 'none'}."
    )


def files_by_language(origin: Origin, files: Mapping[str, str]) -> dict[str, str] | None:
    """The files to read of a data set that keeps each language in its own.

    files: language code → path within the data set.
    None when the origin is something else than the data set or a folder laid out like it.
    Raises UnknownLanguage when a folder lacks a language asked for.
    """
    if origin.is_local:
        there = {code: file for code, file in files.items() if origin.has(file)}
        if not there:
            return None
        missing = set(origin.languages or ()) - set(there)
        if missing:
            raise UnknownLanguage(
                f"{origin.at} has no file for {', '.join(sorted(missing))}; it has {', '.join(sorted(there))}.",
                available=sorted(there),
            )
        files = there
    return {code: files[code] for code in origin.languages or files}
