"""Merge rules over HTTP: asked for, set for a collection, fitted."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from index.merging import RULES
from service.client import Isoglot, IsoglotFailed
from service.settings import Settings
from tests.service.conftest import Serve

QUESTION = {"query": "why are there two high tides a day", "k": 12}


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "quota"])
def test_a_search_names_a_rule_and_the_answer_tells_it(client: TestClient, rule: str) -> None:
    found = client.post("/search", json={**QUESTION, "merge": rule}).json()
    assert found["merge"]["rule"] == rule and len(found["hits"]) == 12
    if rule in ("round-robin", "reserved", "proportional"):
        assert len({hit["language"] for hit in found["hits"]}) == 12, "the demo set has as many passages in each"


def test_options_and_questions_together(client: TestClient) -> None:
    merge = {"rule": "quota", "shares": {"th": 0.5, "de": 0.5}}
    for asked in (QUESTION["query"], [QUESTION["query"], "bread"]):
        answer = client.post("/search", json={**QUESTION, "query": asked, "merge": merge}).json()
        for found in answer.get("answers", [answer]):
            assert found["merge"] == merge
            assert sorted(hit["language"] for hit in found["hits"]) == ["de"] * 6 + ["th"] * 6


def test_bias_is_reported_of_the_order_a_rule_gave(client: TestClient) -> None:
    found = client.post("/search", json={**QUESTION, "merge": "round-robin", "bias": True}).json()
    assert {row["hits"] for row in found["bias"]["languages"]} == {1}


@pytest.mark.parametrize(
    ("merge", "told"),
    [
        ("best", "There is no merge rule 'best'"),
        ({"rule": "lir", "directions": 9}, "1 to 4"),
        ({"rule": "shift", "reference": "sw"}, "nothing in language 'sw'"),
    ],
)
def test_what_cannot_be_asked_is_told(client: TestClient, merge: object, told: str) -> None:
    refused = client.post("/search", json={**QUESTION, "merge": merge})
    assert refused.status_code == 422 and told in refused.json()["message"]
    assert client.put("/collections/demo/merge", json={"merge": merge}).status_code == 422
    assert client.get("/collections/demo/merge").json()["merge"] == {"rule": "score"}


def test_a_collection_has_a_rule_until_it_is_taken_back(client: TestClient, settings: Settings) -> None:
    assert client.get("/collections/demo/merge").json() == {
        "merge": {"rule": "score"}, "fitted": None, "is_current": False
    }  # fmt: skip
    told = client.put("/collections/demo/merge", json={"merge": {"rule": "standardised", "tail": 3}}).json()
    assert told["merge"] == {"rule": "standardised", "tail": 3.0} and told["is_current"]
    assert told["fitted"]["passages"] == sum(client.get("/collections/demo").json()["languages"].values())
    by_rule = client.post("/search", json=QUESTION).json()
    assert by_rule["merge"] == {"rule": "standardised", "tail": 3.0}
    raw = client.post("/search", json={**QUESTION, "merge": "score"}).json()
    assert raw["merge"] == {"rule": "score"} and raw["hits"] != by_rule["hits"]
    scores = [hit["score"] for hit in raw["hits"]]
    assert scores == sorted(scores, reverse=True)
    assert client.put("/collections/demo/merge", json={"merge": None}).json()["merge"] == {"rule": "score"}
    assert client.post("/search", json=QUESTION).json()["hits"] == raw["hits"]
    assert client.post("/collections/demo/merge/fit").json()["is_current"]
    assert client.get("/collections/none/merge").status_code == 404


def test_the_client_asks_and_sets(serve: Serve) -> None:
    with serve() as (url, _), Isoglot(url) as isoglot:
        assert isoglot.search("tides", k=3, merge="centred").merge["rule"] == "centred"
        assert isoglot.set_merge("demo", {"rule": "lir", "directions": 2}).merge["directions"] == 2
        assert isoglot.search("tides", k=3).merge["rule"] == "lir"
        assert isoglot.set_merge("demo", None).merge == {"rule": "score"}
        with pytest.raises(IsoglotFailed, match="no merge rule"):
            isoglot.search("tides", merge="best")
