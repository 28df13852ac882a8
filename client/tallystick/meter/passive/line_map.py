"""What a line of an access log says of a call, by a map from our fields to its columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from tallystick.core.usage import MAX_TIME_MS, TOKEN_FIELDS, Flag
from tallystick.meter.parse.estimate import estimate_reading
from tallystick.meter.parse.reading import Reading
from tallystick.meter.passive.errors import LineMapInvalid
from tallystick.meter.passive.exchange import Observation

FIELDS: Final = (
    "time",
    "id",
    "model",
    "status",
    "user",
    "duration_ms",
    "in_total",
    "out_total",
    *TOKEN_FIELDS,
    "input_bytes",
    "output_bytes",
)
SCALES: Final = {"s": 1000.0, "ms": 1.0, "us": 0.001, "ns": 0.000001}
MAX_COUNT: Final = 2**53
_FIRST_ERROR: Final = 400
_COUNTS: Final = ("in_total", "out_total", *TOKEN_FIELDS)
_COMMON_LOG: Final = "%d/%b/%Y:%H:%M:%S %z"

Columns = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LineMap:
    """How a line is read.

    Args:
        columns: our field -> column: of a JSON object, dotted where it lies deeper, or a named
            group of `pattern`.
        model: of lines that name none.
        time_unit: auto, iso, clf (as in 22/Nov/2026:14:00:00 +0000), s, ms, us or ns.
        pattern: a regular expression over whole lines that are not JSON; "" = they are.
        labels: columns that rules may find the project by, under their own names.

    Raises:
        LineMapInvalid: an unknown field, unit or group, or nothing that says what was used.
    """

    columns: Mapping[str, str]
    model: str = ""
    time_unit: str = "auto"
    pattern: str = ""
    labels: tuple[str, ...] = ()
    _line: re.Pattern[str] | None = field(init=False, default=None, compare=False)

    def __post_init__(self) -> None:
        for name in self.columns:
            if name not in FIELDS:
                raise LineMapInvalid(
                    "no such field of a line", expected=", ".join(FIELDS), actual=name
                )
        if self.time_unit not in {"auto", "iso", "clf", *SCALES}:
            raise LineMapInvalid("no such unit of time", actual=self.time_unit)
        if "time" not in self.columns or not (self.model or "model" in self.columns):
            raise LineMapInvalid("every line needs a time and a model", expected="their columns")
        if not {*_COUNTS, "input_bytes"} & set(self.columns):
            raise LineMapInvalid(
                "nothing says what was used", expected="a column of tokens or of bytes"
            )
        if self.pattern:
            object.__setattr__(self, "_line", self._compile())

    def _compile(self) -> re.Pattern[str]:
        try:
            compiled = re.compile(self.pattern)
        except re.error as error:
            raise LineMapInvalid("the pattern is none", actual=str(error)) from error
        missing = {*self.columns.values(), *self.labels} - set(compiled.groupindex)
        if missing:
            raise LineMapInvalid(
                "the pattern lacks groups", expected=", ".join(sorted(missing)), actual=self.pattern
            )
        return compiled

    def split(self, line: bytes) -> Columns | None:
        """The line's columns, None where it is no such line."""
        if self._line is not None:
            match = self._line.fullmatch(line.decode(errors="replace"))
            return match.groupdict() if match else None
        try:
            found = msgspec.json.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        return found if isinstance(found, dict) else None


class LineUnread(Exception):
    """A line is no observation; `why` is one of `LOSSES`. Never leaves the passive meters."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def read_line(line: bytes, line_map: LineMap, source: str, identity: str) -> Observation:
    """What the line says was used.

    Args:
        line: without its end.
        line_map: how to read it.
        source: of the log.
        identity: of the line, where no column names it.

    Raises:
        LineUnread: it is no line of the map, failed upstream, or says nothing of use.
    """
    columns = line_map.split(line)
    if columns is None:
        raise LineUnread("malformed")
    get = _create_getter(columns, line_map)
    time_ms = parse_time_ms(get("time"), line_map.time_unit)
    status = _read_count(get("status")) or 0
    reading = _read_counts(get) or _estimate(get)
    if reading is None:
        raise LineUnread("failed" if status >= _FIRST_ERROR else "no_usage")
    if status >= _FIRST_ERROR and reading.flags & Flag.ESTIMATED:
        raise LineUnread("failed")
    return Observation(
        source=source,
        id=str(get("id") or identity),
        time_ms=time_ms,
        models=(str(get("model") or line_map.model),),
        reading=replace(reading, flags=reading.flags | Flag.PASSIVE, raw=b""),
        labels={name: str(_find(columns, name) or "") for name in line_map.labels},
        user=str(get("user")) if get("user") else None,
        status=status,
        duration_ms=_read_count(get("duration_ms")),
    )


def parse_time_ms(value: object, unit: str) -> int:
    """Unix ms.

    Args:
        value: text or a number.
        unit: see `LineMap`; auto = dates, and numbers below 1e11 as seconds.

    Raises:
        LineUnread: it is no time.
    """
    try:
        if unit == "clf":
            moment = datetime.strptime(str(value), _COMMON_LOG).astimezone(UTC)
            return _check_time(int(moment.timestamp() * 1000))
        number = _to_number(value)
        if number is None or unit == "iso":
            moment = datetime.fromisoformat(str(value))
            zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return _check_time(round(zoned.timestamp() * 1000))
        scale = SCALES.get(unit, 1000.0 if number < 1e11 else 1.0)  # noqa: PLR2004 - the year 5138
        return _check_time(int(number * scale))
    except (ValueError, OverflowError) as error:
        raise LineUnread("malformed") from error


def _check_time(time_ms: int) -> int:
    if not 0 < time_ms <= MAX_TIME_MS:
        raise LineUnread("malformed")
    return time_ms


def _read_counts(get: Callable[[str], object]) -> Reading | None:
    """The reported tokens as disjoint counts; None where no column holds any."""
    counts = {name: _read_count(get(name)) for name in _COUNTS}
    if all(count is None for count in counts.values()):
        return None
    known = {name: count or 0 for name, count in counts.items()}
    parts_in, parts_out = known["in_cached"] + known["in_written"], known["out_reasoning"]
    in_fresh, out_visible = known["in_fresh"], known["out_visible"]
    doubt = Flag(0)
    if counts["in_total"] is not None:
        in_fresh = max(known["in_total"] - parts_in, 0)
        doubt |= Flag.USAGE_MISMATCH if parts_in > known["in_total"] else Flag(0)
    if counts["out_total"] is not None:
        out_visible = max(known["out_total"] - parts_out, 0)
        doubt |= Flag.USAGE_MISMATCH if parts_out > known["out_total"] else Flag(0)
    return Reading(
        in_fresh=in_fresh,
        in_cached=known["in_cached"],
        in_written=known["in_written"],
        out_visible=out_visible,
        out_reasoning=known["out_reasoning"],
        flags=doubt,
    )


def _estimate(get: Callable[[str], object]) -> Reading | None:
    sent, came = _read_count(get("input_bytes")), _read_count(get("output_bytes"))
    return None if sent is None else estimate_reading(sent, came or 0, None)


def _read_count(value: object) -> int | None:
    """A count; None where there is none: absent, empty or `-`, which is not 0."""
    if value is None or value in {"", "-"}:
        return None
    number = _to_number(value)
    if number is None or not 0 <= number <= MAX_COUNT or number != int(number):
        raise LineUnread("malformed")
    return int(number)


def _to_number(value: object) -> float | int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    text = str(value)
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        return None


def _create_getter(columns: Columns, line_map: LineMap) -> Callable[[str], object]:
    def get(name: str) -> object:
        column = line_map.columns.get(name)
        return None if column is None else _find(columns, column)

    return get


def _find(columns: Columns, column: str) -> object:
    if column in columns:
        return columns[column]
    found: object = columns
    for part in column.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found
