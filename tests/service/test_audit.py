from __future__ import annotations

from fastapi.testclient import TestClient

from index.audit.questions import demo


def asked(most: int) -> list[dict[str, object]]:
    return [question.model_dump() for question in demo()[:most]]


def test_an_audit_is_run_kept_and_shown(client: TestClient) -> None:
    assert client.get("/audit").status_code == 404
    answer = client.post("/audit", json={"questions": asked(3), "rules": ["centred"], "depth": 20})
    assert answer.status_code == 200
    found = answer.json()
    assert [rule["rule"] for rule in found["rules"]] == ["score", "centred"] and found["asked"] == 36
    assert client.get("/audit", params={"collection": "demo"}).json() == found
    report = client.get("/audit/report")
    assert report.headers["content-type"].startswith("text/html") and found["sentence"][:20] in report.text
    assert "script-src" not in report.headers["content-security-policy"]
    assert "default-src 'none'" in report.headers["content-security-policy"]


def test_what_is_too_much_or_wrong_is_told(client: TestClient) -> None:
    answer = client.post("/audit", json={"questions": asked(52)})
    assert answer.status_code == 413 and "ISOGLOT_MAX_AUDIT_QUERIES" in answer.json()["message"]
    answer = client.post("/audit", json={"questions": asked(2), "rules": ["fair"]})
    assert answer.status_code == 422 and "round-robin" in answer.json()["message"]
    answer = client.post("/audit", json={"questions": [{"id": "1", "questions": {"english": "why"}}]})
    assert answer.status_code == 422 and "BCP 47" in answer.json()["message"]
