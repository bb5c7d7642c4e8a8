"""No answer that is not documented, no 5xx, whatever is sent: over the whole OpenAPI, and with broken texts."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any
from unittest import SkipTest

import httpx
import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from index.encoder import Encoder
from index.errors import InvalidInput, IsoglotError
from index.passages import parse_lines
from service.app import create_app
from service.settings import Settings
from tests.conftest import make_encoder
from tests.service.conftest import Serve


@pytest.fixture(scope="session")
def app_client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    folder = tmp_path_factory.mktemp("contract")
    chosen = Settings(data=folder / "data", encoder=str(make_encoder(folder / "tiny")), threads=1, collection="demo")
    return TestClient(create_app(chosen), raise_server_exceptions=False)


def test_every_answer_is_documented(serve: Serve) -> None:
    # Through Schemathesis' own strategies: its pytest plugin does not know this pytest yet.
    with serve() as (url, _):
        schema = schemathesis.openapi.from_dict(_without_headers(httpx.get(f"{url}/openapi.json").json()))
        operations = [result.ok() for result in schema.get_all_operations()]
        paths = {operation.path for operation in operations}
        assert paths >= {"/search", "/embed", "/v1/embeddings", "/info", "/metrics", "/collections/{name}/passages"}
        # Last what deletes: without the demo collection readiness rightly says 503.
        for operation in sorted(operations, key=lambda operation: operation.method == "delete"):
            _check_operation(operation.as_strategy(generation_mode=GenerationMode.POSITIVE), url)
            with contextlib.suppress(Unsatisfiable, SkipTest):  # nothing wrong can be sent where nothing is taken
                _check_operation(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE), url)


def _without_headers(document: dict[str, Any]) -> dict[str, Any]:
    """Headers have tests of their own: a timeout of a nanosecond is rightly answered 503, a made-up key 401."""
    for operations in document["paths"].values():
        for operation in operations.values():
            operation.pop("security", None)
            operation["parameters"] = [row for row in operation.get("parameters", []) if row["in"] != "header"]
    return document


# No schema says that a text must not be blank or that a code is BCP 47, so 422 is right for some data it allows.
def _check_operation(cases: st.SearchStrategy[schemathesis.Case], url: str) -> None:
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(case=cases)
    def check(case: schemathesis.Case) -> None:
        case.call_and_validate(base_url=url, excluded_checks=[positive_data_acceptance])

    check()


ODD = [
    "\ud800", "a\udfffb", "\u200f\u202emoon\u202c", "e" + "\u0301" * 200, "\u200b\u200c\u200d\ufeff", "x" * 100_000,
    "\u202e" * 50 + "tide", "👩‍👩‍👧‍👦" * 500, "\x00", "\x1b[31mmoon", "ﷺ" * 1000, "मूलशब्द" * 3000, "\u0e33" * 100,
]  # fmt: skip


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_texts_give_vectors_or_a_clear_error(app_client: TestClient, text: str) -> None:
    with app_client as client:
        content = json.dumps({"texts": [text], "inputs": None}).encode()
        for path, body in (
            ("/embed", {"texts": [text]}), ("/embed", {"inputs": text, "truncate": True}), ("/search", {"query": text}),
            ("/v1/embeddings", {"input": text, "model": "tiny"}),
        ):  # fmt: skip
            answer = client.post(path, content=json.dumps(body).encode(), headers={"content-type": "application/json"})
            assert answer.status_code in {200, 422}, (path, answer.text)
            assert answer.status_code == 200 or answer.json()["message"]
        assert client.post("/embed", content=content).status_code in {400, 422}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=())) | st.sampled_from(ODD), min_size=1, max_size=4))
def test_the_tokeniser_takes_any_text_or_says_why_not(texts: list[str]) -> None:
    encoder = _bundled()
    try:
        tokenized = encoder.tokenize(texts, "query")
    except InvalidInput as error:
        assert error.message
        return
    assert len(tokenized.ids) == len(texts) and all(tokenized.ids)
    assert max(map(len, tokenized.ids)) <= encoder.description.maximum_tokens


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.binary(max_size=80) | st.sampled_from([json.dumps({"id": "a", "text": odd}).encode() for odd in ODD]),
        max_size=5,
    )
)
def test_lines_are_read_or_their_fault_is_told(lines: list[bytes]) -> None:
    try:
        list(parse_lines(lines))
    except IsoglotError as error:
        assert error.message.startswith("Line ") and error.detail["line"] >= 1


_loaded: list[Encoder] = []


def _bundled() -> Encoder:
    """The bundled encoder where there is one: its tokenizer is a real one."""
    if not _loaded:
        _loaded.append(Encoder(Path(__file__).parents[2] / "models" / "isoglot-static"))
    return _loaded[0]
