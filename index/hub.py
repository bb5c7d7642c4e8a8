"""Encoders from the Hugging Face hub, by id.

The SHA-256 of every file is kept beside the files when they first come, and checked whenever they are
used again: a commit's files never change, so a difference is damage.

Files land in the hub's own cache: HF_HOME says where, HF_ENDPOINT which hub, HF_TOKEN who
asks, HF_HUB_OFFLINE=1 (or ISOGLOT_OFFLINE=true) that nothing is asked at all.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from pathlib import Path

from index.errors import DamagedEncoder, InvalidInput, IsoglotError, NotFound

__all__ = ["HubUnreachable", "fetch_encoder", "file_hash", "is_hub_id", "name_in_cache"]

_HUB_ID = re.compile(r"(?P<id>[\w-][\w.-]*/[\w.-]+)(@(?P<revision>[\w./-]+))?")

_PATTERNS = ["*.json", "model.onnx*", "onnx/model.onnx*", "*_Dense*/model.safetensors"]
"""What serving needs; a repository holds the same weights in half a dozen other forms."""


_CHECKSUMS = "isoglot-checksums.json"

_log = logging.getLogger(__name__)


class HubUnreachable(IsoglotError):
    """The hub does not answer and the cache does not have the encoder."""

    code = "hub_unreachable"


def is_hub_id(name: str) -> bool:
    """Whether a name has the form of a hub id, `organisation/model` or `organisation/model@revision`."""
    return _HUB_ID.fullmatch(name) is not None


def fetch_encoder(name: str, offline: bool = False) -> Path:
    """Download an encoder, or find it in the cache, and return its folder.

    name: `organisation/model`, with `@revision` (branch, tag or commit) to pin it. Without a
    network the cached copy is used. offline: the hub is never asked. Raises NotFound when the hub does not
    have it or does not show it, HubUnreachable when the hub does not answer and nothing is cached,
    DamagedEncoder when a cached file is not what it was.
    """
    folder = _download(name, offline)
    _check_kept(folder, name)
    return folder


def _download(name: str, offline: bool) -> Path:
    # Here, because a bundled encoder or a folder should not pay for the import (0.3 s).
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    match = _HUB_ID.fullmatch(name)
    if match is None:
        raise InvalidInput(f"{name!r} is not a hub id; give organisation/model or organisation/model@revision.")
    try:
        # The library itself reads the variable once, when it is imported.
        endpoint = os.environ.get("HF_ENDPOINT")
        return Path(
            snapshot_download(
                match["id"],
                revision=match["revision"],
                allow_patterns=_PATTERNS,
                endpoint=endpoint,
                local_files_only=offline,
            )
        )
    except GatedRepoError as error:
        raise NotFound(
            f"The encoder {name} is gated: accept its terms on the hub and set HF_TOKEN.", given=name
        ) from error
    except RevisionNotFoundError as error:
        raise NotFound(f"{match['id']} has no revision {match['revision']!r} on the hub.", given=name) from error
    except RepositoryNotFoundError as error:
        raise NotFound(
            f"There is no encoder {name!r}: no such folder here and no such model on the hub (a private one needs "
            "HF_TOKEN).",
            given=name,
        ) from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise HubUnreachable(
            f"{name} is neither a folder nor in the hub's cache, and the hub cannot be asked: {_reason(error)}. Check "
            "the network, HF_ENDPOINT and HF_HUB_OFFLINE, or download the encoder elsewhere and give its folder.",
            given=name,
        ) from error


def _check_kept(folder: Path, name: str) -> None:
    """Keep the checksums of a snapshot's files, or compare with those kept; more files may come later."""
    path = folder / _CHECKSUMS
    kept: dict[str, str] = json.loads(path.read_bytes()) if path.is_file() else {}
    files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file() and file != path}
    found = {place: file_hash(file) for place, file in sorted(files.items())}
    if changed := [place for place, checksum in kept.items() if found.get(place) != checksum]:
        raise DamagedEncoder(
            f"{changed[0]} of {name} is not the file that was fetched (SHA-256 differs). Delete {folder} and fetch it "
            "again.",
            path=str(folder),
            files=changed,
        )
    if found != kept:
        try:
            path.write_text(json.dumps(found, indent=2), encoding="utf-8")
        except OSError as error:  # a cache mounted read-only serves as well
            _log.warning("The checksums of %s cannot be kept: %s.", name, error)


def file_hash(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _reason(error: Exception) -> str:
    """The cause that says most: the innermost one, on one line."""
    while isinstance(error.__cause__, Exception):
        error = error.__cause__
    return " ".join(str(error).split()) or type(error).__name__


def name_in_cache(folder: Path) -> str | None:
    """The hub id of a snapshot in the hub's cache; None for any other folder."""
    snapshots = folder.parent
    if snapshots.name != "snapshots" or not snapshots.parent.name.startswith("models--"):
        return None
    return snapshots.parent.name.removeprefix("models--").replace("--", "/", 1)
