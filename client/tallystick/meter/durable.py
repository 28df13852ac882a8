"""Small files that are replaced whole: a reader finds the old content or the new, never a part."""

from __future__ import annotations

import os
from pathlib import Path

from tallystick.meter.segment_file import sync_path


def write_durably(path: Path, data: bytes, *, mode: int) -> None:
    """The file holds `data`, also after a power cut.

    Args:
        path: its folder exists.
        data: the whole content.
        mode: permissions from the first moment on.
    """
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    sync_path(path.parent)
