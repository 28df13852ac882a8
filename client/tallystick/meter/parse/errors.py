"""What can be wrong with a call or with the usage an answer reports."""

from __future__ import annotations

from tallystick.core.errors import InvalidInput


class RequestMalformed(InvalidInput):
    """A call's body is not what its route takes, so that it could not be metered.

    Args:
        field: which part of the body, "" for all of it.
        expected: what would have been right.
        actual: what the body holds, shortened.
    """

    code = "request_malformed"

    def __init__(self, field: str, *, expected: str, actual: str) -> None:
        super().__init__(
            f"{field or 'the body'} of the call cannot be read",
            expected=expected,
            actual=actual[:80],
        )
        self.field = field


class UsageMalformed(InvalidInput):
    """A usage object holds a count that is none.

    Args:
        field: as the provider calls it.
        expected: what would have been right.
        actual: what the object holds, shortened.
    """

    code = "usage_malformed"

    def __init__(self, field: str, *, expected: str, actual: str) -> None:
        super().__init__(f"{field} is no usable count", expected=expected, actual=actual[:80])
        self.field = field


class DialectUnknown(InvalidInput):
    """No dialect of that name is known."""

    code = "dialect_unknown"
