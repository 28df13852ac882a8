"""Where the webhook stands: the last alert that its receiver took, on disk."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tallystick.core.errors import FatalFailure

Place = tuple[int, int]
"""(block, ordinal) of an alert."""


class CursorUnreadable(FatalFailure):
    """The webhook's cursor file is damaged."""

    code = "webhook_cursor_unreadable"


class AlertCursor:
    """A place that survives the process: written beside the old one, synced, then renamed.

    Args:
        path: the file, made at the first `advance`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Place | None:
        """The place kept last, None where there never was one.

        Raises:
            CursorUnreadable: the file holds something else.
        """
        try:
            document = json.loads(self._path.read_bytes())
            return int(document["block"]), int(document["ordinal"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise CursorUnreadable(
                "the webhook's cursor cannot be read; delete it to begin with the newest alert",
                actual=str(self._path),
            ) from error

    def write(self, place: Place) -> None:
        """The place is kept, durably."""
        block, ordinal = place
        fresh = self._path.with_suffix(".new")
        with fresh.open("w") as file:
            json.dump({"block": block, "ordinal": ordinal}, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
