"""An ONNX graph with ONNX Runtime: token ids in, vectors out."""

from __future__ import annotations

import logging
import sys
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime

from index.errors import DamagedEncoder
from index.pooling import UnsupportedEncoder
from index.threads import cores

__all__ = ["STATIC", "Graph", "providers", "session_options", "tokens_at_once"]

log = logging.getLogger(__name__)

_FILLED = ("attention_mask", "token_type_ids")
_TOKEN_OUTPUTS = ("token_embeddings", "last_hidden_state")

STATIC = "static_encoder"
"""Name inside the graphs of static encoders, which look vectors up and average them."""

_TOKENS_STATIC, _TOKENS_A_CORE, _TOKENS_GPU = 4096, 512, 4096
"""Padded tokens of a run; more fall out of the processor's cache. In runs of 4,096 all-MiniLM-L6-v2 makes .56 of the
passages a second that it makes in runs of 512 on one core, with int8 .49; the bundled encoder at 32,768 .86 of
those at 4,096. What a GPU likes has not been measured."""


class Graph:
    """A loaded graph.

    path: the `.onnx` file. pad_id: fills shorter rows. threads: cores; None means all there are.
    tokens_at_once: padded tokens it is fastest with in one run.
    Raises DamagedEncoder when ONNX Runtime cannot load it, UnsupportedEncoder when it wants
    or gives other things.
    """

    def __init__(self, path: Path, pad_id: int = 0, threads: int | None = None) -> None:
        self._pad_id = pad_id
        try:
            self._session = onnxruntime.InferenceSession(str(path), session_options(threads), providers())
        except Exception as error:  # ONNX Runtime raises bare Exception subclasses
            raise DamagedEncoder(f"The encoder in {path.parent} cannot be loaded: {error}", path=str(path)) from error
        if len(self._session.get_providers()) < len(providers()):
            log.warning("ONNX Runtime could not start on the GPU; encoding runs on the processor.")
        self.tokens_at_once = tokens_at_once(self._session, threads)
        self._inputs = [node.name for node in self._session.get_inputs()]
        outputs = [node.name for node in self._session.get_outputs()]
        self._output = next((name for name in ("sentence_embedding", *_TOKEN_OUTPUTS) if name in outputs), "")
        if not self._output or not {"input_ids"} <= set(self._inputs) <= {"input_ids", *_FILLED}:
            raise UnsupportedEncoder(
                f"The graph {path} takes {', '.join(self._inputs)} and gives {', '.join(outputs)}. It may take "
                f"input_ids, {', '.join(_FILLED)} and must give sentence_embedding, {' or '.join(_TOKEN_OUTPUTS)}.",
                inputs=self._inputs,
                outputs=outputs,
            )

    @property
    def gives_tokens(self) -> bool:
        """Whether the graph ends at the vectors of tokens, so that pooling is left to do."""
        return self._output in _TOKEN_OUTPUTS

    def run(self, ids: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
        """What the graph gives for tokenised texts, and the mask it was given.

        First (n, dim) float32, or (n, tokens, dim) when it gives tokens; second (n, tokens) int64, ones and zeros.
        """
        width = max(1, max(map(len, ids)))
        input_ids = np.full((len(ids), width), self._pad_id, dtype=np.int64)
        mask = np.zeros((len(ids), width), dtype=np.int64)
        for row, tokens in enumerate(ids):
            input_ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        filled = {"input_ids": input_ids, "attention_mask": mask, "token_type_ids": np.zeros_like(mask)}
        given = self._session.run([self._output], {name: filled[name] for name in self._inputs})[0]
        return np.asarray(given, dtype=np.float32), mask


def tokens_at_once(session: onnxruntime.InferenceSession, threads: int | None) -> int:
    """Padded tokens a graph is fastest with in one run. threads: cores; None means all there are."""
    if session.get_modelmeta().graph_name == STATIC:
        return _TOKENS_STATIC
    if len(session.get_providers()) > 1:
        return _TOKENS_GPU
    return min(_TOKENS_STATIC, _TOKENS_A_CORE * (threads or cores()))


def session_options(threads: int | None) -> onnxruntime.SessionOptions:
    """How ONNX Runtime runs here. threads: cores; None means all there are."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.log_severity_level = 3
    # Threads that spin for work take the cores from whatever else runs: the server's event loop first of all.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def providers() -> list[str]:
    """The GPU where the GPU wheel and a GPU are there, else the CPU."""
    available = onnxruntime.get_available_providers()
    if "CUDAExecutionProvider" in available:
        _load_cuda()
    return [name for name in ("CUDAExecutionProvider", "CPUExecutionProvider") if name in available]


@cache
def _load_cuda() -> None:
    """Load CUDA and cuDNN from NVIDIA's packages, which the extra `gpu` brings and no search path of the system names.

    Those of the system are taken where there are none. ONNX Runtime prints what is missing, and a session that needs it
    then runs on the processor; standard output is left to answers.
    """
    with redirect_stdout(sys.stderr):
        onnxruntime.preload_dlls()
