"""What stands behind the transformer in a sentence-transformers model: pooling, dense layers.

Foreign encoder folders keep these outside their ONNX graph and name them in `modules.json`.
Here they run in numpy, in the order named.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from index.errors import DamagedEncoder, InvalidInput

__all__ = ["POOLINGS", "Dense", "Head", "Pooling", "UnsupportedEncoder", "normalise", "read_head", "read_json"]


class UnsupportedEncoder(InvalidInput):
    """A model that cannot be served as it is; the message says which part and what to do."""

    code = "unsupported_encoder"


_ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "Identity": lambda x: x,
    "Tanh": np.tanh,
    "ReLU": lambda x: np.maximum(x, 0),
}

_OLD_MODES = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
"""Keys of `Pooling` before sentence-transformers 6, in the order their vectors are joined."""


POOLINGS = tuple(_OLD_MODES.values())
"""Ways to make one vector of many."""


def normalise(vectors: np.ndarray) -> np.ndarray:
    """Scale rows to length 1: (n, dim) float32; a row of zeros stays."""
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return np.asarray(vectors / lengths, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Pooling:
    """One vector for each text from the vectors of its tokens, which stand left of the padding.

    modes: one or more of those in `_OLD_MODES`; the results of several are joined.
    """

    modes: tuple[str, ...]

    def __call__(self, tokens: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Pool (batch, tokens, dim) under a mask (batch, tokens) of ones and zeros into (batch, dim · modes)."""
        return np.concatenate([_pool(mode, tokens, mask) for mode in self.modes], axis=1)


def _pool(mode: str, tokens: np.ndarray, mask: np.ndarray) -> np.ndarray:
    column = mask[:, :, None].astype(np.float32)
    if mode == "cls":
        return tokens[:, 0]
    if mode == "lasttoken":
        return np.asarray(tokens[np.arange(len(tokens)), mask.sum(axis=1) - 1])
    if mode == "max":
        return np.asarray(np.where(column > 0, tokens, -np.inf).max(axis=1))
    if mode == "weightedmean":
        column = column * np.arange(1, tokens.shape[1] + 1, dtype=np.float32)[None, :, None]
    total, count = (tokens * column).sum(axis=1), column.sum(axis=1)
    return np.asarray(total / (np.sqrt(count) if mode == "mean_sqrt_len_tokens" else count))


@dataclass(frozen=True, slots=True)
class Dense:
    """A linear layer and what is applied to its output.

    weight: (out, in) float32. bias: (out,) float32. activation: name in `torch.nn`.
    """

    weight: np.ndarray
    bias: np.ndarray
    activation: str

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """Map (batch, in) to (batch, out)."""
        return _ACTIVATIONS[self.activation](vectors @ self.weight.T + self.bias)


@dataclass(frozen=True, slots=True)
class Head:
    """Pooling and the layers behind it. files: what they were read from, all that shapes a vector here."""

    pooling: Pooling
    layers: tuple[Callable[[np.ndarray], np.ndarray], ...] = ()
    files: tuple[Path, ...] = ()

    def __call__(self, tokens: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Vectors (batch, dim) float32, not normalised, from token vectors (batch, tokens, dim)."""
        vectors = self.pooling(tokens, mask)
        for layer in self.layers:
            vectors = layer(vectors)
        return vectors


def read_head(folder: Path, has_prompts: bool) -> Head:
    """Read what `modules.json` names after the transformer.

    has_prompts: whether something is put before the texts. Raises UnsupportedEncoder for a
    module that cannot be run here, DamagedEncoder for a missing or broken file.
    """
    path = folder / "modules.json"
    pooling: Pooling | None = None
    layers: list[Callable[[np.ndarray], np.ndarray]] = []
    files = [path]
    for module in read_json(path)[1:]:
        kind, place = _kind(module), folder / module["path"]
        if kind == "Pooling" and pooling is None:
            pooling = _read_pooling(read_json(place / "config.json"), has_prompts)
            files.append(place / "config.json")
        elif kind == "Dense" and pooling is not None:
            layers.append(_read_dense(place))
            files += [place / "config.json", place / "model.safetensors"]
        elif kind == "Normalize" and pooling is not None:
            layers.append(normalise)
        elif kind != "Dropout":  # which does nothing outside training
            raise UnsupportedEncoder(
                f"{path} names a module of type {module['type']!r} that cannot be served from here; after the "
                "transformer there may be one Pooling, then Dense and Normalize. Export the model with the modules "
                "in its graph: optimum-cli export onnx --library sentence_transformers --model MODEL DIR.",
                given=module["type"],
            )
    if pooling is None:
        raise UnsupportedEncoder(f"{path} names no Pooling; without one a text has a vector per token.")
    return Head(pooling, tuple(layers), tuple(files))


def _kind(module: dict[str, Any]) -> str:
    """The class's name; modules of other packages could do anything, so theirs is never taken for the known one."""
    package, _, name = str(module["type"]).rpartition(".")
    return name if package.startswith("sentence_transformers.") else ""


def _read_pooling(config: dict[str, Any], has_prompts: bool) -> Pooling:
    found = config.get("pooling_mode") or [mode for key, mode in _OLD_MODES.items() if config.get(key)] or "mean"
    modes = (found,) if isinstance(found, str) else tuple(found)
    if unknown := set(modes) - set(_OLD_MODES.values()):
        raise UnsupportedEncoder(
            f"The pooling {', '.join(sorted(unknown))} is not known; known are {', '.join(_OLD_MODES.values())}."
        )
    if has_prompts and not config.get("include_prompt", True):
        raise UnsupportedEncoder(
            "This model leaves its prompts out of the pooling (include_prompt: false), which is not supported; "
            "export it with the pooling in its graph."
        )
    return Pooling(modes)


def _read_dense(place: Path) -> Dense:
    config, path = read_json(place / "config.json"), place / "model.safetensors"
    name = str(config.get("activation_function", "torch.nn.Tanh")).rpartition(".")[2]
    ends = {config.get("module_input_name", "sentence_embedding"), config.get("module_output_name")}
    if name not in _ACTIVATIONS or config.get("use_residual") or ends - {"sentence_embedding", None}:
        raise UnsupportedEncoder(
            f"The dense layer in {place} is of a kind that cannot be served: activation {name} (known: "
            f"{', '.join(_ACTIVATIONS)}), no residual, from and to the text's vector only."
        )
    if not path.is_file():
        raise DamagedEncoder(f"{path} is missing; save the model again with safetensors.", path=str(path))
    try:
        weights = load_file(path)
        weight = weights["linear.weight"].astype(np.float32)
    except (SafetensorError, KeyError, TypeError) as error:
        raise DamagedEncoder(f"{path} cannot be read: {error!r}.", path=str(path)) from error
    return Dense(weight, weights.get("linear.bias", np.zeros(len(weight))).astype(np.float32), name)


def read_json(path: Path) -> Any:
    """Contents of a JSON file of an encoder folder; raises DamagedEncoder."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise DamagedEncoder(f"{path} is missing; fetch or export the encoder again.", path=str(path)) from error
    except ValueError as error:
        raise DamagedEncoder(f"{path} is not JSON: {error}.", path=str(path)) from error
