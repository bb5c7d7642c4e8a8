"""From an encoder's name to its judgement: load, encode (what is cached is not encoded again), judge."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from rich.progress import Progress

from index.encoder_folder import bundled_encoders
from index.errors import InvalidInput, NotFound
from index.foreign_encoder import Prompts
from index.hub import is_hub_id
from training.benchmarks.base import Benchmark
from training.judging.encodings import encode_cached, encoder_hash
from training.judging.evaluate import judge, passage_texts
from training.judging.judgement import Judgement
from training.judging.overlap import overlap_notes
from training.judging.scorers import VectorScorer
from training.text_encoder import load_text_encoder, says_its_prompts

__all__ = ["BM25", "judge_encoder", "require_names"]

BM25 = "bm25"
"""Name of the lexical baseline."""


def require_names(names: Sequence[str]) -> None:
    """Check names before any work: NotFound for one that cannot be an encoder, InvalidInput for one given twice."""
    for number, name in enumerate(names):
        if name in names[:number]:
            raise InvalidInput(f"Encoder {name!r} was given twice; give each encoder once.", given=name)
        if not (name == BM25 or name in bundled_encoders() or Path(name).is_dir() or is_hub_id(name)):
            raise NotFound(
                f"There is no encoder {name!r}: it is neither {BM25}, a bundled encoder "
                f"({', '.join(bundled_encoders())}), a folder nor a hub id (organisation/name).",
                given=name,
            )


def judge_encoder(
    name: str,
    benchmark: Benchmark,
    context: str = "sentence",
    cache: Path | None = None,
    data: Path | None = None,
    prompts: Prompts | None = None,
    progress: Progress | None = None,
) -> Judgement:
    """Judge an encoder, or BM25, by name.

    name: as `load_text_encoder` takes it, or "bm25". context: "sentence", or "paragraph" to encode each
    passage with its paragraph. cache: folder to keep vectors in; None keeps none. data: the encoder's
    training data, compared with the benchmark; None compares names only. prompts: for encoders that do not say theirs.
    Raises what loading and encoding raise, InvalidInput for a vector that is not finite.
    """
    if name == BM25:
        # Here, because its packages need not be there for anything else.
        from training.judging.lexical import LexicalScorer

        read = replace(benchmark, passages=passage_texts(benchmark, context))
        return judge(name, benchmark, LexicalScorer(read, progress), progress, context)
    scorer, seconds = _vectors(name, benchmark, context, cache, prompts, progress)
    judgement = judge(name, benchmark, scorer, progress, context)
    judgement.facts.update(dimension=scorer.passage_vectors.shape[1], encoding_seconds=round(seconds, 2))
    if cache is None:
        texts = len(benchmark.queries) + len(benchmark.passages)
        judgement.facts.update(texts_per_second=round(texts / seconds), cores=os.cpu_count())
    judgement.notes.extend(overlap_notes(name, benchmark, data, progress))
    return judgement


def _vectors(
    name: str,
    benchmark: Benchmark,
    context: str,
    cache: Path | None,
    prompts: Prompts | None,
    progress: Progress | None,
) -> tuple[VectorScorer, float]:
    """The encoder's scores, and the seconds that encoding took: near 0 where all vectors were in the cache."""
    passages = passage_texts(benchmark, context)
    encoder = load_text_encoder(name, prompts)
    key = hashlib.sha256(repr([encoder_hash(name), None if says_its_prompts(name) else prompts]).encode()).hexdigest()
    start = perf_counter()
    queries = encode_cached(encoder, key, benchmark.queries, "query", cache, progress)
    told = encode_cached(encoder, key, passages, "passage", cache, progress)
    return VectorScorer(queries, told), perf_counter() - start
