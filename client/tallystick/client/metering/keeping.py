"""What a metering process keeps open: the meter, its log, its details, who people are."""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.client.facade import Client
from tallystick.client.metering.names import MeterNames
from tallystick.client.meters import find_local_meter
from tallystick.client.submission import OpenMeter
from tallystick.local.pseudonyms import Pseudonyms
from tallystick.meter.details import DetailStore
from tallystick.meter.held import HeldEvents
from tallystick.meter.recorder import Recorder


@dataclass(frozen=True, slots=True)
class MeterParts:
    """Everything that recording needs, open until `close`."""

    opened: OpenMeter
    names: MeterNames
    recorder: Recorder
    details: DetailStore
    held: HeldEvents
    people: Pseudonyms

    def close(self) -> None:
        """What was recorded is in the journal; what has not settled waits in the folder."""
        self.recorder.close()
        self.held.close()
        self.details.close()
        self.opened.close()


def open_parts(client: Client, name: str, account: str) -> MeterParts:
    """A registered meter of the folder with all that belongs to it.

    Raises:
        FolderLocked: another process records with it.
    """
    folder = find_local_meter(client.wire, name)
    opened = OpenMeter(client.wire, folder)
    try:
        names = MeterNames(client.wire, account, opened.wait_until_known)
        details, held = DetailStore(folder / "details"), HeldEvents(folder / "held")
        people = Pseudonyms(client.wire.folder.names_file)
        recorder = Recorder(opened.meter, folder, details=details, clock=client.wire.clock)
    except BaseException:
        opened.close()
        raise
    return MeterParts(opened, names, recorder, details, held, people)
