"""Calls over HTTP at a fixed rate or as fast as they are answered, by a process of its own.

    python -m tests.bench.http_load '{"url": ..., "seconds": 5, "rate": 500}'

prints what came back as JSON. With a rate, calls leave on time whatever became of those before
(open loop); without, `concurrency` callers each wait for their answer (closed loop).
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter, deque
from typing import Final, cast
from urllib.parse import urlsplit

import httptools
import msgspec
import uvloop

PATIENCE_S: Final = 30.0
"""How long calls may still take once no new one leaves."""


class Load(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to send, and how much of it."""

    url: str
    key: str
    model: str
    is_stream: bool = False
    seconds: float = 5.0
    rate: float = 0.0
    concurrency: int = 64
    calls: int = 0
    """In place of a time: so many, all at once. With `rate` 0."""


class Latencies(msgspec.Struct, frozen=True):
    """Milliseconds by share of calls."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came back."""

    sent: int
    answered: int
    failed: int
    statuses: dict[str, int]
    """Answers by HTTP status; "none" = the connection broke."""
    seconds: float
    per_s: float
    total: Latencies
    first_byte: Latencies
    late_p99_ms: float
    """How late calls left, which is this process's fault."""
    cpu_s: float
    """Of this process."""


class Caller(asyncio.Protocol):
    """One kept-alive connection, one call at a time."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._sent_s = 0.0
        self._first_s = 0.0
        self._is_busy = False
        self._status = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: connected."""
        self._transport = cast(asyncio.Transport, transport)

    def send(self) -> None:
        """The call leaves."""
        assert self._transport is not None
        self._is_busy = True
        self._first_s = 0.0
        self._sent_s = time.perf_counter()
        self._transport.write(self._driver.request)

    def close(self) -> None:
        """The connection is closed."""
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes of the answer."""
        self._parser.feed_data(data)

    def on_body(self, _: bytes) -> None:
        """httptools: a part of the answer."""
        if not self._first_s:
            self._first_s = time.perf_counter()

    def on_headers_complete(self) -> None:
        """httptools: the status is known."""
        self._status = self._parser.get_status_code()

    def on_message_complete(self) -> None:
        """httptools: the whole answer has come."""
        now_s = time.perf_counter()
        self._is_busy = False
        # The parser counts one message at a time; the next one may follow on this connection.
        self._parser = httptools.HttpResponseParser(self)
        first_s = (self._first_s or now_s) - self._sent_s
        self._driver.note(now_s - self._sent_s, first_s, self._status)
        self._driver.free(self)

    def connection_lost(self, _: Exception | None) -> None:
        """asyncio: gone; a call that was under way has failed."""
        if self._is_busy:
            self._is_busy = False
            self._driver.note(0.0, 0.0, 0)
            self._driver.lose()


class Driver:
    """Sends the load over as many connections as it takes."""

    def __init__(self, load: Load) -> None:
        parts = urlsplit(load.url)
        self._load = load
        self._host, self._port = parts.hostname or "", parts.port or 80
        self.request = _encode(load, parts.netloc)
        self._idle: deque[Caller] = deque()
        self._callers: list[Caller] = []
        self._total_s: list[float] = []
        self._first_s: list[float] = []
        self._late_s: list[float] = []
        self._failed = 0
        self._statuses: Counter[str] = Counter()
        self._sent = 0
        self._end_s = 0.0
        self._last_s = 0.0
        self._is_closed = not load.rate

    async def run(self) -> Outcome:
        """The load is sent and answered, or given up."""
        wanted = self._load.calls or self._load.concurrency
        await self._connect(wanted)
        cpu_s, began_s = time.process_time(), time.perf_counter()
        self._end_s = began_s + self._load.seconds
        if self._is_closed:
            for caller in [self._idle.popleft() for _ in range(wanted)]:
                self._launch(caller)
        else:
            await self._send_on_time(began_s)
        try:
            async with asyncio.timeout(self._load.seconds + PATIENCE_S):
                while self._answered + self._failed < self._sent or self._is_going():  # noqa: ASYNC110 - a look now and then costs the calls nothing
                    await asyncio.sleep(0.01)
        except TimeoutError:
            pass
        for caller in self._callers:
            caller.close()
        seconds = (self._last_s if self._is_closed else time.perf_counter()) - began_s
        return Outcome(
            sent=self._sent,
            answered=self._answered,
            failed=self._sent - self._answered,
            statuses=dict(self._statuses),
            seconds=seconds,
            per_s=self._answered / seconds if seconds > 0 else 0.0,
            total=_rank(self._total_s),
            first_byte=_rank(self._first_s),
            late_p99_ms=_rank(self._late_s).p99_ms,
            cpu_s=time.process_time() - cpu_s,
        )

    @property
    def _answered(self) -> int:
        return len(self._total_s)

    def _is_going(self) -> bool:
        return self._is_closed and not self._load.calls and time.perf_counter() < self._end_s

    def note(self, total_s: float, first_s: float, status: int) -> None:
        """A call has ended; status 0 = without an answer."""
        self._last_s = time.perf_counter()
        self._statuses[str(status or "none")] += 1
        if status == 200:
            self._total_s.append(total_s)
            self._first_s.append(first_s)
        else:
            self._failed += 1

    def free(self, caller: Caller) -> None:
        """The connection is free for another call."""
        if self._is_going():
            self._launch(caller)
        else:
            self._idle.append(caller)

    def lose(self) -> None:
        """A connection broke; in a closed loop another takes its place."""
        if self._is_going():
            asyncio.get_running_loop().create_task(self._replace())

    async def _replace(self) -> None:
        await self._connect(1)
        self._launch(self._idle.popleft())

    def _launch(self, caller: Caller) -> None:
        self._sent += 1
        caller.send()

    async def _connect(self, count: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(count):
            _, caller = await loop.create_connection(lambda: Caller(self), self._host, self._port)
            self._idle.append(caller)
            self._callers.append(caller)

    async def _send_on_time(self, began_s: float) -> None:
        """Each call at its time; one that finds no free connection opens one."""
        spacing_s = 1 / self._load.rate
        for number in range(int(self._load.rate * self._load.seconds)):
            due_s = began_s + number * spacing_s
            wait_s = due_s - time.perf_counter()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            if not self._idle:
                await self._connect(1)
            self._late_s.append(time.perf_counter() - due_s)
            self._launch(self._idle.pop())


def _encode(load: Load, netloc: str) -> bytes:
    """The request, the same every time: half a kilobyte of conversation."""
    text = "Summarise what the customer wrote, in two sentences. " * 8
    document = {
        "model": load.model,
        "messages": [{"role": "user", "content": text}],
        "max_tokens": 256,
    } | ({"stream": True} if load.is_stream else {})
    body = msgspec.json.encode(document)
    return (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: {netloc}\r\n"
        f"authorization: Bearer {load.key}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    ).encode() + body


def _rank(values_s: list[float]) -> Latencies:
    ranked = sorted(values_s) or [0.0]

    def at(share: float) -> float:
        return round(ranked[min(int(len(ranked) * share), len(ranked) - 1)] * 1000, 3)

    return Latencies(at(0.5), at(0.95), at(0.99), at(1.0))


async def drive(load: Load) -> Outcome:
    """The load is sent from this process."""
    return await Driver(load).run()


def main() -> None:
    """The program."""
    load = msgspec.json.decode(sys.argv[1], type=Load)
    print(msgspec.json.encode(uvloop.run(drive(load))).decode())


if __name__ == "__main__":
    main()
