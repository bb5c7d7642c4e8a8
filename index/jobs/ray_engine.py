"""Reading and encoding on a Ray cluster, as stages of Ray Data; comparing and writing stay here.

Order is preserved, so positions mean what they mean on one machine, and a job may go on with the other
engine. Each source is read by one task that streams; actors encode. What is stored already is known to
them by hashes of content and not encoded. Ray runs the tasks of a lost actor or node again.

RAY_ADDRESS says which cluster (`ray://HOST:10001`); without it one is started on this machine. Sources
and encoder must be there under the same name on every machine: URLs, the hub, or a shared file system.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from index.collection import Collection
from index.encoder import Encoder
from index.errors import InvalidInput, IsoglotError
from index.extras import require_extra
from index.jobs.checking import Checker
from index.jobs.reading import Item, read
from index.jobs.sifting import content_hash
from index.jobs.spec import JobSpec
from index.jobs.state import Position
from index.passages import Passage
from index.readers import open_source
from index.readers.opening import STDIN
from index.settings import IndexSettings

__all__ = ["ClusterUnreachable", "read_and_encode"]

_BLOCK_BYTES = 1024 * 1024
"""Ray's blocks hold 128 MiB by default: hundreds of batches that would be encoded by one actor."""

_READING_CPUS = 0.5
"""Unlike the actors' share, or Ray runs both stages in one actor and encodes a file on one core."""


class ClusterUnreachable(IsoglotError):
    """A Ray cluster cannot be connected to now."""

    code = "cluster_unreachable"


def read_and_encode(spec: JobSpec, settings: IndexSettings, target: Collection, start: Position) -> Iterator[Item]:
    """Yield the rows behind a position, checked and encoded, in order.

    Raises InvalidInput for standard input, or when Ray is not installed; ClusterUnreachable.
    """
    require_extra("The engine ray", "ray", extra="jobs,ray")
    if STDIN in spec.sources:
        raise InvalidInput("Standard input cannot be read on a cluster; give a file, or use the local engine.")
    import ray

    is_ours = not ray.is_initialized()
    if is_ours:
        _connect(ray)
    try:
        context = ray.data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.target_max_block_size = _BLOCK_BYTES
        context.enable_progress_bars = False
        for block in _dataset(ray, spec, settings, target, start).iter_batches(batch_size=None, batch_format="pyarrow"):
            for body in block["body"].to_pylist():
                yield from _unpacked(body)
    finally:
        if is_ours:
            ray.shutdown()


def _connect(ray: Any) -> None:
    """Connect to the cluster RAY_ADDRESS names, or start one."""
    address = os.environ.get("RAY_ADDRESS")
    try:
        ray.init(log_to_driver=False, logging_level="ERROR", include_dashboard=False)
    except (ConnectionError, TimeoutError) as error:
        raise ClusterUnreachable(
            f"The Ray cluster {address or 'of this machine'} does not answer ({error}). RAY_ADDRESS names it, as "
            "ray://HOST:10001; unset, one is started here. The same command goes on.",
            address=address,
        ) from error


def _dataset(ray: Any, spec: JobSpec, settings: IndexSettings, target: Collection, start: Position) -> Any:
    starts = [
        {"source": number, "rows": start.rows if number == start.source else 0}
        for number in range(start.source, len(spec.sources))
    ]
    cores = settings.threads or 1
    actors = max(1, int((ray.cluster_resources().get("CPU", 1) - _READING_CPUS) // cores))
    dataset = ray.data.from_items(starts, override_num_blocks=max(1, len(starts)))
    dataset = dataset.map_batches(
        _Reading(spec, settings.languages), batch_size=1, batch_format="pyarrow", num_cpus=_READING_CPUS
    )
    return dataset.map_batches(
        _Encoding,
        fn_constructor_args=(settings.encoder, settings.query_prompt, settings.passage_prompt, cores, _known(target)),
        batch_size=None,
        batch_format="pyarrow",
        num_cpus=cores,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=actors),
    )


def _known(target: Collection) -> np.ndarray:
    """Hashes of what is stored: (n,) uint64, sorted. A false match costs an encoding later, nothing else."""
    fingerprint = target.encoder.fingerprint
    hashes = (_short(passage, fingerprint) for block in target.index.scan() for passage in block.passages)
    return np.sort(np.fromiter(hashes, dtype=np.uint64))


def _short(passage: Passage, fingerprint: str) -> int:
    return int.from_bytes(content_hash(passage, fingerprint)[:8])


class _Reading:
    """The first stage: a source from a row on → packs of checked rows."""

    def __init__(self, spec: JobSpec, allowed: list[str] | None) -> None:
        self._spec, self._allowed = spec, allowed

    def __call__(self, batch: Any) -> Iterator[dict[str, list[bytes]]]:
        """Yield packs of about a batch."""
        checker = Checker(self._spec, self._allowed)
        for row in batch.to_pylist():
            number = row["source"]
            source = open_source(self._spec.sources[number], self._spec.columns)
            found = read([source], checker, Position(0, row["rows"]))
            items = (replace(item, end=Position(number, item.end.rows)) for item in found)
            while pack := list(islice(items, self._spec.batch)):
                yield {"body": [pickle.dumps(pack)]}


class _Encoding:
    """The second stage: an actor with an encoder of its own.

    known: hashes of what is stored, (n,) uint64, sorted.
    """

    def __init__(
        self, encoder: str, query_prompt: str | None, passage_prompt: str | None, threads: int, known: np.ndarray
    ) -> None:
        self._encoder = Encoder(encoder, threads, query_prompt, passage_prompt)
        self._known = known

    def __call__(self, batch: Any) -> dict[str, list[bytes]]:
        """Packs with the vectors of what is not stored."""
        return {"body": [pickle.dumps(self._encoded(_unpacked(body))) for body in batch["body"].to_pylist()]}

    def _encoded(self, items: list[Item]) -> list[Item]:
        fresh = [passage for item in items for passage in item.checked.passages if self._is_fresh(passage)]
        if not fresh:
            return items
        embedded = self._encoder.embed([passage.searchable for passage in fresh], "passage")
        told = zip(fresh, embedded.vectors, embedded.truncated, strict=True)
        # By object, for an id may stand twice; of two the first is written.
        vectors = {id(passage): (vector, bool(is_cut)) for passage, vector, is_cut in told}
        return [replace(item, vectors=_of(item, vectors)) for item in items]

    def _is_fresh(self, passage: Passage) -> bool:
        short = np.uint64(_short(passage, self._encoder.fingerprint))
        place = int(np.searchsorted(self._known, short))
        return place == len(self._known) or self._known[place] != short


def _of(item: Item, vectors: dict[int, tuple[np.ndarray, bool]]) -> dict[str, tuple[np.ndarray, bool]]:
    return {passage.id: vectors[id(passage)] for passage in item.checked.passages if id(passage) in vectors}


def _unpacked(body: bytes) -> list[Item]:
    # Packed by our own stages; whoever can write to the cluster can run code there anyway.
    items: list[Item] = pickle.loads(body)  # noqa: S301
    return items
