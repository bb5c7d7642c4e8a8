"""The doors people have clients for, over a real socket: OpenAI's, TEI's, ours."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import urllib.request
from pathlib import Path

import httpx
import numpy as np
import openai
import pytest
from fastapi.testclient import TestClient

from index.encoder import Encoder
from service.app import create_app
from service.client import AsyncIsoglot, Isoglot, IsoglotFailed
from service.client_calls import Retries
from service.keys import make_key
from service.settings import Settings
from tests.conftest import make_encoder
from tests.service.conftest import Serve


def test_the_openai_client_works_unchanged(serve: Serve, encoder: Encoder) -> None:
    secret, kept = make_key("app", "read")
    with serve(keys=[kept]) as (url, _), openai.OpenAI(base_url=f"{url}/v1", api_key=secret, max_retries=0) as client:
        texts = ["moon tide", "bread"]
        expected = encoder.encode(texts, "passage")
        for form in ("float", "base64", None):
            chosen = {} if form is None else {"encoding_format": form}
            answer = client.embeddings.create(input=texts, model="tiny", **chosen)
            rows = [
                np.frombuffer(base64.b64decode(d.embedding), "<f4")
                if form == "base64" and isinstance(d.embedding, str)
                else d.embedding
                for d in answer.data
            ]
            np.testing.assert_allclose(np.array(rows), expected, atol=1e-6)
        assert (answer.usage.prompt_tokens, answer.model, [item.index for item in answer.data]) == (3, "tiny", [0, 1])
        asked = client.embeddings.create(input="moon", model="tiny", extra_body={"kind": "query"})
        np.testing.assert_allclose(asked.data[0].embedding, encoder.encode(["moon"], "query")[0], atol=1e-6)
        ids = encoder.tokenize(texts, "passage").ids
        for given, count in ((ids, 2), (ids[0], 1)):
            tokens = client.embeddings.create(input=given, model="tiny", encoding_format="float")
            np.testing.assert_allclose([item.embedding for item in tokens.data], expected[:count], atol=1e-6)
        assert client.embeddings.create(input="moon " * 20, model="tiny").data[0].model_extra == {"truncated": True}
        assert [model.id for model in client.models.list()] == ["tiny"]
        with pytest.raises(openai.NotFoundError, match="no model 'text-embedding-3-small'"):
            client.embeddings.create(input="moon", model="text-embedding-3-small")
        with pytest.raises(openai.UnprocessableEntityError, match="no token of tiny"):
            client.embeddings.create(input=[[99_999]], model="tiny")
        with pytest.raises(openai.UnprocessableEntityError, match="dimensions is 3"):
            client.embeddings.create(input="moon", model="tiny", dimensions=3)
    with (
        serve(keys=[kept]) as (url, _),
        openai.OpenAI(base_url=f"{url}/v1", api_key="wrong") as client,
        pytest.raises(openai.AuthenticationError),
    ):
        client.embeddings.create(input="moon", model="tiny")


def test_matryoshka_lengths_are_cut_and_normalised(settings: Settings, tmp_path: Path) -> None:
    short = settings.model_copy(update={"encoder": str(make_encoder(tmp_path / "m", dimensions=[8]))})
    whole = Encoder(short.encoder).encode(["moon tide"], "passage")[0]
    with TestClient(create_app(short)) as client:
        assert client.get("/info").json()["encoder"]["dimensions"] == [8]
        vector = client.post("/embed", json={"texts": ["moon tide"], "dimensions": 8}).json()["vectors"][0]
        body = {"input": "moon tide", "model": "tiny", "dimensions": 8}
        item = client.post("/v1/embeddings", json=body).json()["data"][0]["embedding"]
        tei = client.post("/embed", json={"inputs": "moon tide", "dimensions": 8}).json()[0]
    for given in (vector, item, tei):
        np.testing.assert_allclose(given, whole[:8] / np.linalg.norm(whole[:8]), atol=1e-6)


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_curl_as_for_tei(serve: Serve, encoder: Encoder) -> None:
    def curl(url: str, body: object) -> list[list[float]]:
        command = [
            "curl",
            "-s",
            f"{url}/embed",
            "-X",
            "POST",
            "-d",
            json.dumps(body),
            "-H",
            "Content-Type: application/json",
        ]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

    with serve() as (url, _):
        np.testing.assert_allclose(curl(url, {"inputs": "moon"}), encoder.encode(["moon"], "passage"), atol=1e-6)
        body = {"inputs": ["moon", "tide " * 20], "truncate": True, "normalize": True, "prompt_name": "query"}
        np.testing.assert_allclose(curl(url, body), encoder.encode(body["inputs"], "query"), atol=1e-6)


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"inputs": "moon " * 20}, 413, "8 tokens"),
        ({"inputs": "moon", "normalize": False}, 422, "L2-normalised"),
        ({"inputs": "moon", "prompt_name": "sts"}, 422, "prompt_name"),
        ({"inputs": []}, 422, "inputs"),
        ({"inputs": ["moon"] * 5}, 413, "at most 4"),
        ({"inputs": "moon", "texts": ["moon"]}, 422, "texts"),
    ],
)
def test_what_tei_s_body_cannot_have_is_told(
    client: TestClient, body: dict[str, object], status: int, told: str
) -> None:
    answer = client.post("/embed", json=body)
    assert answer.status_code == status and told in answer.json()["message"]


def test_truncation_shows_in_tei_s_answer_too(client: TestClient) -> None:
    answer = client.post("/embed", json={"inputs": ["moon", "moon " * 20, "tide " * 9], "truncate": True})
    assert answer.headers["x-truncated"] == "1,2"
    assert "x-truncated" not in client.post("/embed", json={"inputs": ["moon"], "truncate": True}).headers


def test_many_questions_in_one_call(client: TestClient) -> None:
    asked = ["moon", "Wie entstehen die Gezeiten im Meer?", "moon"]
    together = client.post("/search", json={"query": asked, "k": 3}).json()["answers"]
    for query, answer in zip(asked, together, strict=True):
        assert answer == client.post("/search", json={"query": query, "k": 3}).json()
    assert client.post("/search", json={"query": []}).status_code == 422
    refused = client.post("/search", json={"query": ["moon", " "]})
    assert refused.status_code == 422 and "query number 2" in refused.json()["message"]
    assert client.post("/search", json={"query": ["moon"] * 5}).status_code == 413


def test_a_filter_on_metadata(client: TestClient) -> None:
    answer = client.post("/search", json={"query": "moon", "where": {"topic": "tides"}, "k": 50}).json()
    assert len(answer["hits"]) == 12 and {hit["metadata"]["topic"] for hit in answer["hits"]} == {"tides"}
    refused = client.post("/search", json={"query": "moon", "where": {"topc": "tides"}})
    assert refused.status_code == 422 and "'topc'" in refused.json()["message"]


def test_info_tells_encoder_and_limits(client: TestClient) -> None:
    info = client.get("/info").json()
    assert (info["encoder"]["name"], info["encoder"]["dimension"], info["encoder"]["maximum_tokens"]) == ("tiny", 16, 8)
    assert (info["limits"]["texts"], info["limits"]["body_bytes"], info["collection"]) == (4, 100_000, "demo")


def test_our_client(serve: Serve, encoder: Encoder) -> None:
    secret, kept = make_key("app", "admin")
    with serve(keys=[kept]) as (url, _), Isoglot(url, secret) as client:
        assert client.info().encoder.name == "tiny" and client.collections() == ["demo"]
        client.create("docs")
        assert client.upsert("docs", [{"id": "a/b?", "text": "moon", "language": "en"}]).stored == 1
        assert client.search("moon", collection="docs").hits[0].id == "a/b?"
        assert [answer.hits[0].id for answer in client.search_many(["moon", "tide"], 1, collection="docs")] == [
            "a/b?"
        ] * 2
        np.testing.assert_allclose(
            client.embed(["moon"], "query").vectors, encoder.encode(["moon"], "query"), atol=1e-6
        )
        assert client.delete("docs", "a/b?").deleted == 1 and client.delete("docs").deleted == 0
        with pytest.raises(IsoglotFailed, match="unknown_language") as failed:
            client.search("moon", languages=["german"])
        assert failed.value.status == 422
        with pytest.raises(IsoglotFailed, match="401"), Isoglot(url, "wrong") as other:
            other.info()

        async def both() -> None:
            async with AsyncIsoglot(url, secret) as asking:
                answers = await asyncio.gather(
                    *(asking.search("moon", 2) for _ in range(20)), asking.search_many(["moon"], 2)
                )
                assert len(answers) == 21 and (await asking.info()).collection == "demo"

        asyncio.run(both())


def test_our_client_tries_again_when_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    waits, answers = list[float](), iter([429, 503, 200])

    def answer(_: httpx.Request) -> httpx.Response:
        status = next(answers)
        headers = {"retry-after": "7"} if status == 429 else {}
        return httpx.Response(
            status, headers=headers, json=[] if status == 200 else {"code": "overloaded", "message": "m"}
        )

    monkeypatch.setattr("service.client.time.sleep", waits.append)
    client = Isoglot("http://127.0.0.1:1", retries=2)
    client._http = httpx.Client(base_url="http://127.0.0.1:1", transport=httpx.MockTransport(answer))
    assert client.collections() == [] and 7 <= waits[0] <= 8.75 and 1 <= waits[1] <= 1.25
    client.close()
    assert Retries(3).wait(httpx.Response(422)) is None, "what is wrong stays wrong"
    with pytest.raises(IsoglotFailed, match="does not answer"), Isoglot("http://127.0.0.1:1", retries=0) as nobody:
        nobody.info()


def test_a_browser_s_page_is_served_over_a_socket(serve: Serve) -> None:
    with serve() as (url, _), urllib.request.urlopen(url) as answer:
        assert (
            answer.headers["x-frame-options"] == "DENY"
            and "script-src 'self'" in answer.headers["content-security-policy"]
        )
        assert "server" not in answer.headers and "access-control-allow-origin" not in answer.headers


def test_other_origins_need_to_be_named(settings: Settings) -> None:
    origin = {"origin": "https://example.org", "access-control-request-method": "POST"}
    with TestClient(create_app(settings)) as client:
        assert "access-control-allow-origin" not in client.options("/search", headers=origin).headers
    with TestClient(create_app(settings.model_copy(update={"cors_origins": ["https://example.org"]}))) as client:
        assert client.options("/search", headers=origin).headers["access-control-allow-origin"] == "https://example.org"
        other = client.options("/search", headers={**origin, "origin": "https://example.com"})
        assert "access-control-allow-origin" not in other.headers
