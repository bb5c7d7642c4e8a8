"""Errors to HTTP, in one place: every answer that is no success is a `Problem`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import Scope

from index.errors import Conflict, Damaged, InvalidInput, IsoglotError, NotFound, StorageUnavailable, TooLarge
from index.faults import fault_message
from service.refusals import (
    ClientGone,
    DeadlineExceeded,
    Forbidden,
    Overloaded,
    TooManyRequests,
    TryLater,
    Unauthorized,
    WorkerStopped,
)
from service.request_facts import facts_of
from service.schemas import Problem

__all__ = ["PROBLEMS", "answer", "install", "problem"]

_CLIENT_CLOSED_REQUEST = 499
"""Not a registered status; proxies log it, and nobody is there to receive it."""

_STATUS: list[tuple[type[IsoglotError], int]] = [
    (TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (InvalidInput, HTTPStatus.UNPROCESSABLE_ENTITY),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (Unauthorized, HTTPStatus.UNAUTHORIZED),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (TooManyRequests, HTTPStatus.TOO_MANY_REQUESTS),
    (Overloaded, HTTPStatus.TOO_MANY_REQUESTS),
    (DeadlineExceeded, HTTPStatus.SERVICE_UNAVAILABLE),
    (WorkerStopped, HTTPStatus.SERVICE_UNAVAILABLE),
    (ClientGone, _CLIENT_CLOSED_REQUEST),
    (Damaged, HTTPStatus.SERVICE_UNAVAILABLE),
    (StorageUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (IsoglotError, HTTPStatus.INTERNAL_SERVER_ERROR),
]

PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The body is not JSON."},
    401: {"model": Problem, "description": "An API key is needed, or is not known."},
    403: {"model": Problem, "description": "The API key's scope does not cover this."},
    404: {"model": Problem, "description": "Nothing of that name."},
    409: {"model": Problem, "description": "Conflicts with what is stored."},
    413: {"model": Problem, "description": "Larger than a limit."},
    422: {"model": Problem, "description": "Cannot be used; the message says what can."},
    429: {"model": Problem, "description": "Too much at this time; `Retry-After` says when to come back."},
    503: {"model": Problem, "description": "Damaged, not ready, or not done before the deadline."},
}
"""For routers: the answers any route may give, for OpenAPI."""


def answer(error: IsoglotError, scope: Scope) -> JSONResponse:
    """The answer to an error raised on purpose; scope: the request's, in which the error is noted."""
    facts_of(scope).code = error.code
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    response = problem(status, error.code, error.message, error.detail)
    if isinstance(error, TryLater):
        response.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unauthorized):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def problem(status: int, code: str, message: str, detail: dict[str, Any] | None = None) -> JSONResponse:
    """An error answer."""
    body = Problem(code=code, message=message, detail=detail or {}).model_dump(mode="json")
    return JSONResponse(_speakable(body), status)


def _speakable(value: Any) -> Any:
    """Make echoed input safe to send: lone surrogates cannot be written as UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_speakable(key): _speakable(item) for key, item in value.items()}
    return [_speakable(item) for item in value] if isinstance(value, list) else value


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(IsoglotError, _on_isoglot_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_bug)


async def _on_isoglot_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, IsoglotError)
    return answer(error, request.scope)


async def _on_validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return problem(
            HTTPStatus.BAD_REQUEST, "invalid_json", f"The body is not valid JSON: {faults[0]['ctx']['error']}."
        )
    listed = [{"field": ".".join(map(str, fault["loc"][1:])), "message": fault_message(fault)} for fault in faults[:20]]
    message = "; ".join(f"{fault['field'] or 'body'}: {fault['message']}" for fault in listed)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_input", f"{message}.", {"faults": listed})


async def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    response = problem(error.status_code, code, f"{request.method} {request.url.path}: {error.detail}.")
    response.headers.update(error.headers or {})
    return response


async def _on_bug(request: Request, error: Exception) -> JSONResponse:
    # Starlette logs the traceback itself after this handler has answered.
    message = "Something went wrong that should not; the log has the details."
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", message)
