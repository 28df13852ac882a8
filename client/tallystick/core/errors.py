"""The error tree of Tallystick.

TallystickError
├── InvalidInput      the caller's fault: HTTP 4xx, exit code 2
├── TemporaryFailure  try again later: HTTP 503, exit code 75
└── FatalFailure      stop and look: HTTP 500, exit code 1

Every leaf has a stable `code` (docs/errors.md), and says what it expected and what it found.
"""

from __future__ import annotations

from typing import ClassVar


class TallystickError(Exception):
    """Root of the tree.

    Args:
        message: one sentence in plain words, without a final full stop.
        expected: what would have been right.
        actual: what was found instead.
    """

    code: ClassVar[str] = "error"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(
        self, message: str, *, expected: str | int | None = None, actual: str | int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected
        self.actual = actual

    def __str__(self) -> str:
        parts = [self.message]
        if self.expected is not None:
            parts.append(f"expected {self.expected}")
        if self.actual is not None:
            parts.append(f"found {self.actual}")
        return "; ".join(parts)

    def as_dict(self) -> dict[str, str | int | None]:
        """The error as the document every program of ours prints or answers with."""
        return {
            "code": self.code,
            "message": self.message,
            "expected": self.expected,
            "actual": self.actual,
        }


class InvalidInput(TallystickError):
    """The caller's fault; repeating the same call fails again."""

    code = "invalid_input"
    http_status = 400
    exit_code = 2


class TemporaryFailure(TallystickError):
    """Not now; the same call may succeed later."""

    code = "temporary_failure"
    http_status = 503
    exit_code = 75


class FatalFailure(TallystickError):
    """Something that must not be papered over; a person has to look."""

    code = "fatal_failure"


class AmountInvalid(InvalidInput):
    """An amount of credits is malformed, negative or too precise."""

    code = "amount_invalid"


class FrameMalformed(InvalidInput):
    """The bytes are no frame: truncated, oversized, or a count outside its limits."""

    code = "frame_malformed"


class FrameVersionInactive(InvalidInput):
    """The frame's version is not accepted by the rules in force."""

    code = "frame_version_inactive"


class WrongNetwork(InvalidInput):
    """The frame was signed for another network."""

    code = "wrong_network"


class UnknownMeter(InvalidInput):
    """No meter with this id is registered."""

    code = "unknown_meter"
    http_status = 404


class TooManyProjects(InvalidInput):
    """A frame or batch names more distinct projects than its limit."""

    code = "too_many_projects"


class CostFilledIn(InvalidInput):
    """A meter filled in a cost; only validators value records."""

    code = "cost_filled_in"


class WrongKey(InvalidInput):
    """The key index is not the meter's at these sequence numbers."""

    code = "wrong_key"


class BadSignature(InvalidInput):
    """A signature does not verify under the registered key."""

    code = "bad_signature"
    http_status = 401


class BatchMalformed(InvalidInput):
    """The bytes are no batch, or one that breaks a limit."""

    code = "batch_malformed"


class NotEquivocal(InvalidInput):
    """Two frames are no proof that their meter signed two histories."""

    code = "not_equivocal"


class NotReleasable(InvalidInput):
    """A record is not quarantined, or still would be."""

    code = "not_releasable"


class NotCreditable(InvalidInput):
    """A record cost nothing, or not what the credit says."""

    code = "not_creditable"


class RatesOutOfBounds(InvalidInput):
    """Resolved rates break the overflow bound of docs/protocol.md section 6."""

    code = "rates_out_of_bounds"


class FactUnknown(TemporaryFailure):
    """A fact that the rules need is not known at the block asked for."""

    code = "fact_unknown"
