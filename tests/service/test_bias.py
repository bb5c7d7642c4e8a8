"""Bias over HTTP: the report of an answer, what is watched, and the same for Prometheus."""

from __future__ import annotations

import numpy as np
import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from index.bias.baseline import Baseline
from index.collection import Collection
from index.encoder import Embedded

QUERY = "Wie entstehen die Gezeiten im Meer?"


def collection(client: TestClient) -> Collection:
    found: Collection = client.app.state.engine.collection("demo")  # type: ignore[attr-defined]
    return found


def test_an_answer_reports_what_it_favours(client: TestClient) -> None:
    plain = client.post("/search", json={"query": QUERY, "k": 8}).json()
    answer = client.post("/search", json={"query": QUERY, "k": 8, "bias": True}).json()
    ranks = [hit.pop("offset_rank") for hit in answer["hits"]]
    assert [{**hit, "offset_rank": None} for hit in answer["hits"]] == plain["hits"], "the hits are the same"
    known = [rank for rank in ranks if rank is not None]
    assert known and len(set(known)) == len(known) and all(1 <= rank <= 8 for rank in known)
    bias = answer["bias"]
    assert set(bias) == {"languages", "ndkl", "ndkl_by_chance", "spread", "sentence", "warning"}
    assert sum(row["hits"] for row in bias["languages"]) == 8 and len(bias["languages"]) == 12
    assert sum(row["pool_share"] * row["offset"] for row in bias["languages"]) == pytest.approx(0, abs=1e-4)
    assert [row["hits"] for row in bias["languages"]] == sorted((r["hits"] for r in bias["languages"]), reverse=True)
    assert bias["spread"] > 0 and bias["sentence"]


def test_offsets_are_those_of_the_passages_searched(client: TestClient) -> None:
    opened = collection(client)
    embedded: Embedded = opened.encoder.embed([QUERY], "query")
    blocks = list(opened.index.scan())
    codes = np.array([p.language for block in blocks for p in block.passages])
    scores = np.concatenate([block.vectors for block in blocks]) @ embedded.vectors[0]
    for languages in (["de", "th", "zh"], None):
        body = {"query": QUERY, "bias": True, "languages": languages}
        told = client.post("/search", json=body).json()["bias"]["languages"]
        assert {row["language"] for row in told} == set(languages or codes)
        pool = scores[np.isin(codes, languages or codes)].mean()
        for row in told:
            assert row["offset"] == pytest.approx(scores[codes == row["language"]].mean() - pool, abs=1e-5)


def test_nothing_is_warned_of_under_a_filter(client: TestClient) -> None:
    body = {"query": QUERY, "bias": True, "where": {"topic": "tides"}, "k": 30}
    assert client.post("/search", json=body).json()["bias"]["warning"] is None


def test_what_is_watched_is_the_matrix_the_offsets_and_their_drift(client: TestClient) -> None:
    before = client.get("/bias").json()
    assert before["query_languages"] == [] and before["baseline"] is None and before["drift"] is None
    hits = [client.post("/search", json={"query": QUERY, "k": 5}).json()["hits"] for _ in range(2)]
    client.post("/search", json={"query": "moon", "query_language": "en", "k": 3})
    opened = collection(client)
    watched = opened.running.watched(opened.index.means())
    changed = [
        type(each)(each.query_language, 7, {}, {c: o - 0.25 for c, o in each.offsets.items()}) for each in watched
    ]
    Baseline.of("2026-01-01T00:00:00Z", changed[:1]).save(opened.index)
    told = client.get("/bias", params={"collection": "demo"}).json()
    german, english = told["query_languages"]
    assert german["query_language"] == "de" and german["searches"] == 2 and sum(german["hits"].values()) == 10
    assert german["hits"][hits[0][0]["language"]] >= 2 and english["searches"] == 1
    report = client.post("/search", json={"query": QUERY, "bias": True}).json()["bias"]["languages"]
    assert german["offsets"] == pytest.approx({row["language"]: row["offset"] for row in report}, abs=1e-5)
    assert told["baseline"] == {"made": "2026-01-01T00:00:00Z", "queries": {"de": 7}}
    assert told["largest_drift"] == pytest.approx(0.25) and len(told["drift"]) == 12
    assert {row["query_language"] for row in told["drift"]} == {"de"}
    assert client.get("/bias", params={"collection": "none"}).status_code == 404


def test_prometheus_reads_the_same(client: TestClient) -> None:
    client.post("/search", json={"query": QUERY})
    opened = collection(client)
    Baseline("2026-01-01T00:00:00Z", {"de": 1}, {"de": {"th": 0.5}}).save(opened.index)
    families = {family.name: family for family in text_string_to_metric_families(client.get("/metrics").text)}
    told = {
        sample.labels["language"]: sample.value
        for sample in families["isoglot_language_offset"].samples
        if sample.labels["query_language"] == "de" and sample.labels["collection"] == "demo"
    }
    watched = client.get("/bias").json()
    assert told == pytest.approx(watched["query_languages"][0]["offsets"])
    drift = families["isoglot_language_offset_drift"].samples[0]
    assert drift.labels == {"collection": "demo"} and drift.value == pytest.approx(watched["largest_drift"])


def test_what_readiness_asks_itself_is_not_counted(client: TestClient) -> None:
    assert client.get("/health/ready").status_code == 200
    assert client.get("/bias").json()["query_languages"] == []
    assert "isoglot_hits_total{" not in client.get("/metrics").text
