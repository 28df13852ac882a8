"""What the index refuses."""

from __future__ import annotations

from tallystick.core.errors import InvalidInput


class NothingFound(InvalidInput):
    """The index holds nothing by this id, number or hash."""

    code = "nothing_found"
    http_status = 404
