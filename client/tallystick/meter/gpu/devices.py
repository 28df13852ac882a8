"""A device as it was read, and its time, memory and energy divided among those who pay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from tallystick.core.units import PPM
from tallystick.core.usage import Flag
from tallystick.meter.gpu.attribution import Facts
from tallystick.meter.gpu.counters import Counted, compute_growth
from tallystick.meter.gpu.shares import (
    Partition,
    compute_partition,
    compute_parts,
    compute_proportional,
)
from tallystick.meter.gpu.uses import US_PER_S, BucketKey, Payer, Use
from tallystick.meter.gpu.watching import Moment, SourceMemory, compute_elapsed_us

Charge = Literal["usage", "allocation"]
"""What those on a device pay: the part they keep busy, or all of it while they are there."""

MAX_DEVICES: Final = 4096


@dataclass(frozen=True, slots=True)
class Work:
    """A process or a pod on a device.

    Args:
        facts: what is known of it.
        share_ppm: how much of the device it kept busy, or has reserved.
        memory_kib: what it holds of the device's memory.
        is_estimated: whether the share was derived rather than measured for this work alone.
    """

    facts: Facts
    share_ppm: int = 0
    memory_kib: int = 0
    is_estimated: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    """One GPU as it was read.

    Args:
        uuid: the same for ever.
        name: what it calls itself, such as "NVIDIA H100 80GB HBM3".
        memory_kib: all it has.
        energy: millijoules so far; None where it does not count them.
        works: who is on it.
        transfer_bytes_per_s: over its bus, just now.
        facts: of the device itself, known of every work on it.
    """

    uuid: str
    name: str
    memory_kib: int = 0
    energy: Counted | None = None
    works: Sequence[Work] = ()
    transfer_bytes_per_s: int = 0
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DevicePolicy:
    """How devices are charged.

    Args:
        find_slug: the resource of a device, by its name; None where it is not metered.
        find_payer: who pays for work, by what is known of it; None where it is not ours to bill.
        operator: pays for what nobody used; None where that is not ours to bill.
        charge: for use, or for being there.
        max_gap_us: how long one reading may stand for.
    """

    find_slug: Callable[[str], str | None]
    find_payer: Callable[[Facts], Payer | None]
    operator: Payer | None
    charge: Charge = "usage"
    max_gap_us: int = 60 * US_PER_S


NoteDevice = Callable[[SourceMemory, Device, int], None]
"""Takes down in the memory what a device did in so many microseconds."""


@dataclass(frozen=True, slots=True)
class DevicesReading:
    """All devices of one source."""

    devices: Sequence[Device]
    policy: DevicePolicy
    note: NoteDevice | None = None
    """Told of every stretch that is divided."""

    def advance(self, memory: SourceMemory, moment: Moment) -> list[Use]:
        """As in `watching.Reading`."""
        uses: list[Use] = []
        is_same_boot = memory.boot_id == moment.boot_id
        for device in self.devices[:MAX_DEVICES]:
            elapsed_us = compute_elapsed_us(
                memory, device.uuid, moment, max_gap_us=self.policy.max_gap_us
            )
            energy_mj = _take_energy(memory, device, is_same_boot=is_same_boot)
            if elapsed_us and self.note is not None:
                self.note(memory, device, elapsed_us)
            if elapsed_us:
                uses += split_device(device, elapsed_us, energy_mj, self.policy)
        memory.is_watched = True
        self._forget_others(memory)
        return uses

    def _forget_others(self, memory: SourceMemory) -> None:
        """A source that makes up devices fills no disk."""
        if len(memory.seen_us) <= MAX_DEVICES:
            return
        present = {device.uuid for device in self.devices[:MAX_DEVICES]}
        memory.seen_us = {uuid: at for uuid, at in memory.seen_us.items() if uuid in present}
        memory.counters = {uuid: at for uuid, at in memory.counters.items() if uuid in present}


def split_device(
    device: Device, elapsed_us: int, energy_mj: int, policy: DevicePolicy
) -> list[Use]:
    """Everything that the device did in that time, as uses that add up to exactly that.

    What is not ours to bill has its part of the device all the same, and is left out.

    Args:
        device: as read at the end of the time.
        elapsed_us: microseconds.
        energy_mj: what it took in that time.
        policy: who pays, and for what.
    """
    shares, memory = _divide(device, policy.charge)
    moved = device.transfer_bytes_per_s * elapsed_us // US_PER_S
    energy = compute_parts(energy_mj, shares.parts)
    transfer = _divide_transfer(moved, shares)
    slug = policy.find_slug(device.name)
    if slug is None:
        return []
    uses: list[Use] = []
    for n, work in enumerate(device.works):
        payer = policy.find_payer({**device.facts, **work.facts})
        if payer is not None:
            key = BucketKey(slug, payer, device.uuid, _choose_flags(work))
            fine = _list_fine(shares.parts[n], memory.parts[n], transfer.parts[n], elapsed_us)
            uses.append(Use(key, fine, energy.parts[n]))
    if policy.operator is not None:
        key = BucketKey(slug, policy.operator, device.uuid, int(Flag.AGGREGATE), is_idle=True)
        fine = _list_fine(shares.idle, memory.idle, transfer.idle, elapsed_us)
        uses.append(Use(key, fine, energy.idle))
    return uses


def _choose_flags(work: Work) -> int:
    """An interval is no call; a share that was derived says so."""
    return int(Flag.AGGREGATE | Flag.ESTIMATED if work.is_estimated else Flag.AGGREGATE)


def _divide(device: Device, charge: Charge) -> tuple[Partition[int], Partition[int]]:
    """The device's whole and its memory, by number of the work."""
    shares = {n: work.share_ppm for n, work in enumerate(device.works)}
    memory = {n: work.memory_kib for n, work in enumerate(device.works)}
    if charge == "allocation" and device.works:
        return (
            Partition(compute_proportional(PPM, shares), 0),
            Partition(compute_proportional(device.memory_kib, memory), 0),
        )
    return compute_partition(PPM, shares), compute_partition(device.memory_kib, memory)


def _divide_transfer(moved: int, shares: Partition[int]) -> Partition[int]:
    """What was moved, by share alone: an idle device moves nothing for anybody."""
    if any(shares.parts.values()):
        return Partition(compute_proportional(moved, shares.parts), 0)
    return Partition(dict.fromkeys(shares.parts, 0), moved)


def _list_fine(
    share_ppm: int, memory_kib: int, transfer_bytes: int, elapsed_us: int
) -> Mapping[str, int]:
    fine = {
        "compute_ms": share_ppm * elapsed_us,
        "memory_gib_s": memory_kib * elapsed_us,
        "transfer_kib": transfer_bytes,
    }
    return {name: value for name, value in fine.items() if value}


def _take_energy(memory: SourceMemory, device: Device, *, is_same_boot: bool) -> int:
    """What the device's own counter grew by; across a boot it says nothing."""
    if device.energy is None:
        return 0
    before = memory.counters.get(device.uuid) if is_same_boot else None
    memory.counters[device.uuid] = device.energy
    return compute_growth(before, device.energy, is_watched=False)
