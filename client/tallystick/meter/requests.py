"""Requests in flight: started here, their answers collected for the sender's next turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import httpx

from tallystick.meter.ports import ValidatorEndpoint
from tallystick.meter.posting import Answer, post_frames
from tallystick.meter.spool import Spool, SpooledFrame


@dataclass(frozen=True, slots=True)
class Request:
    """Frames on their way to a validator."""

    turn: int
    """Whose turn it was; answers of an earlier turn change nothing."""
    target: ValidatorEndpoint
    frames: Sequence[SpooledFrame]


@dataclass(frozen=True, slots=True)
class Answered:
    """A request and what became of it."""

    request: Request
    answer: Answer


class Requests:
    """Sends frames in the background.

    Args:
        spool: where the frames' bytes are read from, as late as possible.
        http: carries them.
        timeout_s: of a whole exchange.
        on_answer: called when an answer is there to be taken.
    """

    def __init__(
        self,
        spool: Spool,
        http: httpx.AsyncClient,
        *,
        timeout_s: float,
        on_answer: Callable[[], None],
    ) -> None:
        self._spool = spool
        self._http = http
        self._timeout_s = timeout_s
        self._on_answer = on_answer
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers: list[Answered] = []

    def __len__(self) -> int:
        return len(self._tasks)

    def send(self, request: Request) -> None:
        """The request is under way."""
        self._tasks.add(asyncio.create_task(self._exchange(request)))

    def take_answers(self) -> list[Answered]:
        """What was answered since the last call."""
        answers, self._answers = self._answers, []
        return answers

    def cancel(self) -> asyncio.Future[list[BaseException | None]]:
        """No request counts as in flight any more; await the result to see them ended."""
        tasks, self._tasks = self._tasks, set()
        for task in tasks:
            task.cancel()
        return asyncio.gather(*tasks, return_exceptions=True)

    async def _exchange(self, request: Request) -> None:
        try:
            body = b"".join(self._spool.read(frame) for frame in request.frames)
            answer = await post_frames(self._http, request.target, body, timeout_s=self._timeout_s)
            self._answers.append(Answered(request, answer))
        finally:
            self._tasks.discard(cast("asyncio.Task[None]", asyncio.current_task()))
            self._on_answer()
