"""Encoders from the Hugging Face hub, by id.

Files land in the hub's own cache: HF_HOME says where, HF_ENDPOINT which hub, HF_TOKEN who
asks, HF_HUB_OFFLINE=1 that nothing is asked at all.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from index.errors import InvalidInput, IsoglotError, NotFound

__all__ = ["HubUnreachable", "fetch_encoder", "is_hub_id", "name_in_cache"]

_HUB_ID = re.compile(r"(?P<id>[\w-][\w.-]*/[\w.-]+)(@(?P<revision>[\w./-]+))?")

_PATTERNS = ["*.json", "model.onnx*", "onnx/model.onnx*", "*_Dense*/model.safetensors"]
"""What serving needs; a repository holds the same weights in half a dozen other forms."""


class HubUnreachable(IsoglotError):
    """The hub does not answer and the cache does not have the encoder."""

    code = "hub_unreachable"


def is_hub_id(name: str) -> bool:
    """Whether a name has the form of a hub id, `organisation/model` or `organisation/model@revision`."""
    return _HUB_ID.fullmatch(name) is not None


def fetch_encoder(name: str) -> Path:
    """Download an encoder, or find it in the cache, and return its folder.

    name: `organisation/model`, with `@revision` (branch, tag or commit) to pin it. Without a
    network the cached copy is used. Raises NotFound when the hub does not have it or does not
    show it, HubUnreachable when the hub does not answer and nothing is cached.
    """
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
            snapshot_download(match["id"], revision=match["revision"], allow_patterns=_PATTERNS, endpoint=endpoint)
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
