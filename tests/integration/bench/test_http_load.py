"""The load generator counts what it sent and what came back; the mock agrees."""

from collections.abc import Iterator

import pytest
from tests.bench.http_load import Load, Outcome, drive
from tests.upstream.server import Upstream, run_upstream

pytestmark = [pytest.mark.integration, pytest.mark.anyio]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with run_upstream() as upstream:
        yield upstream


async def load(upstream: Upstream, **fields: object) -> Outcome:
    return await drive(Load(url=upstream.url, key="k", model="m", **fields))  # type: ignore[arg-type]


async def test_open_loop_sends_as_many_as_its_rate_says(upstream: Upstream) -> None:
    outcome = await load(upstream, rate=100, seconds=0.2)
    assert (outcome.sent, outcome.answered, outcome.failed) == (20, 20, 0)
    assert len(upstream.calls) == 20
    assert {call.headers["authorization"] for call in upstream.calls} == {"Bearer k"}


async def test_open_loop_waits_for_nobody(upstream: Upstream) -> None:
    upstream.order(first_byte_ms=300)
    outcome = await load(upstream, rate=100, seconds=0.1)
    assert (outcome.sent, outcome.answered) == (10, 10)
    assert outcome.total.p50_ms >= 300


async def test_closed_loop_counts_every_answer(upstream: Upstream) -> None:
    outcome = await load(upstream, concurrency=4, seconds=0.2)
    assert outcome.answered == outcome.sent == len(upstream.calls) > 4
    assert all(call.is_complete for call in upstream.calls)


async def test_calls_at_once_are_all_open(upstream: Upstream) -> None:
    upstream.order(chunks=3, delay_ms=20)
    outcome = await load(upstream, calls=30, is_stream=True)
    assert (outcome.sent, outcome.answered) == (30, 30)
    assert outcome.first_byte.p50_ms < outcome.total.p50_ms


@pytest.mark.parametrize(
    ("order", "status"),
    [({"status": 429}, "429"), ({"drop": True}, "none"), ({"cut_after": 2}, "none")],
)
async def test_what_was_not_answered_has_failed(
    upstream: Upstream, order: dict[str, object], status: str
) -> None:
    upstream.order(**order)
    outcome = await load(upstream, rate=50, seconds=0.1, is_stream=True)
    assert (outcome.sent, outcome.answered, outcome.failed) == (5, 0, 5)
    assert outcome.statuses == {status: 5}
