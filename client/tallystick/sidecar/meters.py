"""Meters of programs beside applications: registered beforehand, then opened by one process each.

Registering takes the registrar's key and happens once, in the program that starts the others. A
process that measures opens its own meter's folder and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from tallystick.core.errors import TallystickError
from tallystick.local.meters import ChainCursors
from tallystick.meter.details import DetailStore
from tallystick.meter.errors import DrainTimedOut
from tallystick.meter.held import HeldEvents
from tallystick.meter.meter import Meter, load_identity, open_meter
from tallystick.meter.recorder import Recorder
from tallystick.meter.sender import FrameSender, SenderSettings
from tallystick.sidecar.errors import MeterNameTaken
from tallystick.sidecar.site import Site

if TYPE_CHECKING:
    from tallystick.client import Client

DRAIN_S: Final = 15.0
POLL_S: Final = 0.25

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MeterRun:
    """A meter that records while `run_meter` is open, its records brought to the chain.

    `sender.status` says how far they have come, `recorder` is what to record through.
    """

    meter: Meter
    recorder: Recorder
    sender: FrameSender
    details: DetailStore
    held: HeldEvents
    sending: asyncio.Task[None]
    """Ends before the block does only where a person has to look; its exception says why."""

    @property
    def failure(self) -> BaseException | None:
        """Why nothing is sent any more, None while all is well; records are kept all the same."""
        is_over = self.sending.done() and not self.sending.cancelled()
        return self.sending.exception() if is_over else None


def ensure_meters(path: Path, account: str, name: str, count: int) -> list[Path]:
    """The meters `name-0` to `name-(count - 1)` of an account are registered, with lease keys.

    Args:
        path: the network's folder, with the registrar's key where a meter is new.
        account: path of the account whose projects they may bill.
        name: what their names begin with.
        count: how many, one for each process.

    Returns:
        Their folders, by number.

    Raises:
        MeterNameTaken: the folder's meter of such a name belongs to somebody else.
        KeyMissing: a meter is new and the folder lacks the organisation's registrar.
    """
    return ensure_named_meters(path, account, [f"{name}-{number}" for number in range(count)])


def ensure_named_meters(path: Path, account: str, names: Sequence[str]) -> list[Path]:
    """Meters of exactly these names are registered; see `ensure_meters`."""
    # Reading keys takes a library that takes a second to import; workers never come here.
    from tallystick.client import Client  # noqa: PLC0415

    with Client.open(path) as client:
        return [_ensure_meter(client, account, name) for name in names]


def _ensure_meter(client: Client, account: str, name: str) -> Path:
    from tallystick.client.lease_keys import load_lease_key  # noqa: PLC0415 - as above

    folder = client.wire.folder.meter(name)
    registered = client.register_meter(name, account)
    identity = load_identity(folder)
    is_ours = identity.network_id == client.wire.network.network_id.hex()
    if identity.id != registered.id or not is_ours:
        raise MeterNameTaken(
            f"the meter {name} of this folder belongs to another organisation: use another name",
            expected=registered.id,
            actual=identity.id,
        )
    load_lease_key(client.wire, registered.id)
    return folder


@asynccontextmanager
async def run_meter(
    site: Site, folder: Path, *, drain_s: float = DRAIN_S
) -> AsyncIterator[MeterRun]:
    """The meter records inside the block and sends its frames; at the end it drains.

    Args:
        site: the network.
        folder: the meter's.
        drain_s: how long to wait at the end for everything to settle; what has not by then is
            sent when the meter is next opened.

    Raises:
        MeterUnknown: the folder is no registered meter.
        FolderLocked: another process records with it.
    """
    with open_meter(folder) as meter:
        cursors = ChainCursors(site.rpc, site.network)
        sender = FrameSender(
            meter, cursors, site.directory, site.http, settings=SenderSettings(poll_s=POLL_S)
        )
        details, held = DetailStore(folder / "details"), HeldEvents(folder / "held")
        try:
            recorder = Recorder(meter, folder, details=details)
            sending = asyncio.create_task(sender.run())
            sending.add_done_callback(_report_end)
            try:
                yield MeterRun(meter, recorder, sender, details, held, sending)
            finally:
                await recorder.aclose()
                await _finish(sender, sending, drain_s)
        finally:
            held.close()
            details.close()


async def _finish(sender: FrameSender, sending: asyncio.Task[None], drain_s: float) -> None:
    """What was recorded has settled, or waits in the folder."""
    if not sending.done():
        try:
            await sender.drain(drain_s)
        except DrainTimedOut as error:
            _log.warning("drain_timed_out", expected=error.expected, actual=error.actual)
        except TallystickError as error:
            _log.error("drain_failed", code=error.code)
        sender.stop()
    await asyncio.gather(sending, return_exceptions=True)


def _report_end(sending: asyncio.Task[None]) -> None:
    error = None if sending.cancelled() else sending.exception()
    if error is not None:
        code = error.code if isinstance(error, TallystickError) else type(error).__name__
        _log.error("sender_stopped", code=code, why=str(error))
