"""Which encoder filled a collection, and what to do where another is loaded: vectors of two must never meet."""

from __future__ import annotations

from index.backend import PassageIndex
from index.encoder import Encoder
from index.errors import EncoderMismatch

__all__ = ["making_of", "require_encoder"]


def making_of(encoder: Encoder) -> dict[str, str]:
    """What a new index remembers of the encoder that fills it."""
    return {"encoder": encoder.name, "fingerprint": encoder.fingerprint, "dimension": str(encoder.dimension)}


def require_encoder(index: PassageIndex, encoder: Encoder) -> None:
    """Raise EncoderMismatch unless this encoder filled the index."""
    facts = index.facts()
    if facts.get("fingerprint") != encoder.fingerprint:
        raise EncoderMismatch(
            f"Collection {index.name!r} was filled by encoder {facts.get('encoder')!r} "
            f"({str(facts.get('fingerprint'))[:12]}), but the encoder loaded is {encoder.name!r} "
            f"({encoder.fingerprint[:12]}). {_remedy(index.name, encoder.name, facts.get('encoder'))}",
            collection=index.name,
            filled_by=facts.get("encoder"),
            fingerprint=facts.get("fingerprint"),
            loaded=encoder.name,
        )


def _remedy(collection: str, loaded: str, filled_by: str | None) -> str:
    if filled_by == loaded:
        return (
            "An earlier version of this encoder filled it: have its passages encoded anew (isoglot index reencode "
            f"{collection}), or list a kept folder of the earlier encoder in ISOGLOT_ENCODERS."
        )
    return (
        "Load that encoder (ISOGLOT_ENCODER, or list it in ISOGLOT_ENCODERS), or have its passages encoded anew: "
        f"isoglot index reencode {collection}."
    )
