"""What a job given from afar may read: the server's other files are nobody's business."""

from __future__ import annotations

from pathlib import Path

from index.errors import InvalidInput
from index.jobs.spec import JobSpec
from index.readers.hub_dataset import PREFIX
from index.readers.opening import is_url

__all__ = ["require_allowed"]


def require_allowed(spec: JobSpec, allowed: list[str]) -> None:
    """Raise InvalidInput unless every source, and the file of the gate, lies where reading is allowed.

    allowed: folders and beginnings of URLs, as ISOGLOT_JOB_SOURCES lists them.
    """
    for name in (*spec.sources, *([spec.gate] if spec.gate else [])):
        if not any(_lies_in(name, place) for place in allowed):
            raise InvalidInput(
                f"{name!r} may not be read; allowed: {', '.join(allowed) or 'none'} (ISOGLOT_JOB_SOURCES). Data sets "
                "are written hf:ORGANISATION/NAME; passages can also be sent to POST /collections/NAME/passages.",
                source=name,
                allowed=allowed,
            )
    if spec.live_encoder:
        raise InvalidInput("live_encoder can be given on the command line only; it loads an encoder by name.")


def _lies_in(name: str, place: str) -> bool:
    if _is_remote(name) or _is_remote(place):
        # A beginning ends at a slash: "s3://docs" must not open "s3://docs-of-others".
        return name.startswith(place if place.endswith(("/", ":")) else f"{place}/") and ".." not in name.split("/")
    return Path(name).resolve().is_relative_to(Path(place).resolve())


def _is_remote(name: str) -> bool:
    return is_url(name) or name.startswith(PREFIX)
