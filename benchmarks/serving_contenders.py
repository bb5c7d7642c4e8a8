"""Who takes part in `benchmarks/serving.py`: how each server is started, filled and asked."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Server, isoglot, request_bytes, running
from service.client import Isoglot

HERE = Path(__file__).parent
_QUIET = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    "INFINITY_ANONYMOUS_USAGE_STATS": "0",
}


@dataclass(frozen=True)
class Contender:
    """A running server. embed: the request for some texts; search: for a question, None where it cannot."""

    name: str
    server: Server
    embed: Callable[[Sequence[str]], bytes]
    search: Callable[[str], bytes] | None = None


def ours(encoder: str, passages: Sequence[str], data: Path, opened: ExitStack) -> Contender:
    """Isoglot with a collection `docs`, its settings as they come."""
    server = opened.enter_context(isoglot(encoder, data, log_level="warning"))
    with Isoglot(f"http://127.0.0.1:{server.port}", timeout=1800) as client:
        client.create("docs")
        for start in range(0, len(passages), 1000):
            block = enumerate(passages[start : start + 1000], start=start)
            client.upsert("docs", [{"id": str(number), "text": text, "language": "en"} for number, text in block])
    return Contender(
        "Isoglot",
        server,
        lambda texts: request_bytes("/embed", {"texts": list(texts)}),
        lambda query: request_bytes("/search", {"query": query, "collection": "docs"}),
    )


class Peers:
    """The other servers, run by a Python of their own. model: the folder they all read; data: for what they need."""

    def __init__(self, python: Path, model: Path, passages: Sequence[str], data: Path, opened: ExitStack) -> None:
        # Not resolved: a virtual environment's Python is a link.
        self.python, self.model, self.passages, self.data = python.absolute(), model.resolve(), passages, data
        self.opened = opened

    def all(self) -> list[tuple[str, Callable[[], Contender]]]:
        """Name → what starts it."""
        return [
            ("infinity (optimum)", lambda: self.infinity("optimum")),
            ("infinity (torch)", lambda: self.infinity("torch")),
            ("txtai API", self.txtai),
            ("FastAPI + sentence-transformers", self.plain),
            ("FastAPI + ONNX Runtime, 100 lines", self.hundred_lines),
        ]

    def _start(self, command: Sequence[str], ready: str, folder: Path | None = None, **environment: str) -> Server:
        path = f"{self.python.parent}:/usr/bin:/bin"
        return self.opened.enter_context(running(command, ready, {**_QUIET, "PATH": path, **environment}, folder))

    def _uvicorn(self, app: str, ready: str, **environment: str) -> Server:
        command = [str(self.python), "-m", "uvicorn", "--app-dir", str(HERE), app, "--port", "{port}"]
        return self._start([*command, "--log-level", "warning", "--no-access-log"], ready, **environment)

    def infinity(self, engine: str) -> Contender:
        """infinity-emb; its ONNX engine must be told the pooling, or it serves other vectors without a word.

        It hands the graph's path to Optimum, which takes a bare file name alone: so the graph lies at the top of
        the folder it runs in.
        """
        folder = self.data / f"infinity-{engine}"
        folder.mkdir()
        for file in (*self.model.iterdir(), *([self.model / "onnx" / "model.onnx"] if engine == "optimum" else [])):
            if file.name != "onnx":
                (folder / file.name).symlink_to(file)
        command = [str(self.python.parent / "infinity_emb"), "v2", "--model-id", ".", "--engine", engine]
        options = ["--port", "{port}", "--host", "127.0.0.1", "--served-model-name", "m", "--device", "cpu"]
        pooling = ["--pooling-method", "mean"] if engine == "optimum" else []
        server = self._start([*command, *options, *pooling, "--log-level", "warning"], "/health", folder)
        return Contender(
            f"infinity ({engine})",
            server,
            lambda texts: request_bytes("/embeddings", {"input": list(texts), "model": "m"}),
        )

    def txtai(self) -> Contender:
        """The API of txtai with its index and texts."""
        config = self.data / "txtai.yml"
        config.write_text(
            f"writable: true\nembeddings:\n  path: {self.model}\n  content: true\n  gpu: false\n", encoding="utf-8"
        )
        server = self._uvicorn("txtai.api:app", "/count", CONFIG=str(config))
        url = f"http://127.0.0.1:{server.port}"
        rows = [{"id": str(number), "text": text} for number, text in enumerate(self.passages)]
        for start in range(0, len(rows), 1000):
            _fetch(f"{url}/add", rows[start : start + 1000])
        _fetch(f"{url}/index")
        return Contender(
            "txtai API",
            server,
            lambda texts: request_bytes("/batchtransform", list(texts)),
            lambda query: request_bytes(f"/search?limit=10&query={urllib.parse.quote(query)}", method="GET"),
        )

    def plain(self) -> Contender:
        """The plain endpoint."""
        server = self._uvicorn("serving_plain:app", "/ready", MODEL=str(self.model))
        return Contender(
            "FastAPI + sentence-transformers", server, lambda texts: request_bytes("/embed", {"texts": list(texts)})
        )

    def hundred_lines(self) -> Contender:
        """The careful endpoint."""
        file = self.data / "passages.txt"
        file.write_text("\n".join(self.passages), encoding="utf-8")
        server = self._uvicorn("serving_onnx:app", "/ready", MODEL=str(self.model), PASSAGES=str(file))
        return Contender(
            "FastAPI + ONNX Runtime, 100 lines",
            server,
            lambda texts: request_bytes("/embed", {"texts": list(texts)}),
            lambda query: request_bytes("/search", {"query": query}),
        )


def _fetch(url: str, body: object = None) -> None:
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=1800) as answer:
        answer.read()
