"""Where the meter's records are cut into frames."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tallystick.core.frames import MAX_FRAME_PROJECTS
from tallystick.core.usage import Records


def compute_cuts(records: Records, *, max_records: int) -> Iterator[tuple[int, int]]:
    """The frames that the records make, as half-open ranges that cover them in order.

    Args:
        records: in the order of their sequence numbers.
        max_records: of one frame.

    Yields:
        Start and end of each frame: at most `max_records` records of at most 64 projects.
    """
    start = 0
    while start < len(records):
        end = start + _count_first_frame(records["project"][start : start + max_records])
        yield start, end
        start = end


def is_full(records: Records, cut: tuple[int, int], *, max_records: int) -> bool:
    """Whether no record that comes later could join the frame of this cut."""
    start, end = cut
    return end - start == max_records or end < len(records)


def _count_first_frame(projects: np.ndarray[tuple[int], np.dtype[np.uint32]]) -> int:
    """How many of the leading records name at most 64 projects."""
    _, first_seen = np.unique(projects, return_index=True)
    if len(first_seen) <= MAX_FRAME_PROJECTS:
        return len(projects)
    return int(np.sort(first_seen)[MAX_FRAME_PROJECTS])
