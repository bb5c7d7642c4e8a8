from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SCORES = {"score", "lexical_score", "rerank_score"}


def test_an_answer_tells_hits_language_and_shares(client: TestClient) -> None:
    answer = client.post("/search", json={"query": "Wie entstehen die Gezeiten im Meer?", "k": 5}).json()
    assert [len(answer["hits"]), answer["collection"]] == [5, "demo"]
    assert set(answer["hits"][0]) == {*SCORES, "id", "language", "title", "text", "metadata", "offset_rank"}
    assert answer["bias"] is None and answer["hits"][0]["offset_rank"] is None
    assert answer["query_language"] == {
        "code": "de",
        "how": "detected",
        "confidence": answer["query_language"]["confidence"],
    }
    assert len(answer["languages"]) == 12
    assert sum(share["hit_share"] for share in answer["shares"]) == pytest.approx(1, abs=0.001)
    assert sum(share["pool_share"] for share in answer["shares"]) == pytest.approx(1, abs=0.001)
    scores = [hit["score"] for hit in answer["hits"]]
    assert scores == sorted(scores, reverse=True)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(languages=st.sets(st.sampled_from(["ar", "de", "el", "th", "zh"]), min_size=1), k=st.integers(1, 60))
def test_a_language_filter_holds(client: TestClient, languages: set[str], k: int) -> None:
    answer = client.post("/search", json={"query": "moon", "k": k, "languages": sorted(languages)}).json()
    assert {hit["language"] for hit in answer["hits"]} <= languages
    assert len(answer["hits"]) == min(k, 48 * len(languages))
    assert set(answer["languages"]) == languages


def test_a_given_query_language_is_taken(client: TestClient) -> None:
    answer = client.post("/search", json={"query": "moon", "query_language": "deu"}).json()
    assert answer["query_language"] == {"code": "de", "how": "given", "confidence": 1.0}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"query": "   "}, 422, "invalid_input"),
        ({"query": ""}, 422, "invalid_input"),
        ({"query": "a\x00b"}, 422, "invalid_input"),
        ({"query": "x" * 2000}, 413, "too_large"),
        ({"query": "moon", "k": 0}, 422, "invalid_input"),
        ({"query": "moon", "k": 10**9}, 422, "invalid_input"),
        ({"query": "moon", "k": 1.5}, 422, "invalid_input"),
        ({"query": "moon", "languages": ["german"]}, 422, "unknown_language"),
        ({"query": "moon", "languages": ["sw"]}, 422, "unknown_language"),
        ({"query": "moon", "languages": []}, 422, "invalid_input"),
        ({"query": "moon", "query_language": "xx"}, 422, "unknown_language"),
        ({"query": "moon", "collection": "none"}, 404, "not_found"),
        ({"query": "moon", "collection": "../etc"}, 422, "invalid_input"),
        ({"query": "moon", "langages": ["de"]}, 422, "invalid_input"),
        ({}, 422, "invalid_input"),
    ],
)
def test_bad_requests_are_told_in_one_shape(client: TestClient, body: dict[str, Any], status: int, code: str) -> None:
    answer = client.post("/search", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) == {"code", "message", "detail"}
    assert answer.json()["message"]


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe{}", b'{"query": "\\ud800"}', b"[1]", b""])
def test_bodies_that_are_no_json_are_told(client: TestClient, body: bytes) -> None:
    answer = client.post("/search", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}
    assert set(answer.json()) == {"code", "message", "detail"}


def test_a_body_beyond_the_limit_is_refused_with_and_without_a_length(client: TestClient) -> None:
    big = b'{"query": "' + b"x" * 200_000 + b'"}'
    told = client.post("/search", content=big, headers={"content-type": "application/json"})
    untold = client.post("/search", content=iter([big]), headers={"content-type": "application/json"})
    assert (told.status_code, untold.status_code) == (413, 413)
    assert told.json() == untold.json()
    assert told.json()["code"] == "too_large"
