"""The sender settles everything exactly once, whatever validators answer."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.integration.meter.fake_network import (
    OK,
    Answer,
    FakeChain,
    FakeValidator,
    honest,
    refuse,
    serving,
)
from tests.unit.meter.samples import create_samples

from tallystick.core.frames import Frame, verify_frame
from tallystick.core.quorum import rank_validators
from tallystick.meter.cutter import CutRules
from tallystick.meter.errors import DrainTimedOut, FrameRefused, JournalLost, KeyReplaced
from tallystick.meter.meter import Meter, MeterIdentity, create_meter_key, open_meter, save_identity
from tallystick.meter.sender import FrameSender, SenderSettings

pytestmark = [pytest.mark.integration, pytest.mark.anyio]

METER_ID = 7
NETWORK_ID = bytes(range(32))
FAST = SenderSettings(
    cut=CutRules(frame_records=32, frame_wait_s=0.05, window_records=4096),
    failover_s=0.3,
    settle_s=0.0,
    poll_s=0.02,
    idle_poll_s=0.05,
    request_timeout_s=5.0,
)


@pytest.fixture
def meter(tmp_path: Path) -> Iterator[Meter]:
    create_meter_key(tmp_path)
    save_identity(tmp_path, MeterIdentity(id=METER_ID, name="m", network_id=NETWORK_ID.hex()))
    with open_meter(tmp_path) as opened:
        yield opened


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def chain() -> FakeChain:
    return FakeChain()


def create_validators(
    count: int, chain: FakeChain, home: Callable[[list[Frame]], Answer | None] | None = None
) -> list[FakeValidator]:
    """Honest ones; `home` is how the meter's home validator behaves instead."""
    validators = [FakeValidator(index, honest(chain)) for index in range(count)]
    if home is not None:
        find_home(validators).behave = home
    return validators


def find_home(validators: list[FakeValidator]) -> FakeValidator:
    keys = [validator.endpoint.transport_key for validator in validators]
    return validators[rank_validators(METER_ID, keys)[0]]


@asynccontextmanager
async def sending(
    meter: Meter,
    chain: FakeChain,
    validators: list[FakeValidator],
    settings: SenderSettings = FAST,
) -> AsyncIterator[FrameSender]:
    async with serving(validators) as directory, httpx.AsyncClient() as http:
        sender = FrameSender(meter, chain, directory, http, settings=settings)
        async with sender.running():
            yield sender


async def wait_until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - another task's plain attributes are watched
            await asyncio.sleep(0.01)


async def settle_all(
    meter: Meter,
    chain: FakeChain,
    validators: list[FakeValidator],
    settings: SenderSettings = FAST,
) -> None:
    async with sending(meter, chain, validators, settings) as sender:
        await sender.drain(30)


def check_each_settled_once(meter: Meter, chain: FakeChain, count: int) -> None:
    assert chain.users == list(range(1, count + 1))
    assert chain.cursor == meter.journal.next_seq == count


async def test_sender_settles_every_record_in_order(
    tmp_path: Path, meter: Meter, chain: FakeChain
) -> None:
    meter.record(create_samples(1000))
    await settle_all(meter, chain, create_validators(4, chain))
    check_each_settled_once(meter, chain, 1000)
    assert {frame.count for frame in chain.settled[:-1]} == {32}
    for frame in chain.settled:
        verify_frame(frame, create_meter_key(tmp_path))


async def test_sender_turns_to_its_home_validator_alone_when_all_is_well(
    meter: Meter, chain: FakeChain
) -> None:
    validators = create_validators(4, chain)
    meter.record(create_samples(100))
    await settle_all(meter, chain, validators, replace(FAST, failover_s=60.0))
    assert [v for v in validators if v.requests] == [find_home(validators)]


async def test_sender_sends_a_part_filled_frame_when_it_has_waited(
    meter: Meter, chain: FakeChain
) -> None:
    async with sending(meter, chain, create_validators(1, chain)):
        await asyncio.sleep(0.1)
        meter.record(create_samples(5))
        await wait_until(lambda: chain.cursor == 5)
    check_each_settled_once(meter, chain, 5)


async def test_sender_fails_over_when_home_answers_200_and_never_settles(
    meter: Meter, chain: FakeChain
) -> None:
    validators = create_validators(4, chain, home=lambda _: OK)
    meter.record(create_samples(500))
    await settle_all(meter, chain, validators)
    check_each_settled_once(meter, chain, 500)
    assert find_home(validators).requests


async def test_sender_goes_round_until_one_settles(meter: Meter, chain: FakeChain) -> None:
    validators = create_validators(4, chain)
    keys = [validator.endpoint.transport_key for validator in validators]
    for index in rank_validators(METER_ID, keys)[:3]:
        validators[index].behave = lambda _: OK
    meter.record(create_samples(50))
    await settle_all(meter, chain, validators)
    check_each_settled_once(meter, chain, 50)


@pytest.mark.parametrize(
    "failure",
    [
        refuse(503, "queue_full"),
        refuse(503, "frame_from_future", retry_after_s=1),
        refuse(429, "rate_limited", retry_after_s=1),
        refuse(507, "storage_full"),
        refuse(409, "sequence_gap"),
        (500, {}, b"<html>"),
        None,
    ],
    ids=["503", "future", "429", "507", "gap", "500", "reset"],
)
async def test_sender_retries_when_the_only_validator_fails_for_a_while(
    meter: Meter, chain: FakeChain, failure: Answer | None
) -> None:
    settle, failures_left = honest(chain), [failure, failure]
    validators = create_validators(
        1, chain, home=lambda frames: failures_left.pop() if failures_left else settle(frames)
    )
    meter.record(create_samples(100))
    await settle_all(meter, chain, validators)
    check_each_settled_once(meter, chain, 100)
    assert not failures_left


async def test_sender_leaves_a_validator_alone_for_as_long_as_it_asks(
    meter: Meter, chain: FakeChain
) -> None:
    answers = [refuse(429, "rate_limited", retry_after_s=30)]
    validators = create_validators(1, chain, home=lambda _: answers[0])
    meter.record(create_samples(96))
    async with sending(meter, chain, validators) as sender:
        await wait_until(lambda: sender.status.problem == "rate_limited")
        with pytest.raises(DrainTimedOut, match="rate_limited"):
            await sender.drain(0.5)
    assert len(validators[0].requests) == 1


async def test_sender_fails_over_when_home_is_slow(meter: Meter, chain: FakeChain) -> None:
    validators = create_validators(4, chain)
    find_home(validators).delay_s = 3.0
    meter.record(create_samples(500))
    await settle_all(meter, chain, validators)
    check_each_settled_once(meter, chain, 500)


async def test_sender_fails_over_when_home_is_down(meter: Meter, chain: FakeChain) -> None:
    validators = create_validators(4, chain)
    find_home(validators).is_down = True
    meter.record(create_samples(100))
    await settle_all(meter, chain, validators)
    check_each_settled_once(meter, chain, 100)


async def test_sender_believes_no_lone_validator_that_refuses(
    meter: Meter, chain: FakeChain
) -> None:
    validators = create_validators(4, chain, home=lambda _: refuse(400, "bad_signature"))
    meter.record(create_samples(100))
    await settle_all(meter, chain, validators)
    check_each_settled_once(meter, chain, 100)


async def test_sender_stops_and_keeps_everything_when_more_refuse_than_may_be_faulty(
    meter: Meter, chain: FakeChain
) -> None:
    validators = create_validators(4, chain)
    for validator in validators:
        validator.behave = lambda _: refuse(409, "sequence_conflict")
    meter.record(create_samples(100))
    with pytest.raises(FrameRefused, match="sequence_conflict"):
        await settle_all(meter, chain, validators)
    assert len([v for v in validators if v.requests]) == 2
    assert len(meter.journal.read(0, 100)) == 100
    assert meter.spool.frames_from(0, key_index=0)


async def test_sender_waits_when_validators_have_yet_to_hear_of_the_meter(
    meter: Meter, chain: FakeChain
) -> None:
    seen: list[int] = []

    def lag(frames: list[Frame]) -> Answer:
        seen.append(len(frames))
        return refuse(404, "unknown_meter") if len(seen) < 4 else honest(chain)(frames) or OK

    meter.record(create_samples(100))
    await settle_all(meter, chain, create_validators(1, chain, home=lag))
    check_each_settled_once(meter, chain, 100)


async def test_sender_signs_anew_when_the_cursor_lies_inside_a_frame(
    meter: Meter, chain: FakeChain
) -> None:
    meter.record(create_samples(100))
    held = create_validators(1, chain, home=lambda _: OK)
    async with sending(meter, chain, held):
        await wait_until(lambda: held[0].offered_end == 100)
    first = meter.sign(0, meter.journal.read(0, 45))  # an earlier boundary settled meanwhile
    chain.settle(first)
    await settle_all(meter, chain, create_validators(1, chain))
    check_each_settled_once(meter, chain, 100)
    assert [(frame.first_seq, frame.end_seq) for frame in chain.settled] == [
        (0, 45),
        (45, 64),
        (64, 96),
        (96, 100),
    ]


async def test_sender_offers_settled_frames_again_when_the_cursor_moves_back(
    meter: Meter, chain: FakeChain
) -> None:
    meter.record(create_samples(300))
    async with sending(meter, chain, create_validators(4, chain)) as sender:
        await sender.drain(30)
        before = [frame.signature for frame in chain.settled]
        chain.settled.clear()
        chain.cursor = 0
        await wait_until(lambda: chain.cursor == 300)
    check_each_settled_once(meter, chain, 300)
    assert [frame.signature for frame in chain.settled] == before


async def test_sender_goes_on_where_it_stopped_when_restarted(
    tmp_path: Path, meter: Meter, chain: FakeChain
) -> None:
    meter.record(create_samples(200))
    silent = create_validators(1, chain, home=lambda _: OK)
    async with sending(meter, chain, silent):
        await wait_until(lambda: silent[0].offered_end == 200)
    meter.close()
    sent = {frame.signature for request in silent[0].requests for frame in request}
    with open_meter(tmp_path) as reopened:
        await settle_all(reopened, chain, create_validators(1, chain))
        check_each_settled_once(reopened, chain, 200)
    assert {frame.signature for frame in chain.settled} == sent


async def test_sender_waits_for_the_chain(meter: Meter, chain: FakeChain) -> None:
    chain.is_reachable = False
    meter.record(create_samples(10))
    async with sending(meter, chain, create_validators(1, chain)) as sender:
        with pytest.raises(DrainTimedOut):
            await sender.drain(0.2)
        chain.is_reachable = True
        await sender.drain(30)
    check_each_settled_once(meter, chain, 10)


async def test_sender_stops_when_the_chain_knows_more_than_the_journal(
    meter: Meter, chain: FakeChain
) -> None:
    chain.cursor = 5
    meter.record(create_samples(3))
    with pytest.raises(JournalLost, match="register a new meter"):
        await settle_all(meter, chain, create_validators(1, chain))


async def test_sender_stops_when_its_key_was_replaced(meter: Meter, chain: FakeChain) -> None:
    chain.key_index = 1
    meter.record(create_samples(3))
    with pytest.raises(KeyReplaced):
        await settle_all(meter, chain, create_validators(1, chain))


async def test_sender_leaves_no_task_behind_when_cancelled(meter: Meter, chain: FakeChain) -> None:
    validators = create_validators(1, chain)
    validators[0].delay_s = 2.0
    meter.record(create_samples(100))
    async with serving(validators) as directory, httpx.AsyncClient() as http:
        task = asyncio.create_task(FrameSender(meter, chain, directory, http, settings=FAST).run())
        await wait_until(lambda: validators[0].requests)
        assert find_sender_tasks()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not find_sender_tasks()


def find_sender_tasks() -> list[str]:
    names = [str(task.get_coro()) for task in asyncio.all_tasks() if not task.done()]
    return [name for name in names if "FrameSender" in name or "Requests" in name]
