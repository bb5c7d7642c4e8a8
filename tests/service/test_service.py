"""The service as a whole: embedding, health, the page, the documentation, settings."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from index.errors import InvalidInput
from index.local.index import DATABASE
from service.app import create_app
from service.settings import Settings
from tests.conftest import make_encoder


def test_embed_gives_vectors_and_tells_truncation(client: TestClient) -> None:
    answer = client.post("/embed", json={"texts": ["moon", "moon " * 20], "kind": "query"}).json()
    vectors = np.array(answer["vectors"])
    assert vectors.shape == (2, 16) and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert (answer["tokens"], answer["truncated"]) == ([1, 8], [False, True])
    assert (answer["encoder"], answer["dimension"]) == ("tiny", 16)


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"texts": []}, 422, "texts"),
        ({"texts": ["moon", ""]}, 422, "text number 2"),
        ({"texts": ["moon"] * 5}, 413, "at most 4"),
        ({"texts": ["x" * 1001]}, 413, "at most 1,000"),
        ({"texts": ["moon"], "kind": "document"}, 422, "kind"),
        ({"texts": "moon"}, 422, "texts"),
    ],
)
def test_bad_texts_are_told(client: TestClient, body: dict[str, object], status: int, told: str) -> None:
    answer = client.post("/embed", json=body)
    assert answer.status_code == status and told in answer.json()["message"]


def test_health_says_yes_and_no_and_why(client: TestClient, settings: Settings) -> None:
    assert client.get("/health/live").json() == {"status": "ok", "reason": None}
    assert client.get("/health/ready").json() == {"status": "ok", "reason": None}
    client.delete("/collections/demo")
    answer = client.get("/health/ready")
    assert answer.status_code == 503 and "no collection 'demo'" in answer.json()["reason"]


def test_a_damaged_collection_is_told_and_others_go_on(client: TestClient, settings: Settings) -> None:
    folder = settings.collections / "broken"
    folder.mkdir()
    (folder / DATABASE).write_bytes(b"not a database" * 1000)
    answer = client.post("/search", json={"query": "moon", "collection": "broken"})
    assert (answer.status_code, answer.json()["code"]) == (503, "damaged_collection")
    assert client.post("/search", json={"query": "moon"}).status_code == 200


def test_a_collection_of_another_encoder_is_refused(client: TestClient, settings: Settings, tmp_path: Path) -> None:
    client.put("/collections/docs")
    other = settings.model_copy(
        update={"encoder": str(make_encoder(tmp_path / "other", seed=9, name="other")), "data": tmp_path / "copy"}
    )
    shutil.copytree(settings.data, other.data)
    with TestClient(create_app(other)) as swapped:
        answer = swapped.post("/search", json={"query": "moon", "collection": "docs"})
        assert (answer.status_code, answer.json()["code"]) == (409, "encoder_mismatch")
        # The demo collection is made anew; one's own, as default, is what readiness tells of.
        assert swapped.get("/health/ready").status_code == 200
    with TestClient(create_app(other.model_copy(update={"collection": "docs"}))) as default:
        assert default.get("/health/ready").status_code == 503


def test_what_is_stored_is_there_after_a_restart(settings: Settings) -> None:
    with TestClient(create_app(settings)) as first:
        first.put("/collections/docs")
        first.post("/collections/docs/passages", json=[{"id": "a", "text": "moon tide", "language": "en"}])
    with TestClient(create_app(settings)) as second:
        assert second.post("/search", json={"query": "moon", "collection": "docs"}).json()["hits"][0]["id"] == "a"


def test_the_page_needs_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    texts = [page.text]
    for path in re.findall(r'(?:src|href)="(/page/[^"]+)"', page.text):
        asset = client.get(path)
        assert asset.status_code == 200
        texts.append(asset.text)
    assert len(texts) == 3
    outside = [url for text in texts for url in re.findall(r"https?://[^\s\"']+", text) if "www.w3.org" not in url]
    assert not outside


def test_the_documentation_carries_its_scripts_and_its_examples_run(client: TestClient) -> None:
    docs = client.get("/docs").text
    sources = re.findall(r'(?:src|href)="([^"]+)"', docs)
    assert sources and all(source.startswith("/docs-assets") for source in sources)
    schema = client.get("/openapi.json").json()
    for path in ("/search", "/embed", "/v1/embeddings"):
        body = schema["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        reference = body.get("$ref") or body["oneOf"][0]["$ref"]
        fields = schema["components"]["schemas"][reference.rsplit("/", 1)[1]]["properties"]
        example = {name: field["examples"][0] for name, field in fields.items() if "examples" in field}
        example |= {"model": "tiny"} if "model" in example else {}
        assert client.post(path, json=example).status_code == 200
    added = schema["paths"]["/collections/{name}/passages"]["post"]["requestBody"]["content"]["application/json"][
        "example"
    ]
    assert client.post("/collections/demo/passages", json=added).json()["stored"] == 1


def test_paths_that_are_not_there_answer_in_the_same_shape(client: TestClient) -> None:
    for answer in (client.get("/nowhere"), client.get("/search")):
        assert set(answer.json()) == {"code", "message", "detail"}
    assert client.get("/page/../app.py").status_code == 404


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8123")
    monkeypatch.setenv("ISOGLOT_LANGUAGES", '["DE", "th"]')
    assert (Settings().port, Settings().languages) == (8123, ["de", "th"])
    monkeypatch.setenv("ISOGLOT_PORT", "8124")
    assert Settings().port == 8124
    assert Settings.load(port=9).port == 9


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("ISOGLOT_PORT", "http", "PORT"),
        ("ISOGLOT_LANGUAGES", '["german"]', "BCP 47"),
        ("ISOGLOT_LANGUAGES", "de,th", "JSON"),
        ("ISOGLOT_THREADS", "0", "threads"),
        ("ISOGLOT_POOLING", "most", "pooling: 'most' is no pooling"),
    ],
)
def test_wrong_settings_are_told(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInput, match=told) as refused:
        Settings.load()
    assert "Value error" not in refused.value.message
