"""What a book found."""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.verify.verdict import Check


@dataclass(frozen=True, slots=True)
class Finding:
    """An event that does not follow from those before it."""

    check: Check
    expected: str | int
    actual: str | int
    what: str


def compare(check: Check, expected: int | str, actual: int | str, what: str) -> list[Finding]:
    """A finding where the two differ."""
    return [] if expected == actual else [Finding(check, expected, actual, what)]
