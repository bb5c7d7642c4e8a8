"""Collections and their passages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import TypeAdapter, ValidationError

from index.collection import Collection
from index.errors import CollectionMoved, InvalidInput, NotFound
from index.faults import faults_told
from index.lexical.hybrid import channel_of
from index.passages import Passage, parse_lines, require_unique
from service.call import CallOf
from service.engine import Engine, EngineOf
from service.schemas import CollectionInfo, Deleted, LexicalIn, LexicalInfo, PassageIn, Stored

__all__ = ["router"]

router = APIRouter(prefix="/collections", tags=["collections"])

Name = Annotated[str, Path(description="Name of a collection.", examples=["demo"])]

_PASSAGES = TypeAdapter(list[PassageIn])
_LINES = "application/x-ndjson"
_EXAMPLE = {"id": "opening-hours.de", "language": "de", "text": "Das Museum öffnet dienstags bis sonntags um zehn Uhr."}


def _info(collection: Collection) -> CollectionInfo:
    languages = collection.counts()
    return CollectionInfo(
        name=collection.name,
        passages=sum(languages.values()),
        languages=languages,
        encoder=collection.encoder.name,
        dimension=collection.encoder.dimension,
        index=collection.info(),
    )


@router.get("")
def names(engine: EngineOf) -> list[str]:
    """Names of all collections."""
    return engine.catalog.names()


@router.get("/{name}")
def show(name: Name, engine: EngineOf) -> CollectionInfo:
    """A collection's languages, size and encoder."""
    return _info(engine.collection(name))


@router.put("/{name}", responses={201: {"model": CollectionInfo, "description": "Made."}})
def create(name: Name, engine: EngineOf, response: Response) -> CollectionInfo:
    """Make a collection; one that exists stays as it is."""
    collection, is_new = engine.catalog.create(name)
    response.status_code = 201 if is_new else 200
    return _info(collection)


@router.delete("/{name}")
def delete(name: Name, engine: EngineOf) -> Deleted:
    """Delete a collection with all its passages."""
    count = sum(engine.collection(name).counts().values())
    engine.catalog.delete(name)
    return Deleted(deleted=count)


@router.post(
    "/{name}/passages",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"type": "array", "items": PassageIn.model_json_schema()},
                    "example": [_EXAMPLE],
                },
                _LINES: {"schema": {"type": "string"}},
            },
        }
    },
)
async def upsert(name: Name, request: Request, call: CallOf) -> Stored:
    """Store passages, replacing those whose id is known; all or none.

    Send a JSON array, or one JSON object a line with content type `application/x-ndjson`.
    """
    body, kind = await request.body(), request.headers.get("content-type", "").partition(";")[0].strip()
    await call.engine.opened(name)  # what is not there is told before anything is read
    passages = await run_in_threadpool(_parse, body, kind, call.engine)
    added = await call.store(name, passages)
    return Stored(stored=sum(added.by_language.values()), by_language=added.by_language, truncated=added.truncated)


def _parse(body: bytes, kind: str, engine: Engine) -> list[Passage]:
    passages = _read(body, kind, engine)
    require_unique(passage.id for passage in passages)
    return passages


def _read(body: bytes, kind: str, engine: Engine) -> list[Passage]:
    if kind == _LINES:
        return list(parse_lines(body.split(b"\n"), engine.settings.languages))
    if kind not in ("application/json", ""):
        raise InvalidInput(f"Content type {kind!r} is not understood; send application/json or {_LINES}.", given=kind)
    try:
        rows: list[dict[str, Any]] = [row.model_dump() for row in _PASSAGES.validate_json(body)]
    except ValidationError as error:
        told = faults_told(error, "body", most=1)
        raise InvalidInput(f"{told}. Send a JSON array of passages. Nothing was stored.") from error
    return [_passage(number, row, engine) for number, row in enumerate(rows)]


def _passage(number: int, row: dict[str, Any], engine: Engine) -> Passage:
    try:
        return Passage.from_json(row, engine.settings.languages)
    except InvalidInput as error:
        error.message = f"Passage {number} of the array: {error.message} Nothing was stored."
        error.detail["index"] = number
        raise


@router.put("/{name}/lexical")
def switch_lexical(name: Name, body: LexicalIn, engine: EngineOf) -> LexicalInfo:
    """Switch lexical search on or off; no passage is encoded again.

    Passages are taken in meanwhile (`building`), in the background and after a restart; from then on every write is
    followed. Until it is `ready`, modes `lexical` and `hybrid` are answered 409.
    """
    words = channel_of(engine.collection(name).index)
    words.switch(body.on)
    return LexicalInfo.model_validate(words.info())


@router.delete("/{name}/passages/{passage_id:path}")
def delete_passage(name: Name, passage_id: str, engine: EngineOf) -> Deleted:
    """Delete one passage."""
    if not _delete(engine, name, passage_id):
        raise NotFound(f"Collection {name!r} has no passage {passage_id[:80]!r}.", collection=name, id=passage_id[:80])
    return Deleted(deleted=1)


def _delete(engine: Engine, name: str, passage_id: str) -> int:
    while True:
        try:
            return engine.collection(name).delete([passage_id])
        except CollectionMoved:  # its encoder has changed this moment
            continue
