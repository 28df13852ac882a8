"""How much room is left on the disk that frames are stored on.

Index, submissions and journal share a disk. What was taken must still be settled when it fills up,
so intake stops while there is room for that.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tallystick_node.errors import StorageFull


class DiskWatch:
    """The disk of a folder.

    Args:
        folder: exists by the time it is asked about.
        reserve_bytes: below it nothing new is stored.
    """

    def __init__(self, folder: Path, *, reserve_bytes: int) -> None:
        self._folder = folder
        self._reserve_bytes = reserve_bytes

    @property
    def free_bytes(self) -> int:
        """What this user can still write; 0 where the disk does not answer."""
        try:
            return shutil.disk_usage(self._folder).free
        except OSError:
            return 0

    @property
    def has_room(self) -> bool:
        """Whether more may be stored."""
        return self.free_bytes >= self._reserve_bytes

    def check_room(self) -> None:
        """More may be stored.

        Raises:
            StorageFull: what is left is for what was taken already.
        """
        free_bytes = self.free_bytes
        if free_bytes < self._reserve_bytes:
            raise StorageFull(
                "the disk is nearly full",
                expected=f"at least {self._reserve_bytes} bytes free",
                actual=free_bytes,
            )
