"""Encoder folders made by other tools.

Two layouts, both with `config.json` and `tokenizer.json`:
- `optimum-cli export onnx`: model.onnx at the top;
- sentence-transformers' ONNX backend: onnx/model.onnx, with modules.json, 1_Pooling/ and so on.

A graph that gives `sentence_embedding` has its pooling inside. For one that gives vectors of
tokens, pooling and dense layers come from modules.json. Where that is missing too, the pooling must
be said (ISOGLOT_POOLING): a wrong guess would give vectors that look well and find nothing. Vectors
are normalised always, whether or not the model says so: collections compare by cosine.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tokenizers import Tokenizer
from tokenizers.normalizers import Lowercase, Sequence

from index.encoder_folder import EncoderDescription, file_hash
from index.errors import DamagedEncoder, NotFound
from index.graph import Graph
from index.hub import name_in_cache
from index.pooling import POOLINGS, Head, Pooling, UnsupportedEncoder, normalise, read_head, read_json

__all__ = ["OpenedEncoder", "Prompts", "load_tokenizer", "maximum_tokens", "open_foreign", "pad_id_of"]

_GRAPHS = ("onnx/model.onnx", "model.onnx")
_NO_LIMIT = 1_000_000
"""Tokenizers without a limit say 10 ** 30."""

_POSITIONS_BEHIND_PADDING = {"camembert", "mpnet", "roberta", "xlm-roberta", "xlm-roberta-xl"}
"""Model types that count positions from the padding id + 1, so that rows up to there are never used."""


class Prompts(NamedTuple):
    """What is put before queries and passages; None means what the encoder says."""

    query: str | None
    passage: str | None


class OpenedEncoder(NamedTuple):
    """The parts of an encoder.

    finish: turns what the graph gives, and its mask, into (n, dim) float32, L2-normalised.
    """

    description: EncoderDescription
    tokenizer: Tokenizer
    graph: Graph
    finish: Callable[[np.ndarray, np.ndarray], np.ndarray]


def open_foreign(folder: Path, prompts: Prompts, threads: int | None, pooling: str | None = None) -> OpenedEncoder:
    """Open a folder made by another tool.

    pooling: for a folder that does not say its own; None means it must. Raises NotFound when it holds no ONNX
    file, DamagedEncoder when a file is missing or broken, UnsupportedEncoder when the model has parts that
    cannot be served or its pooling is said nowhere.
    """
    path = _graph_file(folder)
    base = folder / _transformer_place(folder)
    config = read_json(_first(base / "config.json", path.parent / "config.json"))
    tokenizer_path = _first(base / "tokenizer.json", path.parent / "tokenizer.json")
    settings = _optional(tokenizer_path.with_name("tokenizer_config.json"))
    words_path = next(iter(sorted(base.glob("sentence_*_config.json"))), base / "none")
    words = _optional(words_path)
    tokenizer = load_tokenizer(tokenizer_path, bool(words.get("do_lower_case")))
    prompts = _prompts(folder, prompts)
    pad_id = pad_id_of(tokenizer, settings, config)
    graph = Graph(path, pad_id, threads)
    head, told = _head(folder, graph, any(prompts), pooling)

    def finish(given: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Pool what is not pooled yet, and normalise."""
        return normalise(head(given, mask) if head else given)

    files = [path, *sorted(path.parent.glob("model.onnx?data*")), tokenizer_path, *(head.files if head else ())]
    files += [words_path] if words.get("do_lower_case") else []
    description = EncoderDescription(
        name=name_in_cache(folder) or folder.resolve().name,
        dimension=finish(*graph.run([tokenizer.encode("a").ids])).shape[1],
        maximum_tokens=maximum_tokens(words, settings, config),
        query_prompt=prompts.query or "",
        passage_prompt=prompts.passage or "",
        pooling=None if head is None or (folder / "modules.json").is_file() else pooling,
        weights="unknown",
        pad_id=pad_id,
        files={file.relative_to(folder).as_posix(): file_hash(file) for file in files},
        source={"model_type": config.get("model_type"), "pooling": told},
    )
    return OpenedEncoder(description, tokenizer, graph, finish)


def load_tokenizer(path: Path, is_lowercased: bool = False) -> Tokenizer:
    """Read a tokenizer.json, and have it lower the case first if asked; raises DamagedEncoder."""
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exception
        raise DamagedEncoder(f"The encoder in {path.parent} cannot be loaded: {error}", path=str(path)) from error
    if is_lowercased:
        rest = [tokenizer.normalizer] if tokenizer.normalizer else []
        tokenizer.normalizer = Sequence([Lowercase(), *rest])
    return tokenizer


def _graph_file(folder: Path) -> Path:
    for place in dict.fromkeys((_transformer_place(folder), "")):
        for name in _GRAPHS:
            if (folder / place / name).is_file():
                return folder / place / name
    name = name_in_cache(folder) or str(folder)
    raise NotFound(
        f"{name} is not an encoder folder: it has neither encoder.json nor an ONNX file ({' or '.join(_GRAPHS)}). To "
        f"make one of a sentence-transformers model: optimum-cli export onnx --model {name} DIR, then serve DIR.",
        path=str(folder),
    )


def _transformer_place(folder: Path) -> str:
    """Where the transformer's own files lie: mostly the top."""
    modules = _optional(folder / "modules.json")
    return str(modules[0].get("path", "")) if modules else ""


def _first(*paths: Path) -> Path:
    for path in paths:
        if path.is_file():
            return path
    raise DamagedEncoder(f"{paths[0]} is missing; export the model again with its tokenizer.", path=str(paths[0]))


def _optional(path: Path) -> Any:
    return read_json(path) if path.is_file() else {}


def _head(folder: Path, graph: Graph, has_prompts: bool, pooling: str | None) -> tuple[Head | None, str]:
    """Pooling and dense layers still to do, and a word on where they come from."""
    if not graph.gives_tokens:
        return None, "in the graph"
    if (folder / "modules.json").is_file():
        head = read_head(folder, has_prompts)
        return head, f"{' + '.join(head.pooling.modes)}, by modules.json"
    if pooling is None:
        raise UnsupportedEncoder(
            f"{name_in_cache(folder) or folder} does not say how its tokens' vectors become one: no modules.json "
            f"and no pooling in its graph. Set ISOGLOT_POOLING to what its card says ({', '.join(POOLINGS)}); a wrong "
            "one gives vectors that find nothing.",
            allowed=list(POOLINGS),
        )
    return Head(Pooling((pooling,))), f"{pooling}, as set"


def _prompts(folder: Path, given: Prompts) -> Prompts:
    """Prompts given, else those stored, under the names sentence-transformers looks for, in its order."""
    config = _optional(folder / "config_sentence_transformers.json")
    stored = config.get("prompts") or {}
    default = stored.get(config.get("default_prompt_name"), "")
    query = stored.get("query", default)
    passage = next((stored[name] for name in ("document", "passage", "corpus") if name in stored), default)
    return Prompts(query if given.query is None else given.query, passage if given.passage is None else given.passage)


def pad_id_of(tokenizer: Tokenizer, settings: dict[str, Any], config: dict[str, Any]) -> int:
    """The token that fills shorter texts. settings: tokenizer_config.json."""
    token = settings.get("pad_token")
    token = token.get("content") if isinstance(token, dict) else token
    found = tokenizer.token_to_id(token) if token else None
    return int(config.get("pad_token_id") or 0) if found is None else int(found)


def maximum_tokens(words: dict[str, Any], settings: dict[str, Any], config: dict[str, Any]) -> int:
    """The least of what model, tokenizer and sentence-transformers' settings allow; 512 when none says."""
    positions = config.get("max_position_embeddings")
    if positions and config.get("model_type") in _POSITIONS_BEHIND_PADDING:
        positions -= (config.get("pad_token_id") or 0) + 1
    limits = [words.get("max_seq_length"), settings.get("model_max_length"), positions]
    known = [int(limit) for limit in limits if limit and 0 < limit < _NO_LIMIT]
    return min(known, default=512)
