"""`POST /search`."""

from __future__ import annotations

from fastapi import APIRouter

from service.engine import EngineOf
from service.schemas import SearchRequest, SearchResponse

router = APIRouter(tags=["search"])


@router.post("/search")
def search(request: SearchRequest, engine: EngineOf) -> SearchResponse:
    """Find the passages that answer a question, whatever its language and theirs."""
    query = engine.text(request.query, "query")
    collection = engine.collection(request.collection)
    answer = collection.search(query, request.k, request.languages, request.query_language)
    return SearchResponse.model_validate({**answer.as_json(), "collection": collection.name})
