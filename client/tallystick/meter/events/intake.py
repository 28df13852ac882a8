"""What a request of events comes to: who sends it, which bytes, what is recorded of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import structlog
from aiohttp import web

from tallystick.core.errors import InvalidInput
from tallystick.meter.events.bodies import read_body
from tallystick.meter.events.book import AT_ONCE, Entered, EventBook, Resolved
from tallystick.meter.events.errors import EventKeyUnknown, EventMethodUnsupported
from tallystick.meter.events.event import Event
from tallystick.meter.events.ports import EventKey, EventKeys

MAX_SECRET_CHARS: Final = 512
MAX_BODY_BYTES: Final = 8 << 20
MAX_LOG_BYTES: Final = 32 << 20
"""Of LiteLLM's batches, which may carry whole conversations."""
MAX_AT_ONCE: Final = 8
MAX_PROBLEMS: Final = 10

_BEARER: Final = "bearer "

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a request's events.

    Args:
        entered: of those that were whole.
        problems: one sentence for each that was refused.
    """

    entered: Entered = field(default_factory=Entered)
    problems: list[str] = field(default_factory=list)

    def describe_problems(self) -> str:
        """The first few problems as one text, empty where there are none."""
        more = len(self.problems) - MAX_PROBLEMS
        tail = [f"and {more} more"] if more > 0 else []
        return ". ".join([*self.problems[:MAX_PROBLEMS], *tail])


class Intake:
    """Takes events that come over HTTP, from those who show a key.

    Args:
        book: where they are recorded.
        keys: what requests must show.
    """

    def __init__(self, book: EventBook, keys: EventKeys) -> None:
        self.book = book
        self._keys = keys
        self._turn = asyncio.Semaphore(MAX_AT_ONCE)

    async def read(self, request: web.BaseRequest, max_bytes: int) -> tuple[EventKey, bytes]:
        """Who sends the request, and its body.

        Raises:
            EventMethodUnsupported, EventKeyUnknown, EventBodyTooLarge, EventTypeUnsupported,
            EventMalformed: as they say; the body is read only for those who show a key.
        """
        if request.method != "POST":
            raise EventMethodUnsupported(
                "events are posted", expected="POST", actual=request.method[:16]
            )
        key = self._keys.find(read_secret(request))
        if key is None:
            raise EventKeyUnknown(
                "the request shows no key of this gateway",
                expected="Authorization: Bearer, or x-api-key",
            )
        async with self._turn:
            return key, await read_body(request, max_bytes)

    async def take_all(self, events: Iterable[Event], key: EventKey) -> Taken:
        """All events are durable, or none was recorded.

        Raises:
            InvalidInput: one of them cannot be recorded.
        """
        resolved = list[Resolved]()
        for event in events:
            resolved.append(self.book.resolve(event, key))
            await _give_way(len(resolved))
        return await self._enter(resolved, key, [])

    async def take_good(
        self, events: Iterable[Event], key: EventKey, problems: Iterable[str]
    ) -> Taken:
        """All events that can be recorded are durable; what is wrong with the others is told.

        Args:
            events: that could be read.
            key: what they came with.
            problems: of those that could not.
        """
        resolved, refused = list[Resolved](), list(problems)
        for event in events:
            try:
                resolved.append(self.book.resolve(event, key))
            except InvalidInput as error:
                refused.append(str(error))
            await _give_way(len(resolved) + len(refused))
        return await self._enter(resolved, key, refused)

    async def _enter(self, events: list[Resolved], key: EventKey, problems: list[str]) -> Taken:
        entered = await self.book.enter(events)
        _log.info(
            "events_taken",
            key=key.name,
            recorded=entered.recorded,
            repeated=entered.repeated,
            held=entered.held,
            refused=len(problems),
        )
        return Taken(entered, problems)


async def _give_way(done: int) -> None:
    """Others get their turn now and then: an intake runs beside calls."""
    if done % AT_ONCE == 0:
        await asyncio.sleep(0)


def read_secret(request: web.BaseRequest) -> str:
    """The key's secret, from where clients put it; empty where there is none."""
    authorization = request.headers.get("Authorization", "")
    if authorization[: len(_BEARER)].lower() == _BEARER:
        return authorization[len(_BEARER) :].strip()[:MAX_SECRET_CHARS]
    return request.headers.get("x-api-key", "")[:MAX_SECRET_CHARS]
