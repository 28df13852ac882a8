"""A meter of this process alone: registered once, taken by whoever comes first."""

from __future__ import annotations

from typing import Final

from tallystick.client.facade import Client
from tallystick.client.metering.keeping import MeterParts, open_parts
from tallystick.meter.errors import FolderLocked

MAX_PROCESSES: Final = 64
"""Of one application on one machine; each needs a journal of its own."""


def open_free_meter(client: Client, name: str, account: str) -> MeterParts:
    """The first of `name`, `name-2`, `name-3`... that no other process records with.

    Args:
        client: of the network, with its folder.
        name: of the meter, without slashes.
        account: path of the account below which it may bill.

    Raises:
        AccountUnknown: no account there.
        FolderLocked: all of them are in use.
    """
    for number in range(1, MAX_PROCESSES + 1):
        candidate = name if number == 1 else f"{name}-{number}"
        client.register_meter(candidate, account)
        try:
            return open_parts(client, candidate, account)
        except FolderLocked:
            continue
    raise FolderLocked(
        f"too many processes record as {name} at once", expected=f"at most {MAX_PROCESSES}"
    )
