"""People behind pseudonyms: who is known here, and how they are forgotten."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from tallystick.local.folder import NetworkFolder
from tallystick.local.pseudonyms import Pseudonyms
from tallystick.meter.details import DetailStore
from tallystick.meter.held import HeldEvents


class PersonView(msgspec.Struct, frozen=True):
    """Somebody whom the folder can tell from a pseudonym, and the months it was used in."""

    organisation: str
    name: str
    months: list[str]


class ErasedView(msgspec.Struct, frozen=True):
    """What erasing a person removed from the folder.

    Args:
        changed: False where nothing was left to remove.
        pseudonyms: that are nobody's now.
        details: of records that are gone.
        meters: whose details were looked through.
    """

    name: str
    changed: bool
    pseudonyms: int
    details: int
    meters: int


def list_people(folder: NetworkFolder, organisation: str | None = None) -> list[PersonView]:
    """Everybody in the folder's table, by organisation and name.

    Args:
        folder: the network's.
        organisation: only its people.
    """
    people = Pseudonyms(folder.names_file).people()
    return [
        PersonView(known, name, months)
        for known, months_by_name in sorted(people.items())
        if organisation in {None, known}
        for name, months in sorted(months_by_name.items())
    ]


def erase_person(folder: NetworkFolder, name: str, organisation: str | None = None) -> ErasedView:
    """Nothing in the folder tells who the person was, or what was noted of what they used.

    First the pseudonyms become nobody's, so that running gateways give new ones; then what was kept
    under them goes. Repeating it finishes what a crash left.

    Args:
        folder: the network's.
        name: as the telemetry names the person.
        organisation: None = wherever the name appears.

    Raises:
        TableBusy: a meter's details are being read all the time: repeat it.
        StorageFailed: a meter's details cannot be written.
    """
    table = Pseudonyms(folder.names_file)
    pseudonyms = table.forget(organisation, name)
    meters = list(_list_meters(folder)) if pseudonyms else []
    details = sum(_erase_details(meter, pseudonyms) for meter in meters)
    table.confirm_erased(pseudonyms)
    return ErasedView(name, bool(pseudonyms), len(pseudonyms), details, len(meters))


def _list_meters(folder: NetworkFolder) -> Iterator[Path]:
    """Folders of meters that keep anything beside their records."""
    for path in sorted(folder.meter("x").parent.glob("*")):
        if (path / "details").is_dir() or (path / "held").is_dir():
            yield path


def _erase_details(meter: Path, pseudonyms: Collection[int]) -> int:
    count = 0
    for name, kind in (("details", DetailStore), ("held", HeldEvents)):
        if (meter / name).is_dir():
            store = kind(meter / name)
            try:
                count += store.erase_users(pseudonyms)
            finally:
                store.close()
    return count
