"""A small disk of a folder's own, to be filled: a file system in memory, so it takes root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

SIZE_MIB: Final = 192
CHUNK: Final = bytes(1 << 16)


@dataclass(frozen=True)
class SmallDisk:
    """A disk that holds `SIZE_MIB`."""

    folder: Path

    @contextmanager
    def filled(self) -> Iterator[None]:
        """Not a byte is free inside the block, except where somebody frees one."""
        ballast = self.folder / "ballast"
        try:
            with ballast.open("wb", buffering=0) as file:
                _write_until_full(file.fileno())
            yield
        finally:
            ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """The folder lies on a small disk inside the block, empty; what it held is there afterwards.

    Nobody may use the folder when the block is entered or left.
    """
    _mount(folder)
    try:
        yield SmallDisk(folder)
    finally:
        _unmount(folder)


@lru_cache
def can_mount() -> bool:
    """Whether this process may give folders disks of their own."""
    with TemporaryDirectory() as folder:
        try:
            _mount(Path(folder))
        except (OSError, subprocess.CalledProcessError):
            return False
        _unmount(Path(folder))
    return True


def _mount(folder: Path) -> None:
    options = f"size={SIZE_MIB}m,mode=0700"
    words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    subprocess.run(words, check=True, capture_output=True)


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607 - any umount


def _write_until_full(descriptor: int) -> None:
    size = len(CHUNK)
    while size:
        try:
            size = os.write(descriptor, CHUNK[:size])
        except OSError:
            size //= 2
