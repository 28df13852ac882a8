"""Carries a call from its client to its upstream, and the answer back."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web

from tallystick.core.errors import TallystickError
from tallystick.core.usage import Flag
from tallystick.meter.gateway.accounts import Accounts
from tallystick.meter.gateway.bodies import BodyRoom, HeldBody
from tallystick.meter.gateway.call import Call
from tallystick.meter.gateway.client import Answer, UpstreamClient
from tallystick.meter.gateway.credentials import create_upstream_headers, drop_key_parameter
from tallystick.meter.gateway.demands import read_demand
from tallystick.meter.gateway.errors import (
    GatewayBusy,
    InternalFailure,
    UpstreamBroken,
    UpstreamTimedOut,
    UpstreamUnreachable,
)
from tallystick.meter.gateway.gateway import Gateway
from tallystick.meter.gateway.headers import select_sent
from tallystick.meter.gateway.metrics import CallCounts
from tallystick.meter.gateway.plain import relay_plain
from tallystick.meter.gateway.refusals import create_refusal
from tallystick.meter.gateway.streams import StreamRelay
from tallystick.meter.nesting import bound_nesting
from tallystick.meter.parse.dialects import Dialect, Route

_STREAM_TYPES: Final = ("text/event-stream", "application/x-ndjson")
_MAX_PLACES: Final = 12
_CANCEL_S: Final = 5.0
"""For calls that are broken off to close their accounts."""
_log = structlog.get_logger(__name__)


class Relay:
    """Relays the calls of one process.

    Args:
        gateway: the parts.
        client: towards upstreams.
    """

    def __init__(self, gateway: Gateway, client: UpstreamClient) -> None:
        self._gateway = gateway
        self._client = client
        self._loop = asyncio.get_running_loop()
        self.counts = CallCounts(gateway.gate)
        self._accounts = Accounts(gateway, self.counts)
        self.is_stopping = False
        """No new call is taken."""
        self._room = BodyRoom(gateway.settings.max_bodies_bytes)
        self._has_ended = asyncio.Event()
        self._tasks: set[asyncio.Task[object]] = set()

    async def relay(self, request: web.BaseRequest, route: Route, query: str) -> web.StreamResponse:
        """The answer to a call; whatever went wrong, in the shape that its client knows."""
        counts = self.counts
        if self.is_stopping or counts.in_flight >= self._gateway.settings.max_in_flight:
            return self.refuse(route.dialect, self._create_busy())
        counts.in_flight += 1
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in one
        self._tasks.add(task)
        dialect = route.dialect
        held = HeldBody(self._room)
        bound_nesting()
        try:
            demand = await read_demand(self._gateway, request, route, query, held)
            dialect = demand.dialect
            call = await self._accounts.open(demand)
            return await self._carry(request, call, query)
        except TallystickError as error:
            return self.refuse(dialect, error)
        except ConnectionError:
            raise  # the client has gone: nobody is there to be refused
        except Exception as error:  # noqa: BLE001 - the last handler: one call's defect ends no other
            return self.refuse_defect(dialect, error)
        finally:
            held.release()
            counts.in_flight -= 1
            self._tasks.discard(task)
            if self.is_stopping and not self._tasks:
                self._has_ended.set()

    async def stop(self, timeout_s: float) -> int:
        """No new call is taken; calls under way end, and what does not in time is broken off.

        Returns:
            How many were broken off; they are billed for what was seen of them.
        """
        self.is_stopping = True
        if await self._wait_for_end(timeout_s):
            return 0
        late = list(self._tasks)
        for task in late:
            task.cancel()
        await self._wait_for_end(_CANCEL_S)
        return len(late)

    async def _wait_for_end(self, timeout_s: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._tasks:
                    await self._has_ended.wait()
        return not self._tasks

    def refuse(self, dialect: Dialect, error: TallystickError) -> web.Response:
        """The answer to what was not relayed, counted."""
        self.counts.count_refusal(error.code)
        return create_refusal(dialect, error, self._gateway.clock.now_ms())

    def refuse_defect(self, dialect: Dialect, error: Exception) -> web.Response:
        """The answer to what failed in a way that nobody expected; where, is in the log."""
        _log.error("request_failed", error=type(error).__name__, trace=_list_places(error))
        return self.refuse(
            dialect, InternalFailure("the gateway failed", actual=type(error).__name__)
        )

    async def _carry(self, request: web.BaseRequest, call: Call, query: str) -> web.StreamResponse:
        answer: Answer | None = None
        try:
            answer = await self._send(request, call, query)
            call.status = answer.status
            return await self._answer(request, call, answer)
        finally:
            if call.closing is None:  # cancelled, or a defect: what was seen so far is billed
                lost = self._accounts.close(call, call.reader)
                lost.add_done_callback(_forget)
            if answer is not None:
                answer.close()
            self._note_end(call)

    async def _send(self, request: web.BaseRequest, call: Call, query: str) -> Answer:
        """The answer's head.

        Nothing is billed where the upstream never had the call. Where it had it and stayed silent,
        what it read is.
        """
        demand = call.demand
        upstream = demand.offer.upstream
        headers = select_sent(request.headers.items())
        headers.append(("Accept-Encoding", "identity"))
        headers += create_upstream_headers(upstream)
        target = demand.route.upstream_path(demand.offer.upstream_model)
        if query := drop_key_parameter(query):
            target = f"{target}?{query}"
        try:
            return await self._client.send(upstream, target, headers, demand.request.body)
        except UpstreamTimedOut:
            await self._accounts.close(call, None, flags=Flag.UPSTREAM_FAILED)
            raise
        except (UpstreamUnreachable, UpstreamBroken):
            await self._accounts.close_unused(call)
            raise

    async def _answer(
        self, request: web.BaseRequest, call: Call, answer: Answer
    ) -> web.StreamResponse:
        bound_nesting()
        kind = answer.headers.get("Content-Type", "")
        call.reader = reader = call.demand.dialect.create_reader(call.demand.request, kind)
        is_stream = call.demand.request.is_stream or kind.startswith(_STREAM_TYPES)
        if is_stream and answer.status < HTTPStatus.MULTIPLE_CHOICES:
            relay = StreamRelay(self._gateway, self._accounts, self.counts, call, answer, reader)
            return await relay.run(request)
        return await relay_plain(self._gateway, self._accounts, call, answer, reader)

    def _create_busy(self) -> GatewayBusy:
        if self.is_stopping:
            return GatewayBusy("the gateway is stopping")
        return GatewayBusy(
            "the gateway carries as many calls as it may",
            expected=f"at most {self._gateway.settings.max_in_flight} at once",
        )

    def _note_end(self, call: Call) -> None:
        """One line for each call, without prompts, secrets and names of people."""
        duration_s = self._loop.time() - call.started_s
        self.counts.count_call(call, duration_s)
        demand, closing = call.demand, call.closing
        _log.info(
            "call_relayed",
            call=call.id.hex(),
            key=demand.key.name,
            project=demand.key.project,
            model=demand.offer.model,
            upstream=demand.offer.upstream.name,
            dialect=demand.dialect.name,
            status=call.status,
            in_tokens=closing.reading.in_total if closing is not None else 0,
            out_tokens=closing.reading.out_total if closing is not None else 0,
            cost_ucr=closing.cost_ucr if closing is not None else 0,
            flags=closing.flags if closing is not None else 0,
            duration_ms=round(duration_s * 1000, 1),
        )


def _list_places(error: Exception) -> list[str]:
    """Where it happened, innermost last; messages and values may hold prompts and keys."""
    frames = traceback.extract_tb(error.__traceback__)[-_MAX_PLACES:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames]


def _forget(future: asyncio.Future[int | None]) -> None:
    """Nobody waits for it; the book itself stops at what it cannot store."""
    if not future.cancelled():
        future.exception()
