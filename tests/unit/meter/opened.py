"""Meters and recorders in a folder of a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tallystick.meter.details import DetailStore
from tallystick.meter.meter import (
    Meter,
    MeterIdentity,
    MeterLimits,
    create_meter_key,
    open_meter,
    save_identity,
)
from tallystick.meter.recorder import Recorder, RecorderLimits

NOW_MS = 1_795_305_600_000
SMALL = RecorderLimits(log_bytes=1 << 20, file_bytes=4096)


def open_sample_meter(folder: Path, *, journal_bytes: int = 1 << 30) -> Meter:
    """A meter that needs no network, its files small."""
    create_meter_key(folder)
    save_identity(folder, MeterIdentity(id=7, name="m", network_id="11" * 32))
    return open_meter(folder, MeterLimits(journal_bytes=journal_bytes, segment_bytes=4096))


@contextmanager
def recording(
    folder: Path,
    *,
    limits: RecorderLimits = SMALL,
    details: DetailStore | None = None,
    journal_bytes: int = 1 << 30,
) -> Iterator[tuple[Meter, Recorder]]:
    """A meter and its recorder, both closed afterwards."""
    meter = open_sample_meter(folder, journal_bytes=journal_bytes)
    try:
        recorder = Recorder(meter, folder, details=details, limits=limits, clock=lambda: NOW_MS)
        try:
            yield meter, recorder
        finally:
            recorder.close()
    finally:
        meter.close()


def read_users(folder: Path) -> list[int]:
    """Users of every record in the journal, by number."""
    with open_sample_meter(folder) as meter:
        users: list[int] = meter.journal.read(0, meter.journal.next_seq)["user"].tolist()
    return users
