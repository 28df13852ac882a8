"""Equivocation: two frames that pass every check under one key and differ at a sequence number.

The proof is both frames, back to back: whoever knows the meter's key can check it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tallystick.core.frames import Frame, compute_frame_digest, decode_frames, encode_frame

MAX_PROOFS: Final = 1_000


class EquivocationLog:
    """A folder of proofs, bounded: one per refused frame, none overwritten."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._count = sum(1 for _ in folder.glob("*.frames"))
        self._listeners: list[Callable[[Frame, Frame], None]] = []

    def __iter__(self) -> Iterator[tuple[Frame, Frame]]:
        """Every proof kept, also those of earlier runs."""
        for path in sorted(self._folder.glob("*.frames")):
            frames = list(decode_frames(path.read_bytes(), max_frames=2))
            if len(frames) == 2:  # noqa: PLR2004 - a proof is two frames
                yield frames[0], frames[1]

    def subscribe(self, listener: Callable[[Frame, Frame], None]) -> None:
        """`listener` is told of every proof from now on, also of one known before."""
        self._listeners.append(listener)

    def keep(self, kept: Frame, refused: Frame) -> Path | None:
        """The proof is on disk, synced; its path, or None where there are enough already.

        Whoever listens is told in any case.
        """
        for listener in self._listeners:
            listener(kept, refused)
        digest = compute_frame_digest(refused).hex()[:16]
        path = self._folder / f"meter-{refused.meter}-seq-{refused.first_seq}-{digest}.frames"
        if path.exists():
            return path
        if self._count >= MAX_PROOFS:
            return None
        with path.open("xb") as file:
            file.write(encode_frame(kept) + encode_frame(refused))
            file.flush()
            os.fsync(file.fileno())
        self._count += 1
        return path
