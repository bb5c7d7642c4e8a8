"""`POST /search`."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic_core import to_json

from index.errors import InvalidInput
from index.merging import parse_merge
from index.question import Question
from service.call import CallOf
from service.schemas import SearchRequest, SearchResponse, SearchResponses

__all__ = ["router"]

router = APIRouter(tags=["search"])


@router.post("/search", response_model=SearchResponse | SearchResponses)
async def search(body: SearchRequest, call: CallOf) -> Response:
    """Find the passages that answer a question, whatever its language and theirs.

    A list of questions is answered with `answers`, one for each, in order.
    """
    limit = call.engine.settings.max_hits
    if body.k > limit:
        raise InvalidInput(f"k is {body.k}; it must be from 1 to {limit} (ISOGLOT_MAX_HITS).", k=body.k, limit=limit)
    queries = call.texts([body.query] if isinstance(body.query, str) else body.query, "query")
    shared = body.model_dump(exclude={"query", "collection", "merge"})
    merge = None if body.merge is None else parse_merge(body.merge)
    questions = [Question(query, merge=merge, **shared) for query in queries]
    questions[0].scope()  # what no collection could answer needs no vector
    collection = await call.engine.opened(body.collection)
    found = await call.answer(collection, questions)
    answers = [{**answer.as_json(), "collection": collection.name} for answer in found]
    # Checking our own answer against the model it documents would take as long as a small search; tests do.
    content = to_json(answers[0] if isinstance(body.query, str) else {"answers": answers})
    return Response(content, media_type="application/json")
