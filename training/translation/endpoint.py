"""Translation by any server with OpenAI's `POST {url}/chat/completions`."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from index.errors import InvalidInput, IsoglotError
from training.translation.chat import PROMPT_VERSION, batch_messages, read_batch, single_messages
from training.translation.engine import Finished

__all__ = ["EndpointEngine", "EndpointFailed"]

_TRIES = 6
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 1.0, 60.0
_LONGEST_ASKED_WAIT_SECONDS = 600.0
"""A server may ask for a wait of up to this long (Retry-After); beyond it the job stops and says so."""

_TIMEOUT = httpx.Timeout(180.0, connect=10.0)
_BATCHES_AT_ONCE = 64
_TOO_MANY, _SERVER_ERRORS, _OK = 429, 500, 200


class EndpointFailed(IsoglotError):
    """The endpoint cannot be reached, refuses, or answers something that is no chat completion."""

    code = "endpoint_failed"


class EndpointEngine:
    """Sends one numbered batch per request, `concurrency` requests at a time; a malformed answer is asked for again
    text by text.

    url: without `/chat/completions`, such as http://localhost:8000/v1. key: bearer token; None sends none.
    malformed: batches that had to be asked for again text by text.
    """

    def __init__(
        self, url: str, model: str, source: str = "en", key: str | None = None, batch_size: int = 16,
        concurrency: int = 4, first_wait_seconds: float = _FIRST_WAIT_SECONDS,
    ) -> None:  # fmt: skip
        if httpx.URL(url).scheme not in {"http", "https"}:
            raise InvalidInput(f"--endpoint must be an http(s) address such as http://localhost:8000/v1, not {url!r}.")
        self.url, self.model, self.source, self._key = url.rstrip("/"), model, source, key
        self.batch_size, self.concurrency, self.first_wait_seconds = batch_size, concurrency, first_wait_seconds
        self.texts_at_once = batch_size * _BATCHES_AT_ONCE
        self.malformed = 0

    def check(self, targets: Sequence[str]) -> None:
        """Accept every language: there is no way to ask a chat model which it can write. The filters will tell."""

    def identity(self, target: str) -> str:
        """Name server, model and prompt; a server that exchanges the weights under one name goes unnoticed."""
        return f"{self.url} {self.model} prompt={PROMPT_VERSION}"

    def translate(self, texts: Sequence[str], target: str) -> Generator[Finished, None, None]:
        """Translate, yielding each batch when its request is answered; raises EndpointFailed."""
        slots = asyncio.Semaphore(self.concurrency)
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        with asyncio.Runner() as runner:
            client = httpx.AsyncClient(timeout=_TIMEOUT, headers=headers)
            open_tasks: set[asyncio.Task[Finished]] = set()
            try:
                starts = range(0, len(texts), self.batch_size)
                batches = [range(start, min(start + self.batch_size, len(texts))) for start in starts]
                open_tasks = runner.run(_start([self._batch(client, slots, texts, b, target) for b in batches]))
                while open_tasks:
                    done, open_tasks = runner.run(_next(open_tasks))
                    # Answers that came together with a failure are handed over before it is raised.
                    for task in sorted(done, key=lambda task: task.exception() is not None):
                        yield task.result()
            finally:
                runner.run(_stop(client, open_tasks))

    async def _batch(
        self, client: httpx.AsyncClient, slots: asyncio.Semaphore, texts: Sequence[str], batch: range, target: str
    ) -> Finished:
        async with slots:
            wanted = [texts[position] for position in batch]
            if len(wanted) > 1:
                answer = await self._ask(client, batch_messages(wanted, self.source, target))
                read = None if answer is None else read_batch(answer, len(wanted))
                if read is not None:
                    return list(zip(batch, read, strict=True))
                self.malformed += 1
            singles = [await self._ask(client, single_messages(text, self.source, target)) for text in wanted]
            return list(zip(batch, singles, strict=True))

    async def _ask(self, client: httpx.AsyncClient, messages: list[dict[str, str]]) -> str | None:
        """Return the answer's text; None when the server cut it short."""
        body = {"model": self.model, "messages": messages, "temperature": 0}
        response = await self._post(client, body)
        try:
            choice: dict[str, Any] = response.json()["choices"][0]
            content = choice["message"]["content"] or ""
            content.encode()
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise EndpointFailed(
                f"{self.url} answered something that is no chat completion: {_start_of(response)}"
            ) from error
        return None if choice.get("finish_reason") == "length" else content.strip()

    async def _post(self, client: httpx.AsyncClient, body: dict[str, Any]) -> httpx.Response:
        """Post, trying again after 429, 5xx, timeouts and broken connections; raises EndpointFailed."""
        trouble = ""
        for number in range(_TRIES):
            asked = 0.0
            try:
                response = await client.post(f"{self.url}/chat/completions", json=body)
            except httpx.TransportError as error:
                trouble = f"cannot be reached ({type(error).__name__}: {error})"
            else:
                if response.status_code == _OK:
                    return response
                trouble = f"answered {response.status_code}: {_start_of(response)}"
                if response.status_code != _TOO_MANY and response.status_code < _SERVER_ERRORS:
                    raise EndpointFailed(f"{self.url} {trouble} {_hint(response.status_code)}".rstrip())
                asked = _asked_wait(response)
            if asked > _LONGEST_ASKED_WAIT_SECONDS:
                raise EndpointFailed(f"{self.url} {trouble} It asks to wait {asked:,.0f} seconds.")
            if number + 1 < _TRIES:
                await asyncio.sleep(max(asked, self._wait(number)))
        raise EndpointFailed(f"{self.url} {trouble} Given up after {_TRIES} tries.")

    def _wait(self, number: int) -> float:
        # Half of it by chance, so that requests refused together do not come back together.
        return min(self.first_wait_seconds * 2.0**number, _LONGEST_WAIT_SECONDS) * random.uniform(0.5, 1.0)  # noqa: S311


async def _start(coroutines: list[Any]) -> set[asyncio.Task[Finished]]:
    return {asyncio.create_task(coroutine) for coroutine in coroutines}


async def _stop(client: httpx.AsyncClient, tasks: set[asyncio.Task[Finished]]) -> None:
    """Give up what is still open: after a failure, on Ctrl-C, when the caller stops early."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await client.aclose()


async def _next(tasks: set[asyncio.Task[Finished]]) -> tuple[set[asyncio.Task[Finished]], set[asyncio.Task[Finished]]]:
    return await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)


def _asked_wait(response: httpx.Response) -> float:
    """Seconds the server asks to wait (Retry-After, as seconds or as a date); 0 when it does not."""
    value = response.headers.get("Retry-After", "")
    try:
        return max(float(value), 0.0)
    except ValueError:
        pass
    try:
        return max((parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return 0.0


def _start_of(response: httpx.Response) -> str:
    return repr(response.text[:200])


def _hint(status: int) -> str:
    if status in {401, 403}:
        return "Put the key into the environment variable ISOGLOT_TRANSLATION_KEY."
    if status == 404:
        return "The address must end where /chat/completions begins, often with /v1, and --endpoint-model must exist."
    return ""
