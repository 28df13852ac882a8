"""Lines of access logs, by a map of their columns."""

import json

import pytest

from tallystick.core.usage import Flag
from tallystick.meter.parse.reading import Reading
from tallystick.meter.passive.errors import LineMapInvalid
from tallystick.meter.passive.exchange import Observation
from tallystick.meter.passive.line_map import LineMap, LineUnread, parse_time_ms, read_line

COLUMNS = {
    "time": "ts",
    "model": "request.model",
    "status": "status",
    "user": "user",
    "in_total": "usage.input",
    "in_cached": "usage.cached",
    "out_total": "usage.output",
    "out_reasoning": "usage.reasoning",
    "input_bytes": "sent",
    "output_bytes": "came",
}
LINE = {
    "ts": 1_795_305_600,
    "request": {"model": "llama"},
    "status": 200,
    "user": "ada",
    "usage": {"input": 100, "cached": 40, "output": "30", "reasoning": 10},
    "sent": 4000,
    "came": 800,
}


def read(line: object, line_map: LineMap | None = None) -> Observation:
    text = line if isinstance(line, bytes) else json.dumps(line).encode()
    return read_line(text, line_map or LineMap(COLUMNS), "log", "chain")


def test_line_gives_disjoint_counts() -> None:
    seen = read(LINE)
    assert seen.reading == Reading(60, 40, 0, 20, 10, flags=Flag.PASSIVE)
    assert (seen.models, seen.user, seen.id) == (("llama",), "ada", "chain")
    assert seen.time_ms == 1_795_305_600_000


def test_line_is_estimated_from_bytes_when_it_names_no_tokens() -> None:
    seen = read(LINE | {"usage": {}})
    assert (seen.reading.in_fresh, seen.reading.out_visible) == (1000, 200)
    assert seen.reading.flags & Flag.ESTIMATED


def test_zero_is_a_count_and_absence_is_none() -> None:
    assert read(LINE | {"usage": {"input": 0, "output": 0}}).reading.in_total == 0
    assert read(LINE | {"usage": {"input": None, "output": "-"}}).reading.in_total == 1000


def test_parts_beyond_their_total_are_flagged() -> None:
    seen = read(LINE | {"usage": {"input": 10, "cached": 40, "output": 1}})
    assert seen.reading.flags & Flag.USAGE_MISMATCH
    assert (seen.reading.in_fresh, seen.reading.in_cached) == (0, 40)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"not json", "malformed"),
        (b"[1]", "malformed"),
        (b"\xff\xfe", "malformed"),
        (LINE | {"ts": None}, "malformed"),
        (LINE | {"ts": 10**17}, "malformed"),
        (LINE | {"usage": {"input": -1}}, "malformed"),
        (LINE | {"usage": {"input": 1.5}}, "malformed"),
        (LINE | {"usage": {"input": True}}, "malformed"),
        (LINE | {"usage": {"input": 10**30}}, "malformed"),
        (LINE | {"usage": {}, "sent": None}, "no_usage"),
        (LINE | {"usage": {}, "status": 502}, "failed"),
        (LINE | {"usage": {}, "sent": None, "status": "404"}, "failed"),
    ],
)
def test_line_is_left_out_with_its_reason(line: object, why: str) -> None:
    with pytest.raises(LineUnread) as caught:
        read(line)
    assert caught.value.why == why


def test_text_lines_are_read_by_a_pattern() -> None:
    pattern = (
        r'(?P<client>\S+) - (?P<user>\S+) \[(?P<time>[^\]]+)\] "[^"]*" (?P<status>\d+)'
        r" (?P<came>\d+) (?P<sent>\d+)"
    )
    columns = {
        "time": "time",
        "status": "status",
        "user": "user",
        "input_bytes": "sent",
        "output_bytes": "came",
    }
    line_map = LineMap(columns, "llama", "clf", pattern, ("client",))
    line = b'10.0.0.9 - ada [22/Nov/2026:14:00:00 +0100] "POST /api/chat HTTP/1.1" 200 80 400'
    seen = read(line, line_map)
    assert (seen.reading.in_fresh, seen.reading.out_visible) == (100, 20)
    assert (seen.labels, seen.models) == ({"client": "10.0.0.9"}, ("llama",))
    assert seen.time_ms == parse_time_ms("2026-11-22T13:00:00Z", "iso")


@pytest.mark.parametrize(
    ("value", "unit", "time_ms"),
    [
        ("2026-11-22T13:00:00Z", "auto", 1_795_352_400_000),
        ("2026-11-22T14:00:00.250+01:00", "iso", 1_795_352_400_250),
        ("2026-11-22 13:00:00", "auto", 1_795_352_400_000),
        (1_795_352_400.25, "auto", 1_795_352_400_250),
        ("1795352400250", "auto", 1_795_352_400_250),
        (1_795_352_400_250_000, "us", 1_795_352_400_250),
    ],
)
def test_times_are_read_in_every_unit(value: object, unit: str, time_ms: int) -> None:
    assert parse_time_ms(value, unit) == time_ms


@pytest.mark.parametrize(
    "fields",
    [
        {"columns": {"price": "x"}},
        {"columns": {"time": "t", "in_total": "i"}},
        {"columns": {"time": "t", "model": "m"}},
        {"columns": COLUMNS, "time_unit": "days"},
        {"columns": COLUMNS, "pattern": "("},
        {"columns": COLUMNS, "pattern": "(?P<ts>x)"},
    ],
    ids=["field", "model", "usage", "unit", "pattern", "groups"],
)
def test_map_refuses_what_contradicts_itself(fields: dict[str, object]) -> None:
    with pytest.raises(LineMapInvalid):
        LineMap(**fields)  # type: ignore[arg-type]
