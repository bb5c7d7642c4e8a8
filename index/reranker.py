"""Optional last step of a search: a cross-encoder reads query and passage together and says how well they fit.

A folder, or a hub id, in the layouts of sentence-transformers' ONNX backend and of `optimum-cli export onnx`:
model.onnx at the top or in onnx/, tokenizer.json and config.json. The graph takes the pair as one row of tokens and
gives one logit, more being better. Reading fifty pairs takes as long as encoding fifty passages with a model of its
size, so only the first hits are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Encoding

from index.answer import Hit
from index.encoder import batches
from index.errors import DamagedEncoder, InvalidInput, NotFound
from index.foreign_encoder import load_tokenizer, maximum_tokens, pad_id_of
from index.graph import providers, session_options, tokens_at_once
from index.hub import fetch_encoder, is_hub_id, name_in_cache
from index.pooling import UnsupportedEncoder, read_json
from index.threads import share_cores

__all__ = ["Reranker", "require_reranker"]

_GRAPHS = ("onnx/model.onnx", "model.onnx")
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class Reranker:
    """A cross-encoder, loaded. Safe for threads.

    name: a folder, or a hub id with or without `@revision`. threads: cores for ONNX Runtime; None means all there are.
    offline: never ask a hub, use its cache alone. Raises NotFound when there is none of that name, DamagedEncoder
    when a file is missing or broken, UnsupportedEncoder when the graph is no cross-encoder with one logit.
    """

    def __init__(self, name: str, threads: int | None = None, offline: bool = False) -> None:
        folder = _find(name, offline)
        path = next((folder / place for place in _GRAPHS if (folder / place).is_file()), None)
        if path is None:
            raise NotFound(
                f"{name} is no reranker: it has no ONNX file ({' or '.join(_GRAPHS)}). To make one of a cross-encoder: "
                f"optimum-cli export onnx --task text-classification --model {name} DIR, then serve DIR.",
                path=str(folder),
            )
        self.name = name_in_cache(folder) or folder.resolve().name
        self._tokenizer = load_tokenizer(_required(folder, "tokenizer.json"))
        config, settings = read_json(_required(folder, "config.json")), folder / "tokenizer_config.json"
        told = read_json(settings) if settings.is_file() else {}
        self._pad_id = pad_id_of(self._tokenizer, told, config)
        self._tokenizer.no_padding()
        # As sentence-transformers cuts a pair: from the longer side, so that a short query is kept whole.
        self._tokenizer.enable_truncation(maximum_tokens({}, told, config), strategy="longest_first")
        self._open(path, share_cores(threads))

    def _open(self, path: Path, threads: int) -> None:
        try:
            self._session = onnxruntime.InferenceSession(str(path), session_options(threads), providers())
        except Exception as error:  # ONNX Runtime raises bare Exception subclasses
            raise DamagedEncoder(f"The reranker {path} cannot be loaded: {error}", path=str(path)) from error
        self._tokens_at_once = tokens_at_once(self._session, threads)
        self._inputs = [node.name for node in self._session.get_inputs()]
        outputs = [node.name for node in self._session.get_outputs()]
        if not {"input_ids"} <= set(self._inputs) <= set(_INPUTS) or "logits" not in outputs:
            raise UnsupportedEncoder(
                f"The graph {path} takes {', '.join(self._inputs)} and gives {', '.join(outputs)}; a cross-encoder "
                f"takes {', '.join(_INPUTS)} and gives logits.",
                inputs=self._inputs,
                outputs=outputs,
            )
        labels = self._run(self._tokenizer.encode_batch([("a", "b")])).shape[1]
        if labels != 1:
            raise UnsupportedEncoder(
                f"The graph {path} gives {labels} logits for a pair, a reranker gives one. Export a model with "
                "num_labels=1.",
                labels=labels,
            )

    def score(self, query: str, texts: Sequence[str]) -> np.ndarray:
        """How well each text fits a query: (n,) float64, 0 to 1, the logistic function of the logit."""
        pairs = self._tokenizer.encode_batch([(query, text) for text in texts])
        lengths = np.array([len(pair.ids) for pair in pairs], dtype=np.int64)
        logits = np.empty(len(pairs), dtype=np.float64)
        for rows in batches(np.argsort(lengths, kind="stable"), lengths, self._tokens_at_once):
            logits[rows] = self._run([pairs[row] for row in rows])[:, 0]
        return np.asarray(1 / (1 + np.exp(-logits)))

    def _run(self, pairs: Sequence[Encoding]) -> np.ndarray:
        width = max(len(pair.ids) for pair in pairs)
        filled = {name: np.zeros((len(pairs), width), dtype=np.int64) for name in _INPUTS}
        filled["input_ids"][:] = self._pad_id
        for row, pair in enumerate(pairs):
            end = len(pair.ids)
            filled["input_ids"][row, :end] = pair.ids
            filled["attention_mask"][row, :end] = 1
            filled["token_type_ids"][row, :end] = pair.type_ids
        return np.asarray(self._session.run(["logits"], {name: filled[name] for name in self._inputs})[0])

    def reorder(self, query: str, hits: Sequence[Hit], candidates: int) -> list[Hit]:
        """Hits with the first `candidates` by their `rerank_score`, best first, and the others behind as they were."""
        read, rest = hits[:candidates], hits[candidates:]
        if not read:
            return list(rest)
        scores = self.score(query, [hit.passage.searchable for hit in read])
        scored = [replace(hit, rerank_score=float(score)) for hit, score in zip(read, scores, strict=True)]
        return [*(scored[row] for row in np.argsort(-scores, kind="stable").tolist()), *rest]


def require_reranker(reranker: Reranker | None) -> Reranker:
    """The reranker; raises InvalidInput when none is set."""
    if reranker is None:
        raise InvalidInput(
            "No reranker is set: give ISOGLOT_RERANKER the folder or hub id of a cross-encoder in ONNX, or ask without "
            "rerank."
        )
    return reranker


def _find(name: str, offline: bool) -> Path:
    if Path(name).is_dir():
        return Path(name)
    if is_hub_id(name):
        return fetch_encoder(name, offline)
    raise NotFound(
        f"There is no reranker {name!r}: it is neither a folder nor a hub id such as "
        "cross-encoder/mmarco-mMiniLMv2-L12-H384-v1.",
        given=name,
    )


def _required(folder: Path, name: str) -> Path:
    for place in (folder / name, folder / "onnx" / name):
        if place.is_file():
            return place
    raise DamagedEncoder(f"{folder / name} is missing; export the cross-encoder again.", path=str(folder / name))
