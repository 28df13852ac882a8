"""What can be wrong with what is observed. Leaves of the core's tree."""

from __future__ import annotations

from tallystick.core.errors import InvalidInput


class CaptureUnreadable(InvalidInput):
    """The file is no capture of packets, or of a kind of link that is not read."""

    code = "capture_unreadable"


class ObservationMalformed(InvalidInput):
    """What was posted to an observer is not what its path takes; nothing was recorded."""

    code = "observation_malformed"


class ObservationTooLarge(InvalidInput):
    """What was posted to an observer is beyond its bound; nothing was recorded."""

    code = "observation_too_large"
    http_status = 413


class LineMapInvalid(InvalidInput):
    """The map from a log's columns to what calls used contradicts itself."""

    code = "line_map_invalid"


class PositionInvalid(InvalidInput):
    """The file that says how far a log was read is none of ours."""

    code = "position_invalid"
