"""Batch indexing jobs: the same code as `isoglot index build` and `isoglot index reencode`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, StreamingResponse

from index.errors import NotFound
from index.jobs import JobSpec, JobState
from index.jobs.dead_letters import LETTERS
from index.jobs.listing import folder_of, forget, state_of, states
from index.jobs.runner import JobRunner
from service.engine import EngineOf
from service.job_schemas import JobOut

_LOOK_EVERY, _ALIVE_EVERY = 0.5, 15.0
"""Seconds between looks at a job, and between signs of life on its stream of events."""


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Stop the jobs before the collections close."""
    yield
    if (runner := getattr(app.state, "jobs", None)) is not None:
        await run_in_threadpool(runner.close)


__all__ = ["router"]

router = APIRouter(prefix="/jobs", tags=["jobs"], lifespan=_lifespan)

Identity = Annotated[str, Path(description="A job's id.", examples=["docs-910e1ff19e28"])]


def _runner(request: Request, engine: EngineOf) -> JobRunner:
    state = request.app.state
    if getattr(state, "jobs", None) is None:
        state.jobs = JobRunner(engine.settings, engine.catalog, engine.encoders)
    runner: JobRunner = state.jobs
    return runner


RunnerOf = Annotated[JobRunner, Depends(_runner)]


def _out(state: JobState) -> JobOut:
    return JobOut.model_validate(state.shown())


@router.post("", status_code=202)
def start(spec: JobSpec, runner: RunnerOf) -> JobOut:
    """Queue a job; one of the same sources and options that was stopped goes on.

    Sources must lie where ISOGLOT_JOB_SOURCES allows. Jobs run one at a time. While a job fills a collection
    in place that the service had not opened, that collection cannot be searched: set `switch` to fill a new
    version beside the live one. Of kind `reencode`, a job changes a collection's encoder while it is searched and
    written to; its encoder must be bundled or listed (ISOGLOT_ENCODERS).
    """
    return _out(runner.start(spec))


@router.get("")
def jobs(engine: EngineOf) -> list[JobOut]:
    """All jobs, latest first, those of the command line too."""
    return [_out(state) for state in states(engine.settings)]


@router.get("/{identity}")
def show(identity: Identity, engine: EngineOf) -> JobOut:
    """Where a job stands."""
    return _out(state_of(engine.settings, identity))


@router.delete("/{identity}")
def delete(identity: Identity, engine: EngineOf, runner: RunnerOf) -> JobOut:
    """Stop a job after the batch in hand; one that runs no more is forgotten, not what it indexed."""
    state = state_of(engine.settings, identity)
    if not runner.stop(identity):
        forget(engine.settings, identity)
    return _out(state)


@router.get("/{identity}/rejected", response_class=FileResponse)
def rejected(identity: Identity, engine: EngineOf) -> FileResponse:
    """The rejected rows as JSON lines: source, line, id, language, reason, excerpt."""
    path = folder_of(engine.settings, identity) / LETTERS
    if not path.is_file():
        raise NotFound(f"The job {identity} has rejected no row.", job=identity)
    return FileResponse(path, media_type="application/x-ndjson")


@router.get("/{identity}/events", response_class=StreamingResponse)
async def events(identity: Identity, engine: EngineOf) -> StreamingResponse:
    """A stream of server-sent events: the job's state at each change, until it ends."""
    first = await run_in_threadpool(state_of, engine.settings, identity)
    return StreamingResponse(_events(engine, first), media_type="text/event-stream")


async def _events(engine: EngineOf, state: JobState) -> AsyncIterator[str]:
    quiet = 0.0
    yield _event(state)
    while state.status in ("queued", "running"):
        await asyncio.sleep(_LOOK_EVERY)
        before, state = state, await run_in_threadpool(state_of, engine.settings, state.id)
        quiet = 0.0 if state != before else quiet + _LOOK_EVERY
        if state != before:
            yield _event(state)
        elif quiet >= _ALIVE_EVERY:
            quiet = 0.0
            yield ": alive\n\n"


def _event(state: JobState) -> str:
    return f"event: {state.status}\ndata: {json.dumps(state.shown(), ensure_ascii=False)}\n\n"
