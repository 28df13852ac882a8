"""Answers that come in pieces: passed on as they come, ended when their record is durable."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final, cast

from aiohttp import web
from aiohttp.http import StreamWriter
from multidict import CIMultiDict

from tallystick.core.errors import TallystickError, TemporaryFailure
from tallystick.core.usage import Flag
from tallystick.meter.gateway.accounts import Accounts
from tallystick.meter.gateway.answer_headers import create_answer_headers
from tallystick.meter.gateway.call import Call
from tallystick.meter.gateway.client import Answer
from tallystick.meter.gateway.errors import StreamCutOff
from tallystick.meter.gateway.gateway import Gateway
from tallystick.meter.gateway.intake import PackedIntake, create_intake
from tallystick.meter.gateway.metrics import CallCounts
from tallystick.meter.parse.dialects import AnswerReader
from tallystick.meter.parse.reading import NO_FLAGS

_TAIL_S: Final = 0.25
"""How long the last piece waits for the answer's end; upstreams send both at once."""
_MAX_TAIL_BYTES: Final = 1 << 16
_NO_LIMIT: Final = 2**63 - 1


class _ClientGone(Exception):
    """Nobody takes the answer any more."""


class StreamRelay:
    """Relays one stream.

    Args:
        gateway: its settings.
        accounts: where the call is closed.
        counts: of the process.
        call: open.
        answer: of the upstream, its head read.
        reader: of the answer's usage.
    """

    def __init__(
        self,
        gateway: Gateway,
        accounts: Accounts,
        counts: CallCounts,
        call: Call,
        answer: Answer,
        reader: AnswerReader,
    ) -> None:
        self._gateway = gateway
        self._settings = gateway.settings
        self._accounts = accounts
        self._counts = counts
        self._call = call
        self._answer = answer
        self._reader = reader
        self._intake = create_intake(
            answer, reader, call.demand.request, self._settings.max_answer_bytes
        )
        self._loop = asyncio.get_running_loop()

    async def run(self, request: web.BaseRequest) -> web.StreamResponse:
        """The client has the whole answer, and its record is durable.

        A client that has gone is billed for what the upstream reports all the same. An answer that
        broke off breaks off for the client too: its connection is closed without an end.
        """
        response = web.StreamResponse(status=self._answer.status, headers=self._create_headers())
        # aiohttp's own writer: the abstract one waits for the client within every write.
        writer = cast(StreamWriter, await response.prepare(request))
        try:
            await self._run(request, response, writer)
        except BaseException:
            _break_off(request)  # what follows must not be taken for a part of the stream
            raise
        return response

    async def _run(
        self, request: web.BaseRequest, response: web.StreamResponse, writer: StreamWriter
    ) -> None:
        flags, is_whole, tail = NO_FLAGS, True, b""
        try:
            tail = await self._pass_on(request, writer)
        except _ClientGone:
            flags = await self._read_on()
        except StreamCutOff as error:
            tail = self._format_end(error)
            is_whole = bool(tail)
        except TemporaryFailure:
            flags, is_whole = Flag.UPSTREAM_FAILED, False
        try:
            await self._accounts.close(self._call, self._reader, flags=flags)
        except TallystickError:
            is_whole = False
        if is_whole:
            await _end(response, tail)
        else:
            _break_off(request)

    async def _pass_on(self, request: web.BaseRequest, writer: StreamWriter) -> bytes:
        """The answer is passed on but for its last bytes, which are returned."""
        answer, reader, feed = self._answer, self._reader, self._intake.feed
        limit = self._compute_limit()
        protocol = request.protocol
        holds_tail = True
        data = answer.read_ready()
        if not data:
            writer.send_headers()
            data = await answer.read()
        self._call.first_byte_s = self._loop.time()
        while data:
            passed = feed(data)
            if holds_tail and reader.is_complete:
                passed, has_ended = await self._read_tail(passed)
                if has_ended:
                    return passed
                holds_tail = False
            if passed:
                try:
                    await writer.write(passed, drain=False)
                    if protocol.writing_paused:
                        await self._wait_for(writer)
                except ConnectionError as error:
                    raise _ClientGone from error
            if reader.output_bytes > limit:
                self._counts.cut_off += 1
                raise StreamCutOff("the answer costs more than was reserved for it")
            data = await answer.read()
        return self._intake.flush()

    async def _read_tail(self, tail: bytes) -> tuple[bytes, bool]:
        """What belongs to the last piece, and whether the answer has ended with it."""
        try:
            async with asyncio.timeout(_TAIL_S):
                while len(tail) < _MAX_TAIL_BYTES:
                    data = await self._answer.read()
                    if not data:
                        return tail + self._intake.flush(), True
                    tail += self._intake.feed(data)
        except TimeoutError:
            pass
        return tail, False

    async def _wait_for(self, writer: StreamWriter) -> None:
        """The client has taken what it was sent; one that takes nothing for long has gone."""
        try:
            async with asyncio.timeout(self._settings.send_timeout_s):
                await writer.drain()
        except TimeoutError as error:
            raise _ClientGone from error

    async def _read_on(self) -> Flag:
        """The answer is read to its end, as far as time and number allow, for its usage alone."""
        counts = self._counts
        counts.clients_gone += 1
        if counts.drains >= self._settings.max_drains:
            return NO_FLAGS
        counts.drains += 1
        try:
            async with asyncio.timeout(self._settings.drain_s):
                while data := await self._answer.read():
                    self._intake.feed(data)
        except TimeoutError:
            return NO_FLAGS
        except TemporaryFailure:
            return Flag.UPSTREAM_FAILED
        finally:
            counts.drains -= 1
        return NO_FLAGS

    def _compute_limit(self) -> int:
        if not self._settings.cuts_off:
            return _NO_LIMIT
        return self._accounts.compute_output_limit_bytes(self._call)

    def _create_headers(self) -> CIMultiDict[str]:
        intake, project = self._intake, self._call.demand.key.project
        return create_answer_headers(
            self._call,
            self._answer,
            self._gateway.gate.left_ucr(project),
            is_unpacked=isinstance(intake, PackedIntake) and intake.passes_unpacked,
        )

    def _format_end(self, error: TallystickError) -> bytes:
        """The refusal as the stream's last event; b"" where the stream has no events."""
        body = self._call.demand.dialect.format_refusal(
            error.http_status, error.code, str(error), {}
        )
        kind = self._answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind == "text/event-stream":
            return b"event: error\ndata: " + body + b"\n\n"
        return body + b"\n" if kind == "application/x-ndjson" else b""


async def _end(response: web.StreamResponse, tail: bytes) -> None:
    # A client that goes at the very end changes nothing: its call is accounted for.
    with contextlib.suppress(ConnectionError):
        await response.write_eof(tail)


def _break_off(request: web.BaseRequest) -> None:
    """The client sees that bytes are missing: the last chunk never comes."""
    transport = request.transport
    if transport is None:
        return
    if request.version >= (1, 1):
        transport.close()
    else:
        transport.abort()
