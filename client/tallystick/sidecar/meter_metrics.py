"""What a running meter tells its operator: how far its records have come, and what it takes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from tallystick.meter.exposition import create_counter, create_gauge
from tallystick.sidecar.meters import MeterRun

PREFIX: Final = "tallystick_meter_"


class MeterMetrics(Collector):
    """The metrics of one meter, read when somebody asks.

    Args:
        run: the meter, open.
        folder: its own.
    """

    def __init__(self, run: MeterRun, folder: Path) -> None:
        self._run = run
        self._folder = folder
        self._label = (run.meter.identity.name,)

    def collect(self) -> Iterator[Metric]:
        """One sample of each."""
        run = self._run
        cursor = run.sender.status.cursor or 0
        next_seq = run.meter.journal.next_seq
        for name, count in (
            ("records", next_seq),
            ("settled", cursor),
            ("lost_details", run.recorder.lost_details),
        ):
            yield create_counter(PREFIX + name, [(self._label, count)])
        gauges: dict[str, Callable[[], float]] = {
            "unsettled_records": lambda: max(next_seq - cursor, 0),
            "spool_age_seconds": lambda: run.sender.standing_s,
            "spool_bytes": lambda: run.meter.spool.size_bytes,
            "journal_bytes": lambda: run.meter.journal.size_bytes,
            "sender_up": lambda: run.failure is None,
            "open_calls": lambda: run.recorder.in_flight,
            "held_events": lambda: len(run.held),
            "disk_free_bytes": lambda: measure_free(self._folder),
        }
        for name, read in gauges.items():
            yield create_gauge(PREFIX + name, [(self._label, read())])


def measure_free(folder: Path) -> int:
    """Bytes that this user can still write on the folder's disk; 0 where it does not answer."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0
