"""A gateway in this process before the mock upstream: no chain, leases granted by the test."""

from __future__ import annotations

import asyncio
import io
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
from multidict import CIMultiDictProxy

from tallystick.core.tariff import ResolvedRates
from tallystick.core.usage import TOKEN_FIELDS, Records, read_time_ms
from tallystick.meter.admission.gate import Gate
from tallystick.meter.details import Detail
from tallystick.meter.gateway.gateway import Gateway, GatewaySettings
from tallystick.meter.gateway.offers import Offer, Provider, Upstream
from tallystick.meter.gateway.secrets import GatewayKey, Secret
from tallystick.meter.gateway.server import GatewayServer, serve

SECRET = "tsk_application"
UPSTREAM_SECRET = "sk-upstream-0123456789"
NOW_MS = 1_790_000_000_000
PROJECT = 7
RATES = ResolvedRates(100, 10, 125, 300, 300, 0, 0, 0, 1_000, 50)
PLENTY_UCR = 10**15
KEY = GatewayKey("app", PROJECT, "acme")
RESOURCES = {"gpt-4o": 1, "claude": 2, "gemini": 3, "mistral": 4, "llama": 5, "embedder": 6}
PROVIDERS: dict[str, Provider] = {
    "claude": "anthropic",
    "gemini": "gemini",
    "mistral": "mistral",
    "llama": "ollama",
}


class FixedClock:
    def now_ms(self) -> int:
        return NOW_MS


@dataclass
class FixedPrices:
    current: ResolvedRates = RATES
    dearest: Sequence[ResolvedRates] = (RATES,)

    def of(self, resource: int) -> FixedPrices | None:
        return self if resource < 100 else None


@dataclass
class KeyTable:
    by_secret: dict[str, GatewayKey]

    def find(self, secret: str) -> GatewayKey | None:
        return self.by_secret.get(secret)


@dataclass
class OfferTable:
    offers: dict[str, Offer]

    def find(self, model: str) -> Offer | None:
        return self.offers.get(model)

    def nearest(self, model: str) -> list[str]:
        return [name for name in self.offers if name[:3] == model[:3]]

    def all(self) -> Iterable[Offer]:
        return self.offers.values()


@dataclass
class People:
    given: list[tuple[str, str]] = field(default_factory=list)

    def give(self, organisation: str, name: str, time_ms: int) -> int:
        assert time_ms == NOW_MS
        self.given.append((organisation, name))
        return 4242


@dataclass
class Book:
    """A book of calls in memory; `holds` keeps what is finished from becoming durable."""

    begun: dict[bytes, Records] = field(default_factory=dict)
    finished: list[tuple[bytes, Records, Sequence[Detail]]] = field(default_factory=list)
    holds: bool = False
    failure: Exception | None = None
    """Instead of becoming durable."""
    refusal: Exception | None = None
    """Instead of being noted."""
    waiting: list[asyncio.Future[int | None]] = field(default_factory=list)

    def begin(self, call: bytes, estimate: Records) -> None:
        assert len(call) == 16
        assert call not in self.begun
        if self.refusal is not None:
            raise self.refusal
        self.begun[call] = estimate

    def finish(
        self, call: bytes, records: Records, details: Sequence[Detail] = ()
    ) -> asyncio.Future[int | None]:
        assert call in self.begun
        assert call not in {done for done, _, _ in self.finished}, "finished twice"
        self.finished.append((call, records, details))
        future: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        if self.failure is not None:
            future.set_exception(self.failure)
        elif self.holds:
            self.waiting.append(future)
        else:
            future.set_result(len(self.finished))
        return future

    def sync(self) -> None:
        """What waits is durable."""
        self.holds = False
        for future in self.waiting:
            future.set_result(None)

    @property
    def open_calls(self) -> int:
        return len(self.begun) - len(self.finished)

    @property
    def rows(self) -> list[dict[str, int]]:
        """Every record, as far as tests look at it."""
        return [
            {name: int(record[name]) for name in (*TOKEN_FIELDS, *_IDENTITY)}
            for _, records, _ in self.finished
            for record in records
        ]

    @property
    def row(self) -> dict[str, int]:
        """The only record."""
        (row,) = self.rows
        return row

    @property
    def details(self) -> list[Detail]:
        return [detail for _, _, details in self.finished for detail in details]

    @property
    def times_ms(self) -> list[int]:
        return [int(time) for _, records, _ in self.finished for time in read_time_ms(records)]


_IDENTITY = ("project", "resource", "user", "step", "flags")


@dataclass
class Reply:
    """An answer as a client sees it."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def told(self) -> dict[str, Any]:
        """What a refusal of ours tells programs, wherever the provider's shape has room for it."""
        document = json.loads(self.body)
        error = document.get("error")
        inner = error if isinstance(error, dict) and "tallystick" in error else document
        told: dict[str, Any] = inner["tallystick"]
        assert told["code"] == self.headers["x-tallystick-error"]
        return told


@dataclass
class Relaying:
    """The gateway under test, and everything it was given."""

    url: str
    port: int
    book: Book
    gate: Gate
    people: People
    server: GatewayServer
    session: aiohttp.ClientSession

    async def post(
        self,
        path: str,
        body: object = None,
        *,
        secret: str | None = SECRET,
        headers: dict[str, str] | None = None,
        data: bytes | None = None,
    ) -> Reply:
        """The whole answer to a call."""
        sent = {"Content-Type": "application/json"} | (headers or {})
        if secret is not None:
            sent["Authorization"] = f"Bearer {secret}"
        stream = io.BytesIO(json.dumps(body).encode() if data is None else data)
        async with self.session.post(self.url + path, data=stream, headers=sent) as answer:
            return Reply(answer.status, answer.headers, await answer.read())

    async def get(self, path: str, **headers: str) -> Reply:
        """A page."""
        sent = {"Authorization": f"Bearer {SECRET}"} | headers
        async with self.session.get(self.url + path, headers=sent) as answer:
            return Reply(answer.status, answer.headers, await answer.read())

    async def wait_until_idle(self) -> None:
        """No call is under way."""
        await wait_for(lambda: not self.server.in_flight)


def create_offers(url: str) -> dict[str, Offer]:
    """One model of each provider, all behind one upstream's address."""
    return {
        model: Offer(
            model,
            Upstream(
                f"up-{PROVIDERS.get(model, 'openai')}",
                url,
                PROVIDERS.get(model, "openai"),
                Secret(UPSTREAM_SECRET),
            ),
            resource,
            max_input_tokens=100_000,
            max_output_tokens=0 if model == "embedder" else 4_000,
        )
        for model, resource in RESOURCES.items()
    }


def grant(gate: Gate, amount_ucr: int) -> None:
    """The project's lease holds so much."""
    gate.lease(PROJECT).grant(amount_ucr, NOW_MS + 600_000)


async def wait_for(is_reached: Callable[[], bool]) -> None:
    """The condition holds; what the gateway does on its own is not announced to tests."""
    deadline_s = asyncio.get_running_loop().time() + 20
    while not is_reached():
        assert asyncio.get_running_loop().time() < deadline_s
        await asyncio.sleep(0.005)


@asynccontextmanager
async def run_gateway(
    upstream_url: str,
    *,
    key: GatewayKey = KEY,
    offers: dict[str, Offer] | None = None,
    settings: GatewaySettings | None = None,
    granted_ucr: int = PLENTY_UCR,
    stop_s: float = 5.0,
    **parts: object,
) -> AsyncIterator[Relaying]:
    """A gateway on a free port."""
    gate, book, people = Gate(), Book(), People()
    grant(gate, granted_ucr)
    gateway = Gateway(
        keys=KeyTable({SECRET: key}),
        offers=OfferTable(offers if offers is not None else create_offers(upstream_url)),
        prices=FixedPrices(),
        pseudonyms=people,
        clock=FixedClock(),
        gate=gate,
        book=book,
    )
    changes: dict[str, Any] = dict(parts)
    gateway = replace(gateway, settings=settings or gateway.settings, **changes)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        async with (
            serve(gateway, sock, stop_s=stop_s) as server,
            aiohttp.ClientSession(auto_decompress=False) as session,
        ):
            url = f"http://127.0.0.1:{port}"
            yield Relaying(url, port, book, gate, people, server, session)
