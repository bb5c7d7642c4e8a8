"""Encoders by hub id, from a stand-in for the hub on this machine."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from index.encoder import Encoder
from index.errors import DamagedEncoder, InvalidInput, NotFound
from index.hub import HubUnreachable, fetch_encoder, is_hub_id, name_in_cache
from tests.index.test_foreign_encoder import export_tokens
from tests.training.tiny import tiny_labse

COMMIT = "c0ffee" + "0" * 34


class Hub(ThreadingHTTPServer):
    """Answers the calls `snapshot_download` makes, for one repository.

    asked: method and path of every request. status: answer everything with this; None answers well.
    """

    daemon_threads = True

    def __init__(self, files: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files, self.asked, self.status = files, list[str](), None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, with_body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.asked.append(f"{self.command} {path}")
        status, body, headers = self._found(path)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _found(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        if self.server.status is not None:
            code = {401: "RepoNotFound", 403: "GatedRepo"}.get(self.server.status)
            return self.server.status, b"{}", {"X-Error-Code": code} if code else {}
        if not path.startswith(("/api/models/org/tiny/", "/org/tiny/resolve/")):
            return 404, b"{}", {"X-Error-Code": "RepoNotFound"}
        if path.startswith("/api") and path.rpartition("/")[2] not in ("main", "v1", COMMIT):
            return 404, b"{}", {"X-Error-Code": "RevisionNotFound"}
        paths = sorted(p.relative_to(self.server.files).as_posix() for p in self.server.files.rglob("*") if p.is_file())
        if "/revision/" in path:
            names = [{"rfilename": name} for name in paths]
            return 200, json.dumps({"id": "org/tiny", "sha": COMMIT, "siblings": names}).encode(), {}
        if "/tree/" in path:
            return 200, json.dumps([self._entry(name) for name in paths]).encode(), {}
        file = self.server.files / path.removeprefix(f"/org/tiny/resolve/{COMMIT}/")
        entry = self._entry(file.relative_to(self.server.files).as_posix())
        return 200, file.read_bytes(), {"ETag": f'"{entry["oid"]}"', "X-Repo-Commit": COMMIT}

    def _entry(self, name: str) -> dict[str, object]:
        body = (self.server.files / name).read_bytes()
        return {"type": "file", "path": name, "size": len(body), "oid": hashlib.sha1(body).hexdigest()}

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tiny_labse(tmp_path_factory.mktemp("labse"))
    export_tokens(SentenceTransformer(str(folder), device="cpu"), folder / "onnx" / "model.onnx", has_types=True)
    (folder / "onnx" / "model_O4.onnx").write_bytes(b"another form of the same weights")
    return folder


@contextmanager
def served(files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one repository, which the library asks from now on."""
    server = Hub(files)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    # HF_HOME is read when the library is imported, which other tests have done.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def hub(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with served(model, tmp_path, monkeypatch) as server:
        yield server


def test_an_id_is_fetched_and_served(hub: Hub, model: Path) -> None:
    encoder = Encoder("org/tiny")
    text = "The lighthouse keeper wrote down 1,284 ships."
    expected = SentenceTransformer(str(model), device="cpu").encode([text])
    assert np.sum(encoder.encode([text], "query") * expected) > 0.99999
    assert encoder.name == "org/tiny" == name_in_cache(encoder.folder)
    assert (encoder.folder / "2_Dense" / "model.safetensors").is_file()
    fetched = {path.relative_to(encoder.folder).as_posix() for path in encoder.folder.rglob("*") if path.is_file()}
    assert not fetched & {"model.safetensors", "onnx/model_O4.onnx"}, "the same weights in other forms stay there"


def test_the_environment_says_which_hub_and_where(hub: Hub, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(tmp_path / "home"),
        "ISOGLOT_ENCODER": "org/tiny",
    }
    command = [sys.executable, "-c", "from index.cli import main; main()", "search", "moon", "--json", "-k", "1"]
    done = subprocess.run(
        [*command, "--data", str(tmp_path / "data")], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["hits"]
    assert list((tmp_path / "home" / "hub" / "models--org--tiny" / "snapshots").iterdir())


def test_a_pinned_commit_in_the_cache_asks_nobody(hub: Hub) -> None:
    folder = fetch_encoder(f"org/tiny@{COMMIT}")
    assert folder.name == COMMIT
    hub.asked.clear()
    assert fetch_encoder(f"org/tiny@{COMMIT}") == folder
    assert hub.asked == []
    assert fetch_encoder("org/tiny@v1") == folder


def test_without_a_network_the_cache_serves(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fetch_encoder("org/tiny")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert fetch_encoder("org/tiny") == folder
    with pytest.raises(HubUnreachable, match="neither a folder nor in the hub's cache"):
        fetch_encoder("org/other")


def test_offline_is_respected(hub: Hub, tmp_path: Path) -> None:
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1"}
    code = "from index.hub import fetch_encoder; fetch_encoder('org/tiny')"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert "HubUnreachable" in done.stderr and hub.asked == []


def test_offline_never_asks(hub: Hub) -> None:
    with pytest.raises(HubUnreachable):
        Encoder("org/tiny", offline=True)
    assert hub.asked == []
    folder = fetch_encoder("org/tiny")
    hub.asked.clear()
    assert Encoder("org/tiny", offline=True).folder == folder and hub.asked == []


def test_a_cached_file_that_changed_is_told(hub: Hub) -> None:
    folder = fetch_encoder("org/tiny")
    assert fetch_encoder("org/tiny", offline=True) == folder, "unchanged files pass"
    with (folder / "onnx" / "model.onnx").open("ab") as model:
        model.write(b"x")
    with pytest.raises(DamagedEncoder, match=r"onnx/model\.onnx of org/tiny is not the file that was fetched"):
        fetch_encoder("org/tiny")


@pytest.mark.parametrize(
    ("name", "told"),
    [("org/nowhere", "no such model on the hub"), ("org/tiny@v9", "no revision 'v9'"), ("o/no/where", "nor a hub id")],
)
def test_what_is_not_there_is_told(hub: Hub, name: str, told: str) -> None:
    with pytest.raises(NotFound, match=told):
        Encoder(name)


@pytest.mark.parametrize(
    ("status", "error", "told"), [(403, NotFound, "gated"), (401, NotFound, "HF_TOKEN"), (500, HubUnreachable, "500")]
)
def test_a_hub_that_refuses_is_told(hub: Hub, status: int, error: type[Exception], told: str) -> None:
    hub.status = status
    with pytest.raises(error, match=told):
        fetch_encoder("org/tiny")


def test_a_model_without_onnx_is_told_how_to_get_one(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "config.json").write_text("{}", encoding="utf-8")
    hub.files = tmp_path / "bare"
    with pytest.raises(NotFound, match="optimum-cli export onnx --model org/tiny DIR"):
        Encoder("org/tiny")


def test_ids_are_told_from_names() -> None:
    assert all(map(is_hub_id, ["org/model", "a/b.c-d_e", "org/model@main", f"org/model@{COMMIT}", "o/m@refs/pr/1"]))
    assert not any(map(is_hub_id, ["model", "/a/b", "./a/b", "a/b/c", "../b", "a/", "a/b@", "a b/c"]))
    with pytest.raises(InvalidInput, match="not a hub id"):
        fetch_encoder("../b")
