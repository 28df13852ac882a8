"""A meter whose key is rotated: what has not settled is signed anew, and settles exactly once."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from tests.integration.meter.fake_network import OK, FakeChain, FakeValidator
from tests.integration.meter.test_sender import (
    check_each_settled_once,
    create_validators,
    meter,  # noqa: F401 - a fixture
    sending,
    settle_all,
    wait_until,
)
from tests.unit.meter.samples import create_samples

from tallystick.core.frames import Frame, verify_frame
from tallystick.meter.errors import KeyReplaced
from tallystick.meter.meter import Meter, create_meter_key, load_identity, open_meter

pytestmark = [pytest.mark.integration, pytest.mark.anyio]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def chain() -> FakeChain:
    return FakeChain()


def list_offered(validators: Iterable[FakeValidator]) -> Iterator[Frame]:
    for validator in validators:
        for frames in validator.requests:
            yield from frames


def check_one_content_per_number(frames: Iterable[Frame]) -> None:
    """No number was ever signed twice under one key with different content."""
    content_by_place: dict[tuple[int, int], bytes] = {}
    for frame in frames:
        for place in range(frame.count):
            content = frame.records[place].tobytes()
            key = (frame.key_index, frame.first_seq + place)
            assert content_by_place.setdefault(key, content) == content


async def test_unsettled_records_are_signed_anew_from_the_cursor_on(
    tmp_path: Path,
    meter: Meter,  # noqa: F811
    chain: FakeChain,
) -> None:
    meter.record(create_samples(100))
    await settle_all(meter, chain, create_validators(4, chain))
    silent = create_validators(1, chain, home=lambda _: OK)
    honest = create_validators(4, chain)
    async with sending(meter, chain, silent):
        meter.record(create_samples(200, first_user=101))
        await wait_until(lambda: silent[0].offered_end == 300)
        public = create_meter_key(tmp_path, 1)
        chain.rotate()
        await wait_until(lambda: meter.identity.key_index == 1)
        meter.record(create_samples(50, first_user=301))
    async with sending(meter, chain, honest) as sender:
        await sender.drain(30)
    check_each_settled_once(meter, chain, 350)
    assert [frame.key_index for frame in chain.settled] == sorted(
        frame.key_index for frame in chain.settled
    )
    for frame in chain.settled:
        assert frame.key_index == (0 if frame.end_seq <= 100 else 1)
        if frame.key_index == 1:
            verify_frame(frame, public)
    check_one_content_per_number([*list_offered(silent), *list_offered(honest)])


@pytest.mark.parametrize("has_seen_it", [False, True])
async def test_meter_that_died_during_a_rotation_goes_on_with_the_new_key(
    tmp_path: Path,
    meter: Meter,  # noqa: F811
    chain: FakeChain,
    has_seen_it: bool,
) -> None:
    silent = create_validators(1, chain, home=lambda _: OK)
    meter.record(create_samples(100))
    async with sending(meter, chain, silent):
        await wait_until(lambda: silent[0].offered_end == 100)
        create_meter_key(tmp_path, 1)
        if has_seen_it:
            chain.rotate()
            await wait_until(lambda: any(frame.key_index for frame in list_offered(silent)))
    meter.close()
    if not has_seen_it:
        chain.rotate()
    assert load_identity(tmp_path).key_index == int(has_seen_it)
    validators = create_validators(4, chain)
    with open_meter(tmp_path) as reopened:
        await settle_all(reopened, chain, validators)
        check_each_settled_once(reopened, chain, 100)
    assert load_identity(tmp_path).key_index == 1
    check_one_content_per_number([*list_offered(silent), *list_offered(validators)])


async def test_meter_follows_two_rotations_that_it_slept_through(
    tmp_path: Path,
    meter: Meter,  # noqa: F811
    chain: FakeChain,
) -> None:
    meter.record(create_samples(40))
    meter.close()
    create_meter_key(tmp_path, 1)
    public = create_meter_key(tmp_path, 2)
    chain.rotate()
    chain.rotate()
    with open_meter(tmp_path) as reopened:
        await settle_all(reopened, chain, create_validators(4, chain))
        check_each_settled_once(reopened, chain, 40)
    for frame in chain.settled:
        verify_frame(frame, public)


async def test_sender_stops_when_somebody_else_rotated_the_key(
    tmp_path: Path,
    meter: Meter,  # noqa: F811
    chain: FakeChain,
) -> None:
    create_meter_key(tmp_path, 1)
    chain.key_index = 2
    meter.record(create_samples(10))
    with pytest.raises(KeyReplaced):
        await settle_all(meter, chain, create_validators(1, chain))
    assert load_identity(tmp_path).key_index == 0
