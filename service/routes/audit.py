"""`POST /audit` and `GET /audit`: how evenly a collection treats languages."""

from __future__ import annotations

import threading
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from pydantic import Field

from index.audit import DEPTH, kept
from index.audit.audit import audit, baseline_of
from index.audit.questions import ParallelQuestion
from index.audit.report import html
from index.audit.result import Audit
from index.errors import TooLarge
from index.merging import parse_merge
from service.engine import EngineOf
from service.refusals import Overloaded
from service.schemas import RequestModel

router = APIRouter(prefix="/audit", tags=["bias"])

_running = threading.Lock()

_REPORT_HEADERS = {
    # The page brings its styles in itself; nothing else may load, and questions cannot smuggle in scripts.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
}

CollectionName = Annotated[str | None, Query(description="Null means the default collection.", examples=["demo"])]


class AuditRequest(RequestModel):
    """Parallel questions, and what to weigh."""

    questions: list[ParallelQuestion] = Field(min_length=1)
    collection: str | None = Field(None, description="Null audits the default collection.", examples=["demo"])
    rules: list[str] | None = Field(
        None, description="Merge rules; null weighs all that need no choice.", examples=[["centred", "lir"]]
    )
    depth: int = Field(DEPTH, description="Hits looked at for each question, 10 to 1000.")


@router.post("")
async def run(body: AuditRequest, engine: EngineOf) -> Audit:
    """Ask the same questions in several languages, see whom the collection favours, and keep the result.

    One audit runs at a time, and questions times languages are limited (ISOGLOT_MAX_AUDIT_QUERIES); larger ones are
    for `isoglot audit`.
    """
    limit = engine.settings.max_audit_queries
    asked = sum(len(question.questions) for question in body.questions)
    if asked > limit:
        raise TooLarge(
            f"{asked:,} queries were sent; one audit here may ask {limit:,} (ISOGLOT_MAX_AUDIT_QUERIES). Send fewer "
            "questions, or run `isoglot audit`.",
            queries=asked,
            limit=limit,
        )
    rules = None if body.rules is None else [parse_merge(rule) for rule in body.rules]
    collection = await engine.opened(body.collection)
    if not _running.acquire(blocking=False):
        raise Overloaded("Another audit is running; one runs at a time.", 10)
    try:
        found = await run_in_threadpool(audit, collection, body.questions, rules, body.depth)
    finally:
        _running.release()
    await run_in_threadpool(baseline_of(found).save, collection.index)
    await run_in_threadpool(kept.keep, engine.settings.data, found)
    return found


@router.get("")
async def last(engine: EngineOf, collection: CollectionName = None) -> Audit:
    """The last audit of a collection, by whichever door it was run."""
    opened = await engine.opened(collection)  # an alias stands for the version that was audited
    return await run_in_threadpool(kept.last, engine.settings.data, opened.name)


@router.get(
    "/report",
    response_class=Response,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def report(engine: EngineOf, collection: CollectionName = None) -> Response:
    """The same as a page that can be saved and sent: nothing in it is fetched."""
    opened = await engine.opened(collection)
    found = await run_in_threadpool(kept.last, engine.settings.data, opened.name)
    return HTMLResponse(await run_in_threadpool(html, found), headers=_REPORT_HEADERS)
