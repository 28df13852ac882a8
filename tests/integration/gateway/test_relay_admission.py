"""Budgets at the gateway: no call is sent that its lease does not cover."""

import asyncio
from dataclasses import replace

import pytest
from tests.integration.gateway.calls import (
    CHAT,
    GEMINI,
    MESSAGE,
    MISTRAL,
    OLLAMA,
    Sample,
    name_sample,
)
from tests.integration.gateway.relaying import KEY, NOW_MS, PROJECT, RATES, run_gateway
from tests.upstream.server import Upstream

from tallystick.core.tariff import ResolvedRates
from tallystick.core.valuation import compute_cost_ucr
from tallystick.meter.admission.errors import NetworkUnreachable
from tallystick.meter.admission.purse import Purse, create_rate

pytestmark = [pytest.mark.integration, pytest.mark.anyio]

DAY_MS = 86_400_000


@pytest.mark.parametrize("sample", [CHAT, MESSAGE, GEMINI, MISTRAL, OLLAMA], ids=name_sample)
@pytest.mark.parametrize("streams", [False, True])
async def test_call_is_refused_unsent_when_the_lease_is_short(
    upstream: Upstream, sample: Sample, *, streams: bool
) -> None:
    asked = sample.streamed if streams else sample
    async with run_gateway(upstream.url, granted_ucr=5) as relaying:
        reply = await relaying.post(asked.path, asked.body)
        assert relaying.book.begun == {}
        assert relaying.gate.left_ucr(PROJECT) == 5
    assert reply.status == 429
    assert reply.headers["x-tallystick-remaining-ucr"] == "5"
    assert reply.headers["x-should-retry"] == "false"
    told = reply.told
    assert told["code"] == "budget_exhausted"
    assert told["remaining_ucr"] == 5
    assert told["needed_ucr"] > 5
    assert upstream.calls == []


async def test_reset_is_told_when_a_cap_ends_in_time(upstream: Upstream) -> None:
    cap = Purse("key app", 5, period_ms=DAY_MS, now_ms=NOW_MS)
    key = replace(KEY, caps=(cap,))
    cap.limit_ucr = 10**12  # the next period has room
    async with run_gateway(upstream.url, key=key) as relaying:
        reply = await relaying.post(CHAT.path, CHAT.body)
    assert reply.status == 429
    wait_s = (DAY_MS - NOW_MS % DAY_MS) / 1000
    assert wait_s <= int(reply.headers["Retry-After"]) < wait_s + 1
    assert reply.headers["x-tallystick-reset"].endswith("T00:00:00Z")
    assert reply.told["reset_ms"] == cap.next_ms
    assert upstream.calls == []


async def test_client_is_told_to_come_back_when_a_rate_refills_soon(upstream: Upstream) -> None:
    bucket = create_rate("key app", 10**9, 10_000, NOW_MS)
    bucket.left_ucr = 0
    key = replace(KEY, caps=(bucket,))
    async with run_gateway(upstream.url, key=key) as relaying:
        reply = await relaying.post(CHAT.path, CHAT.body)
    assert reply.status == 429
    assert 1 <= int(reply.headers["Retry-After"]) <= 10
    assert "x-should-retry" not in reply.headers


async def test_calls_at_once_never_reserve_more_than_the_lease(upstream: Upstream) -> None:
    upstream.order(first_byte_ms=200)
    body = CHAT.body | {"max_tokens": 100}
    granted_ucr = 700
    async with run_gateway(upstream.url, granted_ucr=granted_ucr) as relaying:
        tasks = [asyncio.create_task(relaying.post(CHAT.path, body)) for _ in range(40)]
        await asyncio.to_thread(upstream.wait_for, bool)
        lease = relaying.gate.lease(PROJECT)
        assert 0 < lease.reserved_ucr <= granted_ucr
        replies = await asyncio.gather(*tasks)
        admitted = [reply for reply in replies if reply.status == 200]
        assert 0 < len(admitted) < 40
        assert len(upstream.calls) == len(admitted)
        assert lease.granted_ucr == lease.left_ucr + lease.used_ucr
        assert lease.used_ucr == sum(compute_cost_ucr(row, RATES) for row in relaying.book.rows)


async def test_call_is_reserved_at_the_dearest_announced_rates(upstream: Upstream) -> None:
    dear = ResolvedRates(10**6, 10**6, 10**6, 10**6, 10**6, 0, 0, 0, 0, 0)

    class Announced:
        current = RATES
        dearest = (RATES, dear)

        def of(self, _: int) -> "Announced":
            return self

    async with run_gateway(upstream.url, prices=Announced(), granted_ucr=10**6) as relaying:
        reply = await relaying.post(CHAT.path, CHAT.body)
    assert reply.status == 429
    assert int(reply.headers["x-tallystick-needed-ucr"]) > 10**6
    assert upstream.calls == []


async def test_call_that_costs_more_than_reserved_is_taken_whole(upstream: Upstream) -> None:
    upstream.order(in_fresh=90_000, out_visible=3_000)
    async with run_gateway(upstream.url, granted_ucr=2_500) as relaying:
        reply = await relaying.post(CHAT.path, CHAT.body | {"max_tokens": 10})
        assert reply.status == 200
        lease = relaying.gate.lease(PROJECT)
        assert lease.used_ucr == compute_cost_ucr(relaying.book.row, RATES) > 2_500
        assert relaying.gate.left_ucr(PROJECT) == 0
        assert (await relaying.post(CHAT.path, CHAT.body)).status == 429
        assert b"overruns_total 1.0" in relaying.server.render_metrics()


async def test_call_without_a_lease_is_admitted_and_noted_when_the_key_says_so(
    upstream: Upstream,
) -> None:
    key = replace(KEY, when_unreachable="admit", admit_bound_ucr=10_000)
    async with run_gateway(upstream.url, key=key, granted_ucr=0) as relaying:
        relaying.gate.attach(Unreachable())
        body = CHAT.body | {"max_tokens": 10}
        assert (await relaying.post(CHAT.path, body)).status == 200
        assert relaying.book.details[0].is_unleased


async def test_call_is_refused_when_the_network_is_unreachable(upstream: Upstream) -> None:
    async with run_gateway(upstream.url, granted_ucr=0) as relaying:
        relaying.gate.attach(Unreachable())
        reply = await relaying.post(MESSAGE.path, MESSAGE.body)
    assert reply.status == 503
    assert reply.told["code"] == "network_unreachable"
    assert upstream.calls == []


class Unreachable:
    """A network that nobody reaches."""

    def note_low(self, project: int) -> None:
        """Nobody hears."""

    async def refill(self, project: int, needed_ucr: int, wait_s: float) -> int:
        raise NetworkUnreachable(f"nobody grants {project} {needed_ucr} ucr within {wait_s} s")
