"""What the index refuses."""

from __future__ import annotations

from tallystick.core.errors import InvalidInput


class IndexInUse(InvalidInput):
    """The index cannot be replaced while a validator has it open."""

    code = "index_in_use"
    http_status = 409


class NothingFound(InvalidInput):
    """The index holds nothing by this id, number or hash."""

    code = "nothing_found"
    http_status = 404
