"""Access logs: looked at again and again, in a thread, since reading waits for the disk."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from tallystick.meter.passive.access_log import AccessLog
from tallystick.meter.passive.line_map import LineMap
from tallystick.sidecar.observe.observer import (
    Counts,
    Observer,
    ObserverSettings,
    observe,
    wait,
)

LOOK_S: Final = 0.5


def observe_log(
    settings: ObserverSettings, path: Path, line_map: LineMap, source: str, *, follows: bool
) -> Counts:
    """Every line of a log is recorded, held or counted as lost.

    Args:
        settings: of the observer.
        path: of the log.
        line_map: how its lines are read.
        source: tells it from other logs that may have equal lines.
        follows: goes on with what is written, until the process is told to end.
    """

    async def work(observer: Observer) -> None:
        position = observer.folder / f"position-{source}.json"
        log = AccessLog(path, line_map, source, position, observer.book)
        try:
            while True:
                await asyncio.to_thread(log.read)
                if not follows or await wait(observer.stopping, LOOK_S):
                    return
        finally:
            log.close()

    return observe(settings, work)
