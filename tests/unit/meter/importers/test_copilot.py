"""Copilot agent traces become one record for every LLM call, in the order of the file."""

import gzip
import io
import json
from typing import Any

import pytest

from tallystick.core.usage import QUANTITY_FIELDS, Flag, read_time_ms
from tallystick.meter.importers.chunks import CHUNK_ROWS
from tallystick.meter.importers.errors import OptionsInvalid, RowMalformed
from tallystick.meter.importers.options import ImportOptions
from tallystick.meter.importers.parse import Import, parse_import
from tallystick.meter.importers.sources import MAX_LINE_BYTES

PLACED = {"project": "acme/dev/editor"}


def build_call(model: str = "Model A", **changes: object) -> dict[str, Any]:
    call = {
        "message_id": "9f2c",
        "timestamp": "2026-06-01T08:00:01.250Z",
        "duration_ms": 2210.5,
        "initiator_type": "user",
        "model": model,
        "result": "Success",
        "status_code": "OK",
        "tokens": {
            "total": 61_340,
            "prompt": 61_000,
            "completion": 340,
            "cached": 58_368,
            "cached_pct": 95.7,
        },
        "message_metadata": [{"type": "System", "role": "system", "token_len": 900}],
    }
    return {**call, **changes}


def build_session(*turns: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "session_id": "s-1",
        "date": "2026-06-01",
        "turns": [
            {"turn_id": f"t-{number}", "llm_calls": calls, "tool_batches": []}
            for number, calls in enumerate(turns)
        ],
    }


def parse_trace(*sessions: dict[str, Any], limit: int | None = None, **defaults: str) -> Import:
    text = "\n".join(map(json.dumps, sessions)).encode()
    options = ImportOptions(defaults={**PLACED, **defaults}, limit=limit)
    return parse_import(io.BytesIO(gzip.compress(text)), "copilot-trace", options)


def test_every_call_is_a_record_with_its_place_in_the_turn() -> None:
    other = build_call(
        "Model B",
        timestamp="2026-06-01T08:00:09Z",
        tokens={"prompt": 70, "completion": 5, "cached": 0},
    )
    imported = parse_trace(build_session([build_call(), other], [other]))
    assert imported.records["in_fresh"].tolist() == [61_000 - 58_368, 70, 70]
    assert imported.records["in_cached"].tolist() == [58_368, 0, 0]
    assert imported.records["out_visible"].tolist() == [340, 5, 5]
    assert imported.records["step"].tolist() == [1, 2, 1]
    assert imported.resources == ["model-a", "model-b"]
    assert read_time_ms(imported.records).tolist() == [1780300801250, 1780300809000, 1780300809000]
    assert set(imported.records["flags"].tolist()) == {int(Flag.REASONING_NOT_REPORTED)}
    assert sum(int(imported.records[name].sum()) for name in QUANTITY_FIELDS) == 61_340 + 150


def test_named_resource_is_that_of_every_call() -> None:
    imported = parse_trace(build_session([build_call(), build_call("Model Q")]), resource="gpt-4o")
    assert imported.resources == ["gpt-4o"]


def test_call_without_tokens_is_left_out_when_it_failed() -> None:
    cancelled = build_call(result="UserCancel", tokens=None)
    imported = parse_trace(build_session([cancelled, build_call()]))
    assert imported.rows == 1
    assert imported.records["step"].tolist() == [2]


def test_cancelled_call_is_counted_when_it_has_tokens() -> None:
    assert parse_trace(build_session([build_call(result="UserCancel")])).rows == 1


def test_long_sessions_keep_their_lines_and_limits() -> None:
    sessions = [build_session([build_call()] * 1500) for _ in range(3)]
    imported = parse_trace(*sessions)
    assert imported.rows == 4500 > CHUNK_ROWS
    assert imported.records["step"].tolist() == [*range(1, 1501)] * 3
    assert parse_trace(*sessions, limit=3001).rows == 3001
    broken = build_call(tokens={"prompt": 5, "completion": 1, "cached": 6})
    with pytest.raises(RowMalformed) as caught:
        parse_trace(*sessions, build_session([broken]))
    assert caught.value.line == 4


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"tokens": None}, "tokens of a call that succeeded"),
        ({"tokens": {"prompt": 5, "completion": None}}, "tokens of a call that succeeded"),
        ({"tokens": {"prompt": -5, "completion": 1}}, "a whole number"),
        ({"tokens": {"prompt": 1.5, "completion": 1}}, "a session of a Copilot trace"),
        ({"timestamp": "yesterday"}, "a date and time"),
        ({"model": None}, "a session of a Copilot trace"),
    ],
)
def test_trace_names_the_line_when_a_call_is_malformed(
    change: dict[str, Any], expected: str
) -> None:
    with pytest.raises(RowMalformed) as caught:
        parse_trace(build_session([build_call()]), build_session([build_call(**change)]))
    assert caught.value.line == 2
    assert expected in str(caught.value.expected)


def test_session_longer_than_other_lines_is_read() -> None:
    segments = [{"type": "ToolResult", "role": "user", "token_len": 1_000}] * 40_000
    long = build_call(message_metadata=segments)
    assert len(json.dumps(long)) > MAX_LINE_BYTES
    assert parse_trace(build_session([long])).rows == 1


def test_columns_are_refused() -> None:
    with pytest.raises(OptionsInvalid):
        parse_import(
            io.BytesIO(b"{}"), "copilot-trace", ImportOptions({"user": "session_id"}, PLACED)
        )
