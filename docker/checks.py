"""What `docker/test.sh` asks the containers over HTTP; the standard library is all it needs.

python3 docker/checks.py ask http://127.0.0.1:8000 --collection docs
python3 docker/checks.py fill http://127.0.0.1:8000 written.txt
python3 docker/checks.py kept http://127.0.0.1:8000 written.txt
python3 docker/checks.py traffic http://127.0.0.1:8000 --seconds 30
python3 docker/checks.py dashboard http://127.0.0.1:9090
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
FIVE = ("de", "ja", "ru", "th", "zh")
QUESTIONS = 8
"""Asked in each language; the demo's first ones."""
BATCH = 20
AFTER_AUDIT = "isoglot_language_offset_drift"
"""Told of collections that were audited; without an audit it may be empty."""


def call(url: str, body: object = None, method: str | None = None, key: str | None = None) -> Any:
    """The JSON answer; raises urllib's errors for what is no success."""
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def ask(url: str, collection: str, key: str | None) -> str:
    """Search in five languages: the right topic must be found, and a choice of languages must hold."""
    lines = (ROOT / "index" / "demo" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    told = []
    for language in FIVE:
        found = 0
        for row in map(json.loads, lines[:QUESTIONS]):
            asked = {"query": row["questions"][language], "collection": collection, "k": 10}
            hits = call(f"{url}/search", asked, key=key)["hits"]
            found += any(hit["metadata"].get("topic") == row["topic"] for hit in hits)
            own = call(f"{url}/search", {**asked, "languages": [language]}, key=key)["hits"]
            assert len(own) == 10 and {hit["language"] for hit in own} == {language}, (language, own)
        assert found > QUESTIONS / 2, f"{language}: only {found} of {QUESTIONS} questions found their topic"
        told.append(f"{language} {found}")
    return f"questions answered, of {QUESTIONS}: {', '.join(told)}"


def fill(url: str, written: Path) -> str:
    """Store batches until the connection breaks, and note each that was acknowledged."""
    call(f"{url}/collections/kept", method="PUT")
    number = 0
    with written.open("w") as notes:
        while True:
            rows = [
                {"id": f"{number}-{row}", "text": f"Satz {row} im Stapel {number}", "language": "de",
                 "metadata": {"batch": number}} for row in range(BATCH)
            ]  # fmt: skip
            try:
                call(f"{url}/collections/kept/passages", rows)
            except OSError as error:
                return f"{number} batches acknowledged, then {type(error).__name__}"
            notes.write(f"{number}\n")
            notes.flush()
            number += 1


def kept(url: str, written: Path) -> str:
    """Every passage of an acknowledged batch must be there, and no batch by halves."""
    batches = [int(line) for line in written.read_text().split()]
    assert batches, "nothing was acknowledged before the kill"
    for number in (*batches, batches[-1] + 1):
        asked = {"query": "Satz", "collection": "kept", "k": 2 * BATCH, "where": {"batch": number}}
        there = {hit["id"] for hit in call(f"{url}/search", asked)["hits"]}
        whole = {f"{number}-{row}" for row in range(BATCH)}
        assert there == whole or (number not in batches and not there), f"batch {number}: {sorted(there)}"
    total = call(f"{url}/collections/kept")["passages"]
    assert total in (len(batches) * BATCH, (len(batches) + 1) * BATCH), total
    return f"{len(batches) * BATCH} passages acknowledged, {total} there"


def traffic(url: str, seconds: float, key: str | None) -> str:
    """Questions in five languages, texts to embed, and some requests that are refused."""
    lines = (ROOT / "index" / "demo" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    until, sent = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        row = json.loads(lines[sent % len(lines)])
        for language in FIVE:
            call(f"{url}/search", {"query": row["questions"][language], "k": 10}, key=key)
        call(f"{url}/embed", {"texts": list(row["questions"].values())}, key=key)
        try:
            call(f"{url}/search", {"query": "x" * 200_000}, key=key)
        except urllib.error.HTTPError as error:
            assert error.code == 413, error.code
        sent += 1
        time.sleep(0.1)
    return f"{7 * sent} requests"


def dashboard(url: str) -> str:
    """Each query of Grafana's dashboard, by the Prometheus that scrapes the service; one without data is a fault."""
    panels = json.loads((ROOT / "docker" / "grafana" / "dashboard.json").read_text(encoding="utf-8"))["panels"]
    told, unaudited, empty = 0, 0, []
    for panel in panels:
        for target in panel.get("targets", []):
            expression = re.sub(r"\$__(rate_interval|range)", "60s", target["expr"])
            answer = call(f"{url}/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
            values = [float(row["value"][1]) for row in answer["data"]["result"]]
            if panel["fieldConfig"]["defaults"].get("unit") == "percentunit":
                assert all(not abs(value) > 1 for value in values), f"{panel['title']}: {values} are no shares"
            told += 1
            if any(value == value for value in values):  # NaN is not equal to itself
                continue
            if AFTER_AUDIT in expression:
                unaudited += 1
            else:
                empty.append(f"{panel['title']}: {expression}")
    assert not empty, "without data: " + "; ".join(empty)
    return f"{told - unaudited} of {told} queries of the dashboard have data" + "; the other wants an audit" * unaudited


def main() -> None:
    """One check, told in one line; exit status 1 with the reason when it fails."""
    parser = argparse.ArgumentParser()
    parser.add_argument("check", choices=["ask", "fill", "kept", "traffic", "dashboard"])
    parser.add_argument("url")
    parser.add_argument("written", nargs="?", type=Path)
    parser.add_argument("--collection", default="demo")
    parser.add_argument("--key")
    parser.add_argument("--seconds", type=float, default=30)
    given = parser.parse_args()
    checks = {
        "ask": lambda: ask(given.url, given.collection, given.key),
        "fill": lambda: fill(given.url, given.written),
        "kept": lambda: kept(given.url, given.written),
        "traffic": lambda: traffic(given.url, given.seconds, given.key),
        "dashboard": lambda: dashboard(given.url),
    }
    try:
        sys.stdout.write(f"    {checks[given.check]()}\n")
    except (AssertionError, OSError) as error:
        sys.exit(f"    {given.check}: {error}")


if __name__ == "__main__":
    main()
