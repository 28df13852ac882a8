"""A small disk of a folder's own, to be filled: a file system in memory, so it takes root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

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
    if os.geteuid() != 0:
        pytest.skip("DISK NOT FILLED: mounting a file system takes root")
    options = f"size={SIZE_MIB}m,mode=0700"
    words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    mounted = subprocess.run(words, check=False, capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"DISK NOT FILLED: {mounted.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607 - any mount


def _write_until_full(descriptor: int) -> None:
    size = len(CHUNK)
    while size:
        try:
            size = os.write(descriptor, CHUNK[:size])
        except OSError:
            size //= 2
