"""A collection's merge rule, and fitting its corrections."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from index.collection import Collection
from index.merging import parse_merge
from service.engine import EngineOf
from service.merge_schemas import Fit, MergeIn, MergeInfo

router = APIRouter(prefix="/collections", tags=["merging"])

Name = Annotated[str, Path(description="Name of a collection.", examples=["demo"])]


def _info(collection: Collection) -> MergeInfo:
    fitted = collection.corrections.fitted()
    return MergeInfo(
        merge=collection.merge.as_json(),
        fitted=None if fitted is None else Fit.model_validate(fitted.as_json()),
        is_current=collection.corrections.is_current(),
    )


@router.get("/{name}/merge")
def show(name: Name, engine: EngineOf) -> MergeInfo:
    """The rule for searches that name none, and what was fitted."""
    return _info(engine.collection(name))


@router.put("/{name}/merge")
def put(name: Name, body: MergeIn, engine: EngineOf) -> MergeInfo:
    """Set the rule for searches that name none. One that needs fitting is fitted first, a second or two."""
    merge = None if body.merge is None else parse_merge(body.merge)
    collection = engine.collection(name)
    collection.set_merge(merge)
    return _info(collection)


@router.post("/{name}/merge/fit")
def fit(name: Name, engine: EngineOf) -> MergeInfo:
    """Fit the collection's corrections anew, now; by itself that happens when a fifth of the passages has changed."""
    collection = engine.collection(name)
    collection.corrections.fit()
    return _info(collection)
