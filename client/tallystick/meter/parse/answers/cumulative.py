"""Usage that a stream reports again and again, each time for all of the answer so far."""

from __future__ import annotations

from tallystick.meter.parse.answers.formats import Usage


def merge_cumulative(earlier: Usage, later: Usage) -> tuple[Usage, bool]:
    """The later object, completed from the earlier one, and whether a count fell.

    Counts of a running total never fall, so the larger one counts. Some servers report a side in
    the first event only and 0 in the last, others the other way round.
    """
    merged, has_fallen = _merge_counts(earlier, later)
    for name, value in later.items():
        known = earlier.get(name)
        if isinstance(known, dict) and isinstance(value, dict):
            merged[name], has_inner_fallen = _merge_counts(known, value)
            has_fallen = has_fallen or has_inner_fallen
    return merged, has_fallen


def _merge_counts(earlier: Usage, later: Usage) -> tuple[Usage, bool]:
    merged, has_fallen = dict(earlier), False
    for name, value in later.items():
        known = merged.get(name)
        if type(known) is int and type(value) is int and value < known:
            has_fallen = True
        elif value is not None:
            merged[name] = value
    return merged, has_fallen
