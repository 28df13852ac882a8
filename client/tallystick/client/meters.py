"""Meters: registered on the chain, their keys and journals in the network's folder."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tallystick.chain.bindings.registry import RegisteredMeter
from tallystick.chain.config import load_network_config
from tallystick.client.accounts import load_tree
from tallystick.client.errors import MeterUnknown
from tallystick.client.wire import Wire
from tallystick.core.errors import TallystickError
from tallystick.local.files import locked
from tallystick.local.roles import REGISTRAR
from tallystick.meter.meter import (
    MeterIdentity,
    create_meter_key,
    load_identity,
    open_meter,
    save_identity,
)


class MeterView(msgspec.Struct, frozen=True):
    """A meter as commands show it.

    `cursor` is how many of its records have settled, `spooled` how many wait here to settle: None
    where its journal is not in this folder, or in use.
    """

    id: int
    name: str
    account: str
    cursor: int
    spooled: int | None
    active: bool
    frozen: bool


class RegisteredView(msgspec.Struct, frozen=True):
    """A meter that is registered now; `created` tells whether it was not before."""

    id: int
    name: str
    account: str
    created: bool


def load_meters(wire: Wire) -> dict[int, RegisteredMeter]:
    """Every meter as it was announced last, by id."""
    count = wire.read(wire.registry.meter_count())
    ids = range(1, count + 1)
    found = wire.read_all([wire.registry.meter_of(meter) for meter in ids])
    return dict(zip(ids, found, strict=True))


def list_meters(wire: Wire) -> list[MeterView]:
    """Every meter, by id."""
    meters = load_meters(wire)
    if not meters:
        return []
    tree = load_tree(wire)
    cursors = wire.read(wire.cursors.cursors_of(list(meters)))
    return [
        MeterView(
            id=meter,
            name=found.name,
            account=tree.path(found.account),
            cursor=cursor.next_seq,
            spooled=_count_spooled(wire, found.name, meter, cursor.next_seq),
            active=found.active,
            frozen=found.frozen,
        )
        for (meter, found), cursor in zip(meters.items(), cursors, strict=True)
    ]


def register_meter(wire: Wire, name: str, path: str) -> RegisteredView:
    """A meter with this name may bill everything below the account; its key lies in the folder."""
    with locked(wire.folder.root / "meters.lock"):
        return _register_meter(wire, name, path)


def _register_meter(wire: Wire, name: str, path: str) -> RegisteredView:
    tree = load_tree(wire)
    account = tree.require(path)
    organisation = tree.ancestors(account)[-1]
    known = wire.read(wire.registry.meter_by_name(organisation, name))
    folder = wire.folder.meter(name)
    key = create_meter_key(folder)
    meter = known or wire.send(
        REGISTRAR,
        wire.registry.register_meter(account, name, key, load_network_config().meter_bounds),
    )
    if not (folder / "meter.json").exists():
        network_id = wire.network.network_id.hex()
        save_identity(folder, MeterIdentity(id=meter, name=name, network_id=network_id))
    bound_to = wire.read(wire.registry.meter_of(meter)).account
    return RegisteredView(meter, name, tree.path(bound_to), created=not known)


def find_meter(wire: Wire, name: str) -> int:
    """The id of the meter called `organisation/name`, or `name` where only one is called so.

    Raises:
        MeterUnknown: there is none, or there are several; says which names look like it.
    """
    meters, tree = load_meters(wire), load_tree(wire)
    full_names = {
        number: f"{tree.path(tree.ancestors(meter.account)[-1])}/{meter.name}"
        for number, meter in meters.items()
    }
    found = [number for number, full in full_names.items() if name in (full, meters[number].name)]
    if len(found) != 1:
        raise MeterUnknown("meter", name, full_names.values())
    return found[0]


def find_local_meter(wire: Wire, name: str) -> Path:
    """The folder of a meter registered from here.

    Raises:
        MeterUnknown: there is none; says which names look like it.
    """
    folder = wire.folder.meter(name)
    if not (folder / "meter.json").exists():
        known = [path.parent.name for path in folder.parent.glob("*/meter.json")]
        raise MeterUnknown("meter of this folder", name, known)
    return folder


def _count_spooled(wire: Wire, name: str, meter: int, cursor: int) -> int | None:
    if not wire.has_folder:
        return None
    folder = wire.folder.meter(name)
    try:
        if load_identity(folder).id != meter:
            return None
        with open_meter(folder) as opened:
            return max(opened.journal.next_seq - cursor, 0)
    except TallystickError:
        return None
