"""What can go wrong between the chain and its tables."""

from __future__ import annotations

from tallystick.core.errors import FatalFailure, InvalidInput


class ProjectionUnreadable(FatalFailure):
    """The index file cannot be opened: another process holds it, or it is damaged."""

    code = "projection_unreadable"


class ProjectionDisagrees(FatalFailure):
    """A block does not fit what was applied before it."""

    code = "projection_disagrees"


class UnknownKey(InvalidInput):
    """A query names a grouping, account, resource or other thing that does not exist."""

    code = "unknown_key"
    http_status = 400
