from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from index.cli import app as command_line
from index.errors import InvalidInput
from service.app import create_app
from service.cli import _require_keys, register
from service.keys import KeyRing, make_key, read_keys
from service.refusals import TooManyRequests, Unauthorized
from service.settings import Settings

SECRETS, KEPT = zip(*(make_key(scope, scope) for scope in ("read", "write", "admin")), strict=True)


@pytest.fixture
def kept(settings: Settings) -> Settings:
    return settings.model_copy(update={"keys": list(KEPT)})


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


@pytest.mark.parametrize(
    ("method", "path", "body", "needed"),
    [
        ("GET", "/", None, None), ("GET", "/health/ready", None, None), ("GET", "/openapi.json", None, None),
        ("POST", "/search", {"query": "moon"}, 0), ("POST", "/embed", {"texts": ["moon"]}, 0),
        ("POST", "/v1/embeddings", {"input": "moon", "model": "tiny"}, 0), ("GET", "/collections", None, 0),
        ("GET", "/info", None, 0), ("GET", "/metrics", None, 0), ("GET", "/bias", None, 0),
        ("POST", "/collections/demo/passages", [{"id": "a", "text": "moon"}], 1),
        ("DELETE", "/collections/demo/passages/a", None, 1),
        ("PUT", "/collections/new", None, 2), ("DELETE", "/collections/new", None, 2),
    ],
)  # fmt: skip
def test_each_scope_covers_what_it_says(
    kept: Settings, method: str, path: str, body: object, needed: int | None
) -> None:
    with TestClient(create_app(kept)) as client:
        client.headers.clear()
        without = client.request(method, path, json=body)
        assert (without.status_code == 401) == (needed is not None)
        if needed is not None:
            assert without.headers["www-authenticate"] == "Bearer"
        for rank, secret in enumerate(SECRETS):
            answer = client.request(method, path, json=body, headers=bearer(secret))
            assert (answer.status_code == 403) == (rank < (needed or 0)), answer.text


@pytest.mark.parametrize(
    "given", ["Bearer", "Bearer wrong", f"Basic {SECRETS[0]}", f"Bearer {SECRETS[0]}x", "Bearer \xff"]
)
def test_what_is_no_key_is_refused(kept: Settings, given: str) -> None:
    with TestClient(create_app(kept)) as client:
        answer = client.get("/collections", headers={b"authorization": given.encode("latin-1")})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


def test_an_unread_body_is_refused_too(kept: Settings) -> None:
    with TestClient(create_app(kept)) as client:
        assert client.post("/search", content=b"x" * 200_000).status_code == 401


def test_only_the_hash_is_kept() -> None:
    secret, kept = make_key("web", "read", 10)
    assert secret not in kept.model_dump_json() and len(kept.sha256) == 64
    assert KeyRing([kept]).find(secret) is kept
    with pytest.raises(Unauthorized):
        KeyRing([kept]).find(kept.sha256)
    with pytest.raises(InvalidInput, match="same name"):
        KeyRing([kept, kept])


def test_a_key_s_rate_holds(settings: Settings) -> None:
    secret, kept = make_key("web", "read", 3)
    with TestClient(create_app(settings.model_copy(update={"keys": [kept]}))) as client:
        answers = [client.get("/collections", headers=bearer(secret)) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 20


def test_a_rate_recovers_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    _, kept = make_key("web", "read")
    ring, now = KeyRing([kept], per_minute=60), [1000.0]
    monkeypatch.setattr("service.keys.time.monotonic", lambda: now[0])
    for _ in range(60):
        ring.spend(kept)
    with pytest.raises(TooManyRequests):
        ring.spend(kept)
    now[0] += 2
    ring.spend(kept)
    ring.spend(kept)
    with pytest.raises(TooManyRequests):
        ring.spend(kept)


def test_the_command_makes_a_key_that_opens(tmp_path: Path, settings: Settings) -> None:
    if "keys" not in {command.name for command in command_line.registered_commands}:
        register(command_line)
    file = tmp_path / "keys.jsonl"
    made = [CliRunner().invoke(command_line, ["keys", name, "--scope", "read", "--file", str(file)]) for name in "ab"]
    secret = made[1].output.strip()
    assert [key.name for key in read_keys(file)] == ["a", "b"] and file.stat().st_mode & 0o77 == 0
    assert secret not in file.read_text()
    assert isinstance(
        CliRunner().invoke(command_line, ["keys", "a", "--scope", "read", "--file", str(file)]).exception, InvalidInput
    )
    with TestClient(create_app(settings.model_copy(update={"keys_file": file}))) as client:
        assert client.get("/collections", headers=bearer(secret)).status_code == 200
        assert client.get("/collections").status_code == 401


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["web", "--scope", "boss"], "'boss' is no scope; use read, write, admin."),
        (["a key", "--scope", "read"], "'a key' cannot be a key's name"),
    ],
)
def test_a_key_that_cannot_be_made_is_told_in_our_words(tmp_path: Path, given: list[str], told: str) -> None:
    if "keys" not in {command.name for command in command_line.registered_commands}:
        register(command_line)
    file = tmp_path / "keys.jsonl"
    run = CliRunner().invoke(command_line, ["keys", *given, "--file", str(file)])
    words = f"{run.output} {getattr(run.exception, 'message', '')}"
    assert run.exit_code != 0 and told in words and "Value error" not in words
    assert not file.exists(), "nothing is left behind"


def test_a_broken_line_is_told(tmp_path: Path) -> None:
    file = tmp_path / "keys.jsonl"
    file.write_text(KEPT[0].model_dump_json() + "\n" + json.dumps({"name": "x", "scope": "all", "sha256": "0" * 64}))
    with pytest.raises(InvalidInput, match="line 2: scope"):
        read_keys(file)
    with pytest.raises(InvalidInput, match="cannot be read: .* makes one"):
        read_keys(tmp_path / "none")


@pytest.mark.parametrize(
    ("host", "is_open"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("example.org", False)],
)
def test_beyond_this_machine_keys_or_a_word_are_needed(
    settings: Settings, kept: Settings, host: str, is_open: bool, caplog: pytest.LogCaptureFixture
) -> None:
    if is_open:
        _require_keys(settings.model_copy(update={"host": host}))
        return
    with pytest.raises(InvalidInput, match="ISOGLOT_OPEN_WITHOUT_KEYS"):
        _require_keys(settings.model_copy(update={"host": host}))
    _require_keys(kept.model_copy(update={"host": host}))
    assert "No API key" not in caplog.text
    _require_keys(settings.model_copy(update={"host": host, "open_without_keys": True}))
    assert "No API key" in caplog.text
