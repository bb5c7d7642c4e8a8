"""The encoders that the collections of one process may use, each loaded once.

A collection remembers the name and the fingerprint of the encoder that filled it. Whichever of the known
encoders has that fingerprint is the collection's: the one that is set (ISOGLOT_ENCODER), those bundled, and
those listed (ISOGLOT_ENCODERS). Nothing else is ever loaded, whatever a request or a collection says.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from index.encoder import Encoder
from index.encoder_folder import DESCRIPTION, EncoderDescription, bundled_encoders
from index.errors import NotFound
from index.hub import is_hub_id, name_in_cache

__all__ = ["Encoders"]

_MARKS = (DESCRIPTION, "model.onnx", "onnx/model.onnx")
"""One of these makes a folder an encoder's."""


class Encoders:
    """Encoders by name, and by what a collection remembers.

    name: how the encoder that is set is named. load: loads it, once. places: further ones: hub ids, encoder
    folders, and folders that hold encoder folders. threads, offline: as for `Encoder`.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[], Encoder],
        places: Sequence[str] = (),
        threads: int | None = None,
        offline: bool = False,
    ) -> None:
        self._name, self._load = name, load
        self._places, self._threads, self._offline = places, threads, offline
        self._loaded: dict[str, Encoder] = {}
        self._lock = threading.RLock()

    @property
    def default(self) -> Encoder:
        """The encoder that is set."""
        return self.named(self._name)

    def loaded(self) -> list[Encoder]:
        """Those in memory, the one that is set first."""
        return sorted(self._loaded.values(), key=lambda encoder: encoder is not self._loaded.get(self._name))

    def names(self) -> list[str]:
        """Names by which encoders can be asked for."""
        return sorted({self._name, *self._choices()})

    def named(self, name: str) -> Encoder:
        """The encoder of one of `names`, loaded if need be.

        Raises NotFound telling them for any other name, and what loading it raises.
        """
        with self._lock:
            if name in self._loaded:
                return self._loaded[name]
            choices = self._choices()
            if name == self._name:
                self._loaded[name] = self._load()
            elif name in choices:
                self._loaded[name] = Encoder(choices[name], self._threads, offline=self._offline)
            else:
                raise NotFound(
                    f"There is no encoder {name[:80]!r} here; there are: {', '.join(self.names())}. Others must be "
                    "listed in ISOGLOT_ENCODERS.",
                    given=name[:80],
                    encoders=self.names(),
                )
            return self._loaded[name]

    def of(self, facts: Mapping[str, str]) -> Encoder | None:
        """The encoder that filled a collection, by what the collection remembers; None when it is not known here."""
        wanted = facts.get("fingerprint")
        with self._lock:
            for encoder in self._loaded.values():
                if encoder.fingerprint == wanted:
                    return encoder
            for name in self._likely(facts):
                if (encoder := self.named(name)).fingerprint == wanted:
                    return encoder
            # Who changes to another encoder looks for the one that is set, which nobody has loaded then.
            return self.default if self.default.fingerprint == wanted else None

    def _likely(self, facts: Mapping[str, str]) -> Iterator[str]:
        """Encoders worth loading: an Isoglot folder says its fingerprint, of others the name must fit."""
        for name, place in self._choices().items():
            description = bundled_encoders().get(place, Path(place)) / DESCRIPTION
            if description.is_file():
                if _fingerprint(description) == facts.get("fingerprint"):
                    yield name
            elif facts.get("encoder") in _known_as(place):
                yield name

    def _choices(self) -> dict[str, str]:
        """Name → folder, bundled name or hub id."""
        choices = {name: name for name in bundled_encoders()}
        for place in self._places:
            folder = Path(place)
            if is_hub_id(place) and not folder.is_dir():
                choices |= {place: place, place.partition("@")[0]: place}
            elif _is_encoder(folder):
                choices |= {place: place, folder.name: place}
            else:
                choices |= {child.name: str(child) for child in sorted(folder.glob("*")) if _is_encoder(child)}
        return choices


def _is_encoder(folder: Path) -> bool:
    return any((folder / mark).is_file() for mark in _MARKS)


def _fingerprint(path: Path) -> str | None:
    try:
        return EncoderDescription.model_validate_json(path.read_bytes()).fingerprint
    except (OSError, ValidationError):  # loading it tells what is wrong, to whoever asks for it by name
        return None


def _known_as(place: str) -> set[str | None]:
    return {place.partition("@")[0], Path(place).resolve().name, name_in_cache(Path(place))}
