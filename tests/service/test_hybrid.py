"""Lexical and hybrid search and reranking over HTTP."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from index.answer import Hit
from service.client import Isoglot, IsoglotFailed
from service.settings import Settings
from tests.service.conftest import Serve

GERMAN = {"query": "Was sind Ebbe und Flut, die Gezeiten?", "languages": ["de"], "k": 3}


def switched(client: TestClient, on: bool = True) -> None:
    assert client.put("/collections/demo/lexical", json={"on": on}).status_code == 200
    for _ in range(600):
        state = client.get("/collections/demo").json()["index"]["lexical"]["state"]
        if state == ("ready" if on else "off"):
            return
        time.sleep(0.05)
    raise AssertionError(state)


def test_lexical_search_is_switched_on_used_and_switched_off(client: TestClient) -> None:
    for mode in ("lexical", "hybrid"):
        refused = client.post("/search", json={**GERMAN, "mode": mode})
        assert refused.status_code == 422 and "PUT /collections/demo/lexical" in refused.json()["message"]
    switched(client)
    words = client.post("/search", json={**GERMAN, "mode": "lexical"}).json()
    assert words["hits"][0]["id"] == "tides.de" and words["mode"] == "lexical"
    assert words["hits"][0]["lexical_score"] > words["hits"][1]["lexical_score"]
    both = client.post("/search", json={**GERMAN, "mode": "hybrid", "languages": None}).json()
    assert both["mode"] == "hybrid" and any(hit["lexical_score"] for hit in both["hits"])
    client.post("/collections/demo/passages", json=[{"id": "n", "text": "Gezeitenkraftwerk Zwölfzylinder"}])
    found = client.post("/search", json={"query": "zwölfzylinder", "mode": "lexical"}).json()["hits"]
    assert [hit["id"] for hit in found] == ["n"]
    client.delete("/collections/demo/passages/n")
    assert client.post("/search", json={"query": "zwölfzylinder", "mode": "lexical"}).json()["hits"] == []
    switched(client, on=False)
    assert client.post("/search", json={**GERMAN, "mode": "hybrid"}).status_code == 422


def test_what_is_no_mode_is_told(client: TestClient) -> None:
    assert client.post("/search", json={"query": "moon", "mode": "both"}).status_code == 422
    assert client.put("/collections/nowhere/lexical", json={}).status_code == 404


def test_without_a_reranker_one_is_told(client: TestClient) -> None:
    refused = client.post("/search", json={"query": "moon", "rerank": True})
    assert refused.status_code == 422 and "ISOGLOT_RERANKER" in refused.json()["message"]
    wrong = client.post("/search", json={"query": "moon", "rerank": True, "rerank_candidates": 0})
    assert wrong.status_code == 422 and "rerank_candidates" in wrong.json()["message"]


class Slow:
    """A reranker that turns the list round when it is let."""

    def __init__(self) -> None:
        self.may_go, self.asked = threading.Event(), threading.Event()

    def reorder(self, query: str, hits: list[Hit], candidates: int) -> list[Hit]:
        self.asked.set()
        assert self.may_go.wait(20)
        return hits[:candidates][::-1] + hits[candidates:]


def test_the_client_knows_modes_and_a_slow_reranker_holds_nobody_up(serve: Serve) -> None:
    with serve() as (url, engine), Isoglot(url, retries=0) as isoglot:
        assert isoglot.switch_lexical("demo").state in ("building", "ready")
        reranker = engine.collection("demo").reranker = Slow()
        plain = isoglot.search("moon", k=50)
        reordered: list[str] = []
        thread = threading.Thread(
            target=lambda: reordered.extend(h.id for h in isoglot.search("moon", k=3, rerank=True).hits)
        )
        thread.start()
        assert reranker.asked.wait(20)
        assert isoglot.search("moon", k=3).hits == plain.hits[:3], "answered while the reranker reads"
        reranker.may_go.set()
        thread.join(20)
        assert reordered == [hit.id for hit in plain.hits[::-1][:3]]
        reranker.may_go.clear()
        slow = httpx.post(f"{url}/search", json={"query": "moon", "rerank": True}, headers={"X-Timeout-Seconds": "0.2"})
        assert slow.status_code == 503 and "reranker" in slow.json()["message"]
        reranker.may_go.set()
        with pytest.raises(IsoglotFailed, match="no collection"):
            isoglot.switch_lexical("nowhere")


def test_a_reranker_that_is_not_there_stops_the_start(settings: Settings, tmp_path: Path) -> None:
    from index.errors import NotFound
    from service.engine import Engine

    with pytest.raises(NotFound, match="neither a folder nor a hub id"):
        Engine(settings.model_copy(update={"reranker": "nowhere", "data": tmp_path}))
