"""A file of the log of calls as memory: an entry is copied into it without a system call.

A system call lets other threads take the interpreter, and whoever wrote waits for it again: longer
than the writing takes. Mapped pages outlive the process and are synced with the file.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import Final

MOUNTS: Final = Path("/proc/self/mountinfo")
OVERWRITING: Final = frozenset({"ext2", "ext3", "ext4", "tmpfs"})
"""File systems that put what is overwritten where it was. Others may need room for it, and a full
disk kills whoever writes into mapped memory then, where a write is refused."""


def map_file(descriptor: int, *, mounts: Path = MOUNTS) -> mmap.mmap | None:
    """The file's present length as memory shared with it, None where that is not safe.

    Args:
        descriptor: for reading and writing; every byte of the file has been written.
        mounts: this process's file systems, as Linux lists them.
    """
    if find_file_system(descriptor, mounts) not in OVERWRITING:
        return None
    try:
        return mmap.mmap(descriptor, 0)
    except (OSError, ValueError):  # no memory left for it, or nothing in the file
        return None


def find_file_system(descriptor: int, mounts: Path) -> str | None:
    """The kind of file system that the file lies on, None where nothing says so."""
    device = os.fstat(descriptor).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        fields = line.split(" ")
        if fields[2:3] == [wanted] and "-" in fields[:-1]:
            return fields[fields.index("-") + 1]
    return None
