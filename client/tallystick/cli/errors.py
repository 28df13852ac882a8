"""What can be wrong with words on the command line."""

from __future__ import annotations

from tallystick.core.errors import InvalidInput


class UsageInvalid(InvalidInput):
    """The command line itself: an unknown command or option, a missing argument."""

    code = "usage_invalid"


class TimeInvalid(InvalidInput):
    """A time is neither ISO nor an age such as 7d."""

    code = "time_invalid"


class PeriodInvalid(InvalidInput):
    """A period is neither a length such as 30d nor week, month or none."""

    code = "period_invalid"


class ShareInvalid(InvalidInput):
    """A share has no sign, or lies outside 0 to 100 %."""

    code = "share_invalid"


class CountInvalid(InvalidInput):
    """A number or a price is malformed."""

    code = "count_invalid"


class AssignmentInvalid(InvalidInput):
    """An option's value is not FIELD=VALUE."""

    code = "assignment_invalid"


class Declined(InvalidInput):
    """The question whether to go on was answered with no."""

    code = "declined"
