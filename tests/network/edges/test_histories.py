"""What reaches a network from outside: malformed, twice, too much, at the wrong time."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import numpy as np
import pytest
from tests.network.faults import Drill
from tests.network.ground import Ground, wait_until
from tests.network.settled_segments import read_settled

from tallystick.chain.bindings.registry import Registry
from tallystick.chain.reader import read
from tallystick.core.usage import Reason, apply_time_ms
from tallystick.local.folder import NetworkFolder

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]

HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000


def register(ground: Ground) -> int:
    """A meter that nobody else uses."""
    return ground.register_meter(f"edge-{secrets.token_hex(4)}")


def test_frames_settle_once_when_several_validators_have_them(
    network: Path, ground: Ground
) -> None:
    with Drill(network, "several validators submit the same frames") as drill:
        meter = register(ground)
        for place in range(8):
            frame = ground.net.sign(
                ground.net.records(9, first=9 * place), first_seq=9 * place, meter=meter
            )
            targets = drill.chance.sample(range(len(ground.urls)), 2 + place % 3)
            drill.inject()
            with ThreadPoolExecutor(len(targets)) as pool:
                answers = list(pool.map(lambda at, frame=frame: ground.send(at, frame), targets))
            assert {answer.status_code for answer in answers} == {httpx.codes.OK}
        for at in range(len(ground.urls)):
            ground.wait_settled(at, meter, 72)
        drill.recovered()
        settled = read_settled(ground, meter)
        assert [(each.first_seq, each.end_seq) for each in settled] == [
            (9 * place, 9 * place + 9) for place in range(8)
        ]


def test_meter_that_signs_two_histories_is_frozen(network: Path, ground: Ground) -> None:
    with Drill(network, "a meter signs two histories") as drill:
        for together in (True, False):
            drill.inject()
            check_frozen(drill, ground, together=together)
            drill.recovered()


def check_frozen(drill: Drill, ground: Ground, *, together: bool) -> None:
    """A meter that gave out two histories, to one validator or to two, is frozen for it."""
    meter = register(ground)
    one_at, other_at = drill.chance.sample(range(len(ground.urls)), 2)
    other_at = one_at if together else other_at
    one, other = (
        ground.net.sign(ground.net.records(4, first=first), first_seq=0, meter=meter)
        for first in (7, 8)
    )
    assert ground.send(one_at, one).status_code == httpx.codes.OK
    ground.send(other_at, other)
    ground.wait_settled(other_at, meter, 4)
    wait_until(lambda: is_frozen(ground, meter), "the meter is frozen")
    assert has_proof(ground, other_at, meter)
    assert len(read_settled(ground, meter)) == 1, "both histories settled"
    after = ground.net.sign(ground.net.records(2), first_seq=4, meter=meter)
    assert ground.send(one_at, after).status_code == httpx.codes.OK
    ground.wait_settled(one_at, meter, 6)
    assert set(read_settled(ground, meter)[-1].reasons) == {Reason.METER_FROZEN}


def is_frozen(ground: Ground, meter: int) -> bool:
    """Whether the chain has the meter frozen."""
    registry = Registry(ground.net.network.addresses.registry)
    return bool(read(ground.net.w3, registry.meter_of(ground.net.meters[meter].id)).frozen)


def has_proof(ground: Ground, place: int, meter: int) -> bool:
    """Whether a validator keeps a proof against the meter."""
    folder = NetworkFolder(ground.path).node(ground.names[place]) / "equivocations"
    return bool(list(folder.glob(f"meter-{ground.net.meters[meter].id}-*.frames")))


def test_records_settle_when_a_meters_clock_is_wrong_by_hours(
    network: Path, ground: Ground
) -> None:
    with Drill(network, "a meter's clock is hours off") as drill:
        before = count_alerts(ground, "early")
        for hours in (5, -5):
            meter, records = register(ground), ground.net.records(6)
            now_ms = time.time_ns() // 1_000_000
            apply_time_ms(records, np.full(6, now_ms + hours * HOUR_MS))
            frame = ground.net.sign(records, first_seq=0, meter=meter)
            drill.inject()
            assert ground.send(0, frame).status_code == httpx.codes.OK
            ground.wait_settled(0, meter, 6)
            (settled,) = read_settled(ground, meter)
            assert (settled.end_seq, set(settled.reasons)) == (6, {Reason.VALUED})
            assert settled.cost_ucr > 0
            drill.recovered()
        # Hours behind is on time by the rules, whose window is weeks; hours ahead is not.
        wait_until(lambda: count_alerts(ground, "early") > before, "the alert")


def count_alerts(ground: Ground, kind: str) -> int:
    """How many alerts of this kind a validator's index shows."""
    answer = httpx.get(f"{ground.urls[0]}/v1/alerts", params={"kind": kind})
    assert answer.is_success, answer.text
    return len(answer.json())


def test_records_settle_when_a_validators_clock_is_wrong_by_hours(
    network: Path, ground: Ground, tmp_path: Path
) -> None:
    with Drill(network, "a validator's clock is hours off") as drill:
        place = drill.chance.randrange(len(ground.urls))
        with off_clock(drill, ground.names[place], tmp_path / "clock") as clock:
            for hours in (5, -5):
                check_clock(drill, ground, place, clock, hours)


def check_clock(drill: Drill, ground: Ground, place: int, clock: Path, hours: int) -> None:
    """With the clock off others settle in the validator's place; right again, it does its part."""
    meter, url = register(ground), ground.urls[place]
    frame = ground.net.sign(ground.net.records(5), first_seq=0, meter=meter)
    later = ground.net.sign(ground.net.records(5, first=5), first_seq=5, meter=meter)
    set_clock(clock, hours)
    drill.inject()
    wait_until(lambda: is_off(url, hours), "the clock is off")
    drill.recovered()
    assert ground.send(place, frame).status_code == httpx.codes.OK
    other = (place + 1) % len(ground.urls)
    assert ground.send(other, frame).status_code == httpx.codes.OK
    ground.wait_settled(other, meter, 5)
    set_clock(clock, 0)
    drill.heal()
    wait_until(lambda: is_off(url, 0), "the clock is right")
    drill.recovered()
    ground.wait_settled(place, meter, 5)
    assert ground.send(place, later).status_code == httpx.codes.OK
    ground.wait_settled(place, meter, 10)
    assert {each.cost_ucr > 0 for each in read_settled(ground, meter)} == {True}


def is_off(url: str, hours: int) -> bool:
    """Whether a validator's clock is so many hours off."""
    now_ms = httpx.get(f"{url}/healthz").json()["time_ms"]
    return bool(abs(now_ms - time.time() * 1000 - hours * HOUR_MS) < MINUTE_MS)


def set_clock(clock: Path, hours: int) -> None:
    """The clock's file says so, from one moment to the next."""
    written = clock.with_suffix(".new")
    written.write_text(str(hours * 3_600))
    written.replace(clock)


@contextmanager
def off_clock(drill: Drill, name: str, clock: Path) -> Iterator[Path]:
    """The validator goes by a clock of its own inside the block."""
    set_clock(clock, 0)
    drill.parts.kill(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TALLYSTICK_NODE_CLOCK_FILE", str(clock))
        drill.parts.revive()
    try:
        yield clock
    finally:
        drill.parts.kill(name)
        drill.parts.revive()
