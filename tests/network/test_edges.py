"""What reaches a network from outside: malformed, twice, too much, at the wrong time."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
import pytest
from tests.network.faults import Drill
from tests.network.ground import Ground, open_ground, wait_until
from tests.network.settled_segments import read_settled

from tallystick.chain.bindings.registry import Registry
from tallystick.chain.reader import read
from tallystick.core.usage import Reason, apply_time_ms
from tallystick.local.folder import NetworkFolder
from tallystick_node.peers.question import (
    BATCHES_PATH,
    CREDITS_PATH,
    FREEZES_PATH,
    RELEASES_PATH,
)

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]

CONNECTIONS: Final = 10_000
GROWTH_BYTES: Final = 256 << 20
MALFORMED_GROWTH_BYTES: Final = 96 << 20
ASKED: Final = 20
MALFORMED: Final = 150
UNSIGNED: Final = 0.2
CAPTURED: Final = 60
ENDLESS_PARTS: Final = 20_000
REFUSED_BODIES: Final = (None, 401, 408, 413)
FOR_NOW: Final = ("rate_limited", "reference_unknown", "chain_behind")
OWN_HEADERS: Final = ("Host", "Content-Length", "Connection")
WORD: Final = "0x" + "11" * 32
SIGNATURE: Final = "0x" + "22" * 65
CREDIT: Final[dict[str, Any]] = {
    "meter": 1,
    "seq": 0,
    "project": 2,
    "cost_ucr": 10,
    "amount_ucr": 5,
    "record_hash": WORD,
    "reason": WORD,
    "owner_signature": SIGNATURE,
    "registrar_signature": SIGNATURE,
}
DOCUMENTS: Final[dict[str, dict[str, Any]]] = {
    RELEASES_PATH: {
        "meter": 1,
        "seq": 0,
        "project": 2,
        "resource": 1,
        "user": 0,
        "cost_ucr": 5,
        "record_hash": WORD,
    },
    CREDITS_PATH: CREDIT,
    "/v1/corrections/releases": {"meter": 4_000_000_000, "seq": 1},
    "/v1/corrections/credits": CREDIT,
    "/v1/leases": {
        "project": 1,
        "meter": 1,
        "amount_ucr": 1,
        "admit_until_s": 1,
        "nonce": 0,
        "signature": SIGNATURE,
    },
    "/v1/leases/declarations": {
        "project": 1,
        "meter": 1,
        "last_seq": 1,
        "nonce": 0,
        "signature": SIGNATURE,
    },
    "/v1/leases/releases": {"project": 4_000_000_000, "meter": 4_000_000_000},
}
POST_PATHS: Final = ("/v1/frames", BATCHES_PATH, FREEZES_PATH, *DOCUMENTS)
COST_MASK: Final = (1 << 55) - 1
HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000
HOURS_MS: Final = 5 * HOUR_MS


@pytest.fixture(scope="module")
def ground(network: Path) -> Ground:
    """The network, with an organisation of its own to attack."""
    return open_ground(network)


@pytest.fixture
def meter(ground: Ground) -> int:
    """A meter that nobody else uses."""
    return ground.register_meter(f"edge-{secrets.token_hex(4)}")


def test_frames_settle_once_when_several_validators_have_them(
    network: Path, ground: Ground, meter: int
) -> None:
    with Drill(network, "several validators submit the same frames") as drill:
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


@pytest.mark.parametrize("together", [True, False], ids=["one validator", "two validators"])
def test_meter_that_signs_two_histories_is_frozen(
    network: Path, ground: Ground, meter: int, together: bool
) -> None:
    name = "a meter signs two histories, " + ("for one" if together else "for two validators")
    with Drill(network, name) as drill:
        one_at, other_at = drill.chance.sample(range(len(ground.urls)), 2)
        other_at = one_at if together else other_at
        one, other = (
            ground.net.sign(ground.net.records(4, first=first), first_seq=0, meter=meter)
            for first in (7, 8)
        )
        drill.inject()
        assert ground.send(one_at, one).status_code == httpx.codes.OK
        ground.send(other_at, other)
        ground.wait_settled(other_at, meter, 4)
        drill.recovered()
        wait_until(lambda: is_frozen(ground, meter), "the meter is frozen")
        assert has_proof(ground, other_at, meter)
        assert len(read_settled(ground, meter)) == 1
        after = ground.net.sign(ground.net.records(2), first_seq=4, meter=meter)
        assert ground.send(one_at, after).status_code == httpx.codes.OK
        ground.wait_settled(one_at, meter, 6)
        assert read_settled(ground, meter)[-1].reasons == {Reason.METER_FROZEN}


def is_frozen(ground: Ground, meter: int) -> bool:
    """Whether the chain has the meter frozen."""
    registry = Registry(ground.net.network.addresses.registry)
    return bool(read(ground.net.w3, registry.meter_of(ground.net.meters[meter].id)).frozen)


def has_proof(ground: Ground, place: int, meter: int) -> bool:
    """Whether a validator keeps a proof against the meter."""
    folder = NetworkFolder(ground.path).node(ground.names[place]) / "equivocations"
    return bool(list(folder.glob(f"meter-{ground.net.meters[meter].id}-*.frames")))


@pytest.mark.parametrize("hours_ms", [HOURS_MS, -HOURS_MS], ids=["ahead", "behind"])
def test_records_settle_when_a_meters_clock_is_wrong_by_hours(
    network: Path, ground: Ground, meter: int, hours_ms: int
) -> None:
    where = "ahead" if hours_ms > 0 else "behind"
    with Drill(network, f"a meter's clock is hours {where}") as drill:
        records = ground.net.records(6)
        apply_time_ms(records, np.full(6, time.time_ns() // 1_000_000 + hours_ms))
        frame = ground.net.sign(records, first_seq=0, meter=meter)
        drill.inject()
        assert ground.send(0, frame).status_code == httpx.codes.OK
        ground.wait_settled(0, meter, 6)
        drill.recovered()
        (settled,) = read_settled(ground, meter)
        assert (settled.end_seq, set(settled.reasons)) == (6, {Reason.VALUED})
        assert settled.cost_ucr > 0
        if hours_ms > 0:  # hours behind is on time by the rules, whose window is weeks
            wait_until(lambda: has_alert(ground, "early", meter), "the alert")


def has_alert(ground: Ground, kind: str, meter: int) -> bool:
    """Whether a validator's index shows an alert of this kind about the meter."""
    found = httpx.get(f"{ground.urls[0]}/v1/alerts", params={"limit": 1000}).json()
    rows = found if isinstance(found, list) else found["alerts"]
    meter_id = ground.net.meters[meter].id
    return any(row["kind"] == kind and row["meter"] == meter_id for row in rows)


@pytest.mark.parametrize("hours", [5, -5], ids=["ahead", "behind"])
def test_records_settle_when_a_validators_clock_is_wrong_by_hours(
    network: Path, ground: Ground, meter: int, tmp_path: Path, hours: int
) -> None:
    where = "ahead" if hours > 0 else "behind"
    with Drill(network, f"a validator's clock is hours {where}") as drill:
        place = drill.chance.randrange(len(ground.urls))
        other = (place + 1) % len(ground.urls)
        with off_clock(drill, ground.names[place], tmp_path / "clock") as clock:
            set_clock(clock, hours)
            drill.inject()
            wait_until(lambda: is_off(ground.urls[place], hours), "the clock is off")
            drill.recovered()
            frame = ground.net.sign(ground.net.records(5), first_seq=0, meter=meter)
            assert ground.send(place, frame).status_code == httpx.codes.OK
            drill.recovered()
            assert ground.send(other, frame).status_code == httpx.codes.OK
            ground.wait_settled(other, meter, 5)
            set_clock(clock, 0)
            drill.heal()
            wait_until(lambda: is_off(ground.urls[place], 0), "the clock is right")
            drill.recovered()
            # Right again, it settles what it gets without another's help.
            ground.wait_settled(place, meter, 5)
            later = ground.net.sign(ground.net.records(5, first=5), first_seq=5, meter=meter)
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
