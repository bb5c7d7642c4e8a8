"""Vectors on a GPU: the largest parts of segments, as many as a memory budget holds; the rest stays on the processor.

A GPU searches a part exactly. Its own filters are never trusted: the plain flat index of FAISS takes a selector and
ignores it (facebookresearch/faiss#3924), so each language has an index of its own, more is asked for than is
wanted, and what comes back is checked. Where that leaves too little, the processor answers.
"""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import faiss
import numpy as np

from index.local.part import Found, Part
from index.local.probes import Probe, exact_probe
from index.local.segment import Segment

__all__ = ["Budget", "Device", "Gpu", "OnDevice", "find_gpu", "on_gpu", "placement", "sizes_of"]

log = logging.getLogger(__name__)

MOST_HITS = 2048
"""Most neighbours a GPU index of FAISS gives for one query."""

_SHARE_OF_FREE = 0.8
_SPARE = 2
_COPY_AT_ONCE = 100_000


Place = tuple[str, str]
"""A segment and a language: where a part stands."""


class Budget:
    """Bytes of a device's memory, shared by all collections of this process: first come, first served."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._lock = threading.Lock()
        self._taken: dict[object, int] = {}

    def take(self, owner: object, sizes: Mapping[Place, int]) -> set[Place]:
        """The places of an owner that fit beside what others hold, the largest first; it held others before.

        sizes: bytes of each of its places.
        """
        with self._lock:
            left = self.size - sum(taken for other, taken in self._taken.items() if other is not owner)
            chosen = placement(sizes, left)
            self._taken[owner] = sum(sizes[place] for place in chosen)
            return chosen

    def give_back(self, owner: object) -> None:
        """The owner holds nothing any more; others take it when they change next."""
        with self._lock:
            self._taken.pop(owner, None)


class Device(Protocol):
    """What places parts."""

    budget: Budget
    lock: threading.Lock

    def index_of(self, part: Part, dimension: int, is_half: bool) -> Any:
        """The part's vectors, dead ones too, on the device; is_half: as float16."""


class Gpu:
    """The first GPU. size: bytes that vectors may take."""

    def __init__(self, size: int) -> None:
        self.budget = Budget(size)
        self.lock = threading.Lock()  # FAISS' resources serve one search at a time
        self._resources = faiss.StandardGpuResources()

    def index_of(self, part: Part, dimension: int, is_half: bool) -> Any:
        """The part's vectors, dead ones too, on the device; is_half: as float16."""
        config = faiss.GpuIndexFlatConfig()
        config.useFloat16 = is_half
        index = faiss.GpuIndexFlatIP(self._resources, dimension, config)
        for start in range(0, len(part.numbers), _COPY_AT_ONCE):
            index.add(part.exact.reconstruct_n(start, min(_COPY_AT_ONCE, len(part.numbers) - start)))
        return index


@functools.lru_cache(maxsize=1)
def find_gpu(gibibytes: float | None) -> Gpu | None:
    """The GPU to keep vectors on, None without one; the same for all collections of this process.

    gibibytes: memory that vectors may take; None means four fifths of what is free, 0 none.
    """
    if gibibytes == 0:
        return None
    count = faiss.get_num_gpus() if hasattr(faiss, "StandardGpuResources") else 0
    if not count:
        if gibibytes:
            log.warning("ISOGLOT_GPU_MEMORY is %s, but FAISS finds no GPU; vectors stay on the processor.", gibibytes)
        return None
    free = faiss.get_free_memory(0) if hasattr(faiss, "get_free_memory") else 0
    budget = int(gibibytes * 2**30) if gibibytes else int(_SHARE_OF_FREE * free)
    log.info("Vectors may take %.1f GiB of the GPU.", budget / 2**30)
    return Gpu(budget)


def sizes_of(segments: Sequence[Segment]) -> dict[Place, int]:
    """Bytes that each part would take on a device."""
    return {
        (segment.facts.name, code): len(part.numbers) * _bytes(segment)
        for segment in segments
        for code, part in segment.parts.items()
    }


def placement(sizes: Mapping[Place, int], left: int) -> set[Place]:
    """Of places of some bytes those to keep on a device: the largest first, while bytes are left."""
    chosen: set[Place] = set()
    for place, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        if size <= left:
            chosen.add(place)
            left -= size
    return chosen


def _bytes(segment: Segment) -> int:
    return segment.facts.dimension * (4 if segment.facts.storage == "float32" else 2)


def on_gpu(segments: Sequence[Segment], device: Device | None, owner: object) -> tuple[Segment, ...]:
    """An owner's segments, all of them, with their largest parts on the device, as its budget allows.

    Unchanged without a device.
    """
    if device is None:
        return tuple(segments)
    chosen = device.budget.take(owner, sizes_of(segments))
    placed = []
    try:
        for segment in segments:
            codes = [code for code in segment.parts if (segment.facts.name, code) in chosen]
            there = {code: segment.devices.get(code) or _placed(segment, code, device) for code in codes}
            placed.append(replace(segment, devices=there))
    except BaseException:
        device.budget.give_back(owner)
        raise
    return tuple(placed)


def _placed(segment: Segment, code: str, device: Device) -> Any:
    is_half = segment.facts.storage != "float32"
    return OnDevice(device.index_of(segment.parts[code], segment.facts.dimension, is_half), device.lock)


@dataclass(frozen=True, slots=True)
class OnDevice:
    """One part's vectors on a device."""

    index: Any
    lock: threading.Lock

    def probe(self, part: Part, mask: np.ndarray | None) -> Probe:
        """How to look into the part, at the rows mask allows; None allows all."""
        return _DeviceProbe(self, part.numbers, mask, exact_probe(part, mask))


@dataclass(frozen=True, slots=True)
class _DeviceProbe:
    device: OnDevice
    numbers: np.ndarray
    mask: np.ndarray | None
    processor: Probe

    def nearest(self, vectors: np.ndarray, k: int, times: int = 1) -> Found:
        """The k nearest to each of vectors, (n, dim) float32, and those behind them."""
        k *= times
        size = len(self.numbers)
        allowed = size if self.mask is None else int(np.count_nonzero(self.mask))
        wanted = min(k, allowed)
        # As many more as the share of rows that will be thrown away, twice over.
        asked = wanted if allowed == size else min(size, _SPARE * -(-wanted * size // max(allowed, 1)))
        if asked > MOST_HITS:
            return self.processor.nearest(vectors, k)
        with self.device.lock:
            scores, rows = self.device.index.search(vectors, asked)
        is_hit = (rows >= 0) & (rows < size)
        if self.mask is not None:
            is_hit &= self.mask[np.where(is_hit, rows, 0)]
        if (is_hit.sum(axis=1) < wanted).any():
            return self.processor.nearest(vectors, k)
        order = np.argsort(np.where(is_hit, -scores, np.inf), axis=1, kind="stable")[:, :wanted]
        numbers = np.where(is_hit, self.numbers[np.where(is_hit, rows, 0)], -1)
        return np.take_along_axis(scores, order, axis=1), np.take_along_axis(numbers, order, axis=1)
