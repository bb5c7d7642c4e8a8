"""Grafana's dashboard and Prometheus' settings: every query parses, and asks for what the service tells."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from index.bias.baseline import Baseline
from service.engine import Engine

ROOT = Path(__file__).parent.parent.parent
DASHBOARD: dict[str, Any] = json.loads((ROOT / "docker" / "grafana" / "dashboard.json").read_text("utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]


def read(expression: str) -> promql_parser.Expr:
    return promql_parser.parse(re.sub(r"\$__(rate_interval|range)", "5m", expression))


def selectors(expression: str) -> list[promql_parser.VectorSelector]:
    """What a query selects, the ranges of `rate` and `increase` included."""
    found: list[promql_parser.VectorSelector] = []
    promql_parser.walk(read(expression), lambda node: found.append(node) if is_selector(node) else None)
    return found


def is_selector(node: object) -> bool:
    return isinstance(node, promql_parser.VectorSelector)


@pytest.fixture(scope="module")
def told(client: TestClient) -> dict[str, set[str]]:
    """Every series the service tells after some traffic and an audit, with its labels."""
    client.post("/search", json={"query": "Wie entstehen die Gezeiten im Meer?", "k": 6})
    client.post("/embed", json={"texts": ["moon tide"]})
    client.post("/search", content=b"x" * 200_000)
    client.get("/nowhere")
    engine: Engine = client.app.state.engine  # type: ignore[attr-defined]
    demo = engine.collection("demo")
    Baseline.of("2026-01-01T00:00:00+00:00", demo.running.watched(demo.index.means())).save(demo.index)
    found: dict[str, set[str]] = {"up": set()}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


@pytest.mark.parametrize(("title", "expression"), QUERIES)
def test_queries_ask_for_what_the_service_tells(title: str, expression: str, told: dict[str, set[str]]) -> None:
    selected = selectors(expression)
    assert selected, title
    for selector in selected:
        assert selector.name in told, f"{title}: there is no series {selector.name}"
        asked = {matcher.name for matcher in selector.matchers.matchers} - {"job"}
        assert asked <= told[selector.name], title


@pytest.mark.parametrize(("title", "expression"), QUERIES)
def test_legends_name_labels_that_are_kept(title: str, expression: str) -> None:
    (panel,) = (panel for panel in PANELS if (title, expression) in
                [(panel["title"], target["expr"]) for target in panel["targets"]])  # fmt: skip
    (target,) = (target for target in panel["targets"] if target["expr"] == expression)
    kept = {name.strip() for names in re.findall(r"by \(([^)]*)\)", expression) for name in names.split(",")}
    for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
        assert label in kept or (label == "instance" and not kept), title


def test_the_parser_refuses_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="unexpected|invalid|parse"):
        read("sum by (route (rate(isoglot_requests_total[5m])))")


def test_everything_that_is_told_is_shown(told: dict[str, set[str]]) -> None:
    shown = {selector.name for _, expression in QUERIES for selector in selectors(expression)}
    ours = {re.sub(r"_(total|sum|count|bucket|created)$", "", name) for name in told if name.startswith("isoglot_")}
    assert {re.sub(r"_(total|sum|count|bucket)$", "", str(name)) for name in shown} >= ours


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_files_agree_on_names() -> None:
    compose = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text("utf-8"))["services"]
    prometheus = yaml.safe_load((ROOT / "docker" / "prometheus.yaml").read_text("utf-8"))
    targets = {job["job_name"]: job["static_configs"][0]["targets"] for job in prometheus["scrape_configs"]}
    assert targets["isoglot"] == ["isoglot:8000"] and "isoglot" in compose
    (source,) = yaml.safe_load((ROOT / "docker" / "grafana" / "datasource.yaml").read_text("utf-8"))["datasources"]
    assert source["url"] == "http://prometheus:9090" and "prometheus" in compose
    (variable,) = DASHBOARD["templating"]["list"]
    assert variable["current"]["value"] == source["uid"]
    (provider,) = yaml.safe_load((ROOT / "docker" / "grafana" / "dashboards.yaml").read_text("utf-8"))["providers"]
    mounts = [volume.split(":")[1] for volume in compose["grafana"]["volumes"]]
    assert f"{provider['options']['path']}/dashboard.json" in mounts
