from __future__ import annotations

import json

import pytest
from fastapi.testclient import TestClient

LINES = {"content-type": "application/x-ndjson"}
MOON = {"id": "moon/de", "text": "Mond und Ebbe", "language": "de", "metadata": {"n": 1}}
BREAD = {"id": "bread", "text": "The bread needs yeast and time."}


def test_the_life_of_a_collection(client: TestClient) -> None:
    assert client.put("/collections/docs").status_code == 201
    assert client.put("/collections/docs").status_code == 200
    stored = client.post("/collections/docs/passages", json=[MOON, BREAD]).json()
    assert stored == {"stored": 2, "by_language": {"de": 1, "en": 1}, "truncated": []}
    info = client.get("/collections/docs").json()
    assert info.pop("index")["recall"]["exact"] == ["de", "en"]
    assert info == {"name": "docs", "passages": 2, "languages": {"de": 1, "en": 1}, "encoder": "tiny", "dimension": 16}
    hit = client.post("/search", json={"query": "Mond", "collection": "docs", "k": 1}).json()["hits"][0]
    assert (hit["id"], hit["metadata"], hit["title"]) == ("moon/de", {"n": 1}, None)
    assert client.delete("/collections/docs/passages/moon/de").json() == {"deleted": 1}
    assert client.delete("/collections/docs/passages/moon/de").status_code == 404
    assert client.get("/collections").json() == ["demo", "docs"]
    assert client.delete("/collections/docs").json() == {"deleted": 1}
    assert client.get("/collections/docs").status_code == 404


def test_lines_are_stored_all_or_none(client: TestClient) -> None:
    client.put("/collections/docs")
    good = [json.dumps({"id": str(n), "text": "bread"}).encode() for n in range(5)]
    bad = b"\n".join([*good[:3], b'{"id": "x"', *good[3:]])
    answer = client.post("/collections/docs/passages", content=bad, headers=LINES)
    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (422, "malformed_line", {"line": 4})
    assert client.get("/collections/docs").json()["passages"] == 0
    assert client.post("/collections/docs/passages", content=b"\n".join(good), headers=LINES).json()["stored"] == 5


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ([{"id": "a", "text": "x"}, {"id": "a", "text": "y"}], "more than once"),
        ([{"id": "a", "text": "moon"}, {"id": "b", "text": " "}], "Passage 1 of the array"),
        ([{"id": "a", "text": "x", "language": "german"}], "BCP 47"),
        ([{"id": "a"}], "text"),
        ([{"id": "a", "text": "x", "lang": "de"}], "lang"),
        ({"id": "a", "text": "x"}, "array"),
    ],
)
def test_bad_passages_store_nothing(client: TestClient, body: object, told: str) -> None:
    client.put("/collections/docs")
    answer = client.post("/collections/docs/passages", json=body)
    assert answer.status_code == 422 and told in answer.json()["message"]
    assert client.get("/collections/docs").json()["passages"] == 0


def test_another_content_type_is_told(client: TestClient) -> None:
    client.put("/collections/docs")
    answer = client.post("/collections/docs/passages", content=b"a,b", headers={"content-type": "text/csv"})
    assert answer.status_code == 422 and "application/x-ndjson" in answer.json()["message"]


@pytest.mark.parametrize("name", ["Docs", "..%2Fetc", "a" * 80, "%00"])
def test_names_that_are_none_are_told(client: TestClient, name: str) -> None:
    answer = client.put(f"/collections/{name}")
    assert answer.status_code in {404, 422} and "code" in answer.json()


def test_passages_go_to_collections_that_exist(client: TestClient) -> None:
    assert client.post("/collections/none/passages", json=[MOON]).status_code == 404
