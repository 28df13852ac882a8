"""Records out of measured quantities, one call or one interval at a time."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from tallystick.core.usage import (
    MAX_CONTEXT,
    MAX_TIME_MS,
    QUANTITY_FIELDS,
    RECORD_DTYPE,
    Records,
    apply_time_ms,
)
from tallystick.meter.errors import RecordInvalid
from tallystick.meter.splitting import (
    MAX_PIECES,
    MAX_QUANTITY,
    count_pieces,
    create_split_records,
)

MAX_TOTAL: Final = 2**53
"""Of one quantity in one call; more is a broken counter rather than use."""

_INT: Final = frozenset({int})
_FIELDS: Final = frozenset(QUANTITY_FIELDS)
_TOKEN_COUNT: Final = 5
_RECORD: Final = struct.Struct(">HIIQHH8IHQ")


@dataclass(frozen=True, slots=True)
class Billing:
    """Whom and what a call bills.

    Args:
        project: id of the account that pays.
        resource: id of the model or GPU type.
        user: pseudonym, 0 = not recorded.
        step: of a workflow, 0 = none.
        flags: `core.usage.Flag`.
    """

    project: int
    resource: int
    user: int = 0
    step: int = 0
    flags: int = 0


def build_records(quantities: Mapping[str, int], billing: Billing, time_ms: int) -> Records:
    """The use as records: one, or more where it is beyond a record's width.

    The first takes as much as it holds and carries step and flags; the others continue it.

    Args:
        quantities: by field of `QUANTITY_FIELDS`; what is missing is 0.
        billing: whom and what.
        time_ms: when, Unix ms.

    Returns:
        At least one record, cost words zero.

    Raises:
        RecordInvalid: a field that there is none of, or a value outside its range.
    """
    values = [quantities.get(name, 0) for name in QUANTITY_FIELDS]
    is_plain = quantities.keys() <= _FIELDS and _INT.issuperset(map(type, values))
    if not is_plain or sum(values[:_TOKEN_COUNT]) > MAX_CONTEXT or max(values) > MAX_QUANTITY:
        _check_fields(quantities, billing, time_ms)
        return _build_split(values, billing, time_ms)
    try:
        packed = _RECORD.pack(
            time_ms >> 32,
            time_ms & 0xFFFFFFFF,
            billing.project,
            billing.user,
            billing.resource,
            billing.flags,
            *values,
            billing.step,
            0,
        )
    except struct.error:
        _check_fields(quantities, billing, time_ms)
        raise
    return np.frombuffer(bytearray(packed), RECORD_DTYPE)


def coarsen_ms(time_ms: int, granularity_ms: int) -> int:
    """The time rounded down to a multiple of the granularity; 0 or 1 leave it as it is."""
    return time_ms - time_ms % granularity_ms if granularity_ms > 1 else time_ms


def _build_split(values: list[int], billing: Billing, time_ms: int) -> Records:
    columns = {
        name: np.array([value], np.int64)
        for name, value in zip(QUANTITY_FIELDS, values, strict=True)
    }
    pieces = count_pieces(columns)
    if pieces[0] > MAX_PIECES:
        raise RecordInvalid(
            "the use does not fit a call",
            expected=f"at most {MAX_PIECES} records",
            actual=f"{pieces[0]} records",
        )
    records, _ = create_split_records(columns, pieces, flags=billing.flags)
    apply_time_ms(records, np.full(len(records), time_ms, np.int64))
    records["project"] = billing.project
    records["user"] = billing.user
    records["resource"] = billing.resource
    records["step"][0] = billing.step
    return records


def _check_fields(quantities: Mapping[str, int], billing: Billing, time_ms: int) -> None:
    for name, value in quantities.items():
        if name not in QUANTITY_FIELDS:
            raise RecordInvalid(
                "a record has no such quantity", expected=", ".join(QUANTITY_FIELDS), actual=name
            )
        _check(name, value, MAX_TOTAL)
    _check("time_ms", time_ms, MAX_TIME_MS)
    _check("project", billing.project, 2**32 - 1)
    _check("resource", billing.resource, 2**16 - 1)
    _check("user", billing.user, 2**64 - 1)
    _check("step", billing.step, 2**16 - 1)
    _check("flags", billing.flags, 2**16 - 1)


def _check(name: str, value: object, maximum: int) -> None:
    if type(value) is not int or not 0 <= value <= maximum:
        raise RecordInvalid(
            f"{name} of a record is out of range",
            expected=f"a whole number from 0 to {maximum}",
            actual=repr(value),
        )
