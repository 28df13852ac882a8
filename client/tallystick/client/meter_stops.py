"""Meters stopped in an emergency, and their keys replaced."""

from __future__ import annotations

from typing import Final

import msgspec

from tallystick.chain.bindings.guardian import Guardian
from tallystick.client.errors import MeterUnknown
from tallystick.client.meters import find_meter, load_meters
from tallystick.client.signers import find_registrar
from tallystick.client.wire import Wire
from tallystick.local.roles import GUARDIAN
from tallystick.meter.meter import create_meter_key

MS_PER_S: Final = 1_000


class StoppedView(msgspec.Struct, frozen=True):
    """A meter whose records are quarantined, or not; `until` in Unix ms where a guardian did it."""

    meter: str
    frozen: bool
    until: int | None
    changed: bool


class RotatedView(msgspec.Struct, frozen=True):
    """A meter's new key: it signs the numbers from `first_seq` on."""

    meter: str
    key_index: int
    first_seq: int


def freeze_meter(wire: Wire, name: str) -> StoppedView:
    """The meter's records are quarantined for at most 72 hours; by a guardian."""
    number, guardian = find_meter(wire, name), Guardian(wire.address("Guardian"))
    is_frozen = load_meters(wire)[number].frozen
    if not is_frozen:
        wire.send(GUARDIAN, guardian.pause_meter(number))
    return _view(wire, name, number, changed=not is_frozen)


def resume_meter(wire: Wire, name: str) -> StoppedView:
    """A guardian's pause is over; what a quorum froze takes an appeal or a vote."""
    number, guardian = find_meter(wire, name), Guardian(wire.address("Guardian"))
    is_frozen = load_meters(wire)[number].frozen
    if is_frozen:
        wire.send(GUARDIAN, guardian.resume_meter(number))
    return _view(wire, name, number, changed=is_frozen)


def rotate_meter_key(wire: Wire, name: str) -> RotatedView:
    """A meter of this folder signs with a new key; what has not settled is signed anew with it.

    A sender that runs takes the key into use when the chain names it. Repeating it rotates again.

    Raises:
        MeterUnknown: the meter was not registered from this folder.
    """
    number = find_meter(wire, name)
    found = load_meters(wire)[number]
    folder = wire.folder.meter(found.name)
    if not (folder / "meter.json").exists():
        known = [path.parent.name for path in folder.parent.glob("*/meter.json")]
        raise MeterUnknown("meter of this folder", name, known)
    cursor = wire.read(wire.cursors.cursors_of([number]))[0]
    public = create_meter_key(folder, cursor.key_index + 1)
    signer = find_registrar(wire, found.account)
    key_index, first_seq = wire.send(signer, wire.registry.rotate_meter_key(number, public))
    return RotatedView(name, key_index, first_seq)


def _view(wire: Wire, name: str, number: int, *, changed: bool) -> StoppedView:
    pause = wire.read(Guardian(wire.address("Guardian")).pause_of(number))
    is_frozen = load_meters(wire)[number].frozen
    is_paused = is_frozen and not pause.ended_s and pause.until_s
    until = pause.until_s * MS_PER_S if is_paused else None
    return StoppedView(name, is_frozen, until, changed)
