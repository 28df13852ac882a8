"""Codes of the chain in words that stay the same everywhere: API, CLI and explorer."""

from __future__ import annotations

from typing import Final

from tallystick.chain.decode import read_label
from tallystick.core.settlement import SegmentStatus, SkipReason
from tallystick.core.usage import Flag, Reason

REASON_WORDS: Final = {
    Reason.VALUED: "valued",
    Reason.METER_FROZEN: "the meter was frozen or not active",
    Reason.FLAGS_UNDEFINED: "it carries a flag that the rules do not define",
    Reason.PROJECT_UNKNOWN: "no such project is registered",
    Reason.PROJECT_INACTIVE: "the project or an account above it was not active",
    Reason.PROJECT_NOT_BILLABLE: "the meter has no right to bill this project",
    Reason.RESOURCE_UNKNOWN: "no such resource is registered",
    Reason.RESOURCE_INACTIVE: "the resource was not active or had no rates",
    Reason.EXPERIMENT_NOT_OPEN: "it claims an experiment that was not open",
    Reason.QUANTITY_OVER_MAXIMUM: "a quantity is above a registered maximum",
    Reason.COST_OVER_MAXIMUM: "its cost is above a registered maximum",
}


def name_reason(code: int) -> str:
    """A reason code's name, `reason_<code>` where these rules know none."""
    return Reason(code).name.lower() if code in set(Reason) else f"reason_{code}"


def describe_reason(code: int) -> str:
    """A reason code in words."""
    return REASON_WORDS[Reason(code)] if code in set(Reason) else f"reason {code}"


def name_status(code: int) -> str:
    """A segment status' name."""
    return SegmentStatus(code).name.lower()


def name_skip(code: int) -> str:
    """The name of the reason a batch was skipped whole for."""
    return SkipReason(code).name.lower() if code in set(SkipReason) else f"reason_{code}"


def name_flags(flags: int) -> list[str]:
    """The names of the flags that are set; `bit_<n>` for undefined ones."""
    bits = [bit for bit in range(16) if flags >> bit & 1]
    known = {flag.value.bit_length() - 1: (flag.name or "").lower() for flag in Flag}
    return [known.get(bit, f"bit_{bit}") for bit in bits]


def name_label(label: str) -> str:
    """A bytes32 label in hexadecimal as text without its zeros."""
    return read_label(bytes.fromhex(label[2:]))
