"""A device's time, memory and energy are divided among those on it, exactly."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.units import PPM
from tallystick.core.usage import Flag
from tallystick.meter.gpu import devices as devices_module
from tallystick.meter.gpu.counters import Counted
from tallystick.meter.gpu.devices import (
    Charge,
    Device,
    DevicePolicy,
    DevicesReading,
    Work,
    split_device,
)
from tallystick.meter.gpu.uses import Payer, Use
from tallystick.meter.gpu.watching import Moment, SourceMemory

OPERATOR = Payer("acme/platform")
SECOND = 1_000_000
GIB = 1 << 20
"""In KiB."""


def create_policy(charge: Charge = "usage") -> DevicePolicy:
    return DevicePolicy(
        lambda name: name or None,
        lambda facts: Payer(facts.get("who", "acme/shared")),
        OPERATOR,
        charge,
    )


def add_up(uses: Sequence[Use], field: str) -> int:
    return sum(use.fine.get(field, 0) for use in uses)


WORKS = st.lists(
    st.builds(
        Work,
        st.builds(lambda who: {"who": f"acme/{who}"}, st.integers(0, 3)),
        st.integers(0, PPM),
        st.integers(0, 200 * GIB),
        is_estimated=st.booleans(),
    ),
    max_size=6,
)


@given(
    WORKS,
    st.integers(1, 60 * SECOND),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.sampled_from(["usage", "allocation"]),
)
def test_uses_of_a_device_add_up_to_exactly_the_device(
    works: list[Work], elapsed_us: int, energy_mj: int, moved: int, charge: Charge
) -> None:
    device = Device("GPU-1", "h100", 80 * GIB, works=works, transfer_bytes_per_s=moved)
    uses = split_device(device, elapsed_us, energy_mj, create_policy(charge))
    assert add_up(uses, "compute_ms") == PPM * elapsed_us
    assert add_up(uses, "memory_gib_s") == 80 * GIB * elapsed_us
    assert add_up(uses, "transfer_kib") == moved * elapsed_us // SECOND
    assert sum(use.energy_mj for use in uses) == energy_mj
    assert all(value >= 0 for use in uses for value in [*use.fine.values(), use.energy_mj])
    assert [use.key.is_idle for use in uses] == [False] * len(works) + [True]


def test_a_quarter_of_a_device_is_charged_as_a_quarter() -> None:
    """Neither requested hours nor a whole device: what was kept busy."""
    work = Work({"who": "acme/app"}, 250_000, 20 * GIB)
    device = Device("GPU-1", "h100", 80 * GIB, works=[work])
    used, idle = split_device(device, 3_600 * SECOND, 1_000, create_policy())
    assert used.key.payer == Payer("acme/app")
    assert used.fine["compute_ms"] == 900_000 * 10**9
    assert used.energy_mj == 250
    assert idle.key.payer == OPERATOR
    assert idle.fine["compute_ms"] == 2_700_000 * 10**9
    assert idle.fine["memory_gib_s"] == 60 * GIB * 3_600 * SECOND


def test_allocation_charges_all_of_a_device_to_those_on_it() -> None:
    works = [Work({"who": "acme/a"}, 100_000, GIB), Work({"who": "acme/b"}, 300_000, GIB)]
    device = Device("GPU-1", "h100", 80 * GIB, works=works)
    a, b, idle = split_device(device, SECOND, 0, create_policy("allocation"))
    assert (a.fine["compute_ms"], b.fine["compute_ms"]) == (250_000 * SECOND, 750_000 * SECOND)
    assert not idle.fine


def test_estimated_shares_are_flagged() -> None:
    works = [Work({}, 100_000, is_estimated=True), Work({}, 100_000)]
    uses = split_device(Device("GPU-1", "h100", works=works), SECOND, 0, create_policy())
    assert [use.key.flags for use in uses] == [
        Flag.AGGREGATE | Flag.ESTIMATED,
        Flag.AGGREGATE,
        Flag.AGGREGATE,
    ]


def test_a_device_without_a_resource_is_not_metered() -> None:
    assert split_device(Device("GPU-1", ""), SECOND, 0, create_policy()) == []


def advance(memory: SourceMemory, at_s: int, energy_mj: int, boot: str = "b") -> list[Use]:
    device = Device("GPU-1", "h100", 80 * GIB, Counted(energy_mj))
    return DevicesReading([device], create_policy()).advance(
        memory, Moment(1_700_000_000_000 + at_s * 1_000, at_s * SECOND, boot)
    )


def test_first_reading_only_says_where_to_begin() -> None:
    memory = SourceMemory()
    assert advance(memory, 10, 5_000) == []
    (idle,) = advance(memory, 12, 5_300)
    assert (idle.fine["compute_ms"], idle.energy_mj) == (2 * SECOND * PPM, 300)


def test_time_across_a_restart_of_the_collector_is_charged_once() -> None:
    memory = SourceMemory()
    advance(memory, 10, 0)
    saved = SourceMemory(seen_us=dict(memory.seen_us), boot_id=memory.boot_id)
    assert add_up(advance(memory, 14, 0), "compute_ms") == 4 * SECOND * PPM
    assert add_up(advance(saved, 14, 0), "compute_ms") == 4 * SECOND * PPM


def test_time_that_nobody_watched_is_shown_and_billed_to_nobody() -> None:
    memory = SourceMemory()
    advance(memory, 10, 0)
    assert advance(memory, 200, 9_999) == []
    assert memory.unobserved_us == 190 * SECOND
    assert add_up(advance(memory, 201, 9_999), "compute_ms") == SECOND * PPM


@pytest.mark.parametrize("later", [1, 30])
def test_time_begins_anew_with_every_boot(later: int) -> None:
    memory = SourceMemory()
    advance(memory, 10, 800)
    assert advance(memory, later, 900, boot="c") == []
    (idle,) = advance(memory, later + 1, 950, boot="c")
    assert idle.energy_mj == 50


def test_energy_of_a_reloaded_driver_is_what_it_counted_since() -> None:
    memory = SourceMemory()
    advance(memory, 10, 5_000)
    (idle,) = advance(memory, 11, 70)
    assert idle.energy_mj == 70


def test_devices_that_are_made_up_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices_module, "MAX_DEVICES", 3)
    memory = SourceMemory()
    for n in range(10):
        found = [Device("GPU-real", "h100", energy=Counted(n)), Device(f"GPU-{n}", "h100")]
        moment = Moment(1_700_000_000_000, (n + 1) * SECOND, "b")
        uses = DevicesReading(found, create_policy()).advance(memory, moment)
        assert len(memory.seen_us) <= 3
        assert len(memory.counters) <= 3
        assert len(uses) == (1 if n else 0)
