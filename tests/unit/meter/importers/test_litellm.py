"""LiteLLM's spend logs become records by the provider's own counts, each call once."""

import csv
import io
import json
from typing import Any

import pytest

from tallystick.core.usage import TOKEN_FIELDS, read_time_ms
from tallystick.meter.importers.errors import ColumnMissing, RowMalformed, SourceEmpty
from tallystick.meter.importers.options import ImportOptions
from tallystick.meter.importers.parse import Import, parse_import

PLACED = {"project": "acme/ml/app"}
USAGE = {
    "prompt_tokens": 1_000,
    "completion_tokens": 200,
    "total_tokens": 1_200,
    "prompt_tokens_details": {"cached_tokens": 600},
    "completion_tokens_details": {"reasoning_tokens": 50},
}


def build_row(number: int = 1, usage: dict[str, Any] | None = USAGE, **changes: object) -> Any:  # noqa: ANN401 - a row
    row = {
        "request_id": f"chatcmpl-{number}",
        "call_type": "acompletion",
        "api_key": "88dc28d0",
        "spend": 0.0045,
        "total_tokens": 1_200,
        "prompt_tokens": 1_000,
        "completion_tokens": 200,
        "startTime": "2026-11-01T10:00:00.250Z",
        "endTime": "2026-11-01T10:00:02.000Z",
        "model": "gpt-4o",
        "model_group": "chat-large",
        "custom_llm_provider": "openai",
        "user": "ada",
        "metadata": {"usage_object": usage, "user_api_key_team_alias": "ml"},
        "cache_hit": "None",
        "request_tags": ["prod", "team-a"],
        "team_id": "team-1",
        "end_user": "",
        "status": "success",
    }
    return {**row, **changes}


def encode_csv(*rows: dict[str, Any]) -> bytes:
    """As psql's `\\copy ... CSV HEADER` writes it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    for row in rows:
        cells = {
            name: json.dumps(value) if isinstance(value, dict | list) else value
            for name, value in row.items()
        }
        writer.writerow({**cells, "startTime": str(row["startTime"]).replace("T", " ")[:-1]})
    return text.getvalue().encode()


def encode_lines(*rows: dict[str, Any]) -> bytes:
    return b"\n".join(json.dumps(row).encode() for row in rows)


def encode_array(*rows: dict[str, Any]) -> bytes:
    return json.dumps(rows, indent=1).encode()


def parse_logs(content: bytes, columns: dict[str, str] | None = None) -> Import:
    options = ImportOptions(columns or {}, PLACED if "project" not in (columns or {}) else {})
    return parse_import(io.BytesIO(content), "litellm-spend-logs", options)


def list_tokens(imported: Import) -> list[tuple[int, ...]]:
    return [tuple(int(record[name]) for name in TOKEN_FIELDS) for record in imported.records]


@pytest.mark.parametrize("encode", [encode_csv, encode_lines, encode_array])
def test_logs_are_read_in_every_form(encode: Any) -> None:  # noqa: ANN401 - a function
    embedding = {"prompt_tokens": 8, "completion_tokens": 0, "total_tokens": 8}
    rows = [build_row(1), build_row(2, embedding, model="text-embedding-3")]
    imported = parse_logs(encode(*rows))
    assert list_tokens(imported) == [(400, 600, 0, 150, 50), (8, 0, 0, 0, 0)]
    assert imported.resources == ["gpt-4o", "text-embedding-3"]
    assert read_time_ms(imported.records).tolist() == [1_793_527_200_250] * 2
    assert set(imported.records["flags"].tolist()) == {0}


def test_columns_of_the_table_can_be_mapped() -> None:
    columns = {
        "project": "metadata.user_api_key_team_alias",
        "user": "user",
        "resource": "model_group",
    }
    imported = parse_logs(encode_lines(build_row()), columns)
    assert (imported.projects, imported.users[1:]) == (["ml"], ["ada"])
    assert imported.resources == ["chat-large"]


def test_row_with_several_tags_is_one_record() -> None:
    assert parse_logs(encode_csv(build_row(request_tags=["a", "b", "c"]))).rows == 1


def test_totals_stand_in_when_the_provider_said_nothing() -> None:
    for encode in (encode_csv, encode_lines):
        assert list_tokens(parse_logs(encode(build_row(usage=None)))) == [(1_000, 0, 0, 200, 0)]


def test_repeated_id_is_one_call_and_missing_ones_are_calls_of_their_own() -> None:
    rows = [build_row(1), build_row(1), build_row(request_id=""), build_row(request_id="")]
    for encode in (encode_csv, encode_lines):
        assert parse_logs(encode(*rows)).rows == 3


def test_use_of_nothing_is_no_row() -> None:
    rows = [
        build_row(1, None, status="failure"),
        build_row(2, cache_hit="True"),
        build_row(3, status="failure"),
        build_row(4),
    ]
    for encode in (encode_csv, encode_lines):
        assert parse_logs(encode(*rows)).rows == 2
    with pytest.raises(SourceEmpty):
        parse_logs(encode_lines(*rows[:2]))


def test_long_conversation_in_a_cell_is_read() -> None:
    row = build_row(messages=[{"role": "user", "content": "x" * 2_000_000}])
    for encode in (encode_csv, encode_lines):
        assert parse_logs(encode(row)).rows == 1
    assert csv.field_size_limit() < 1_000_000


@pytest.mark.parametrize("encode", [encode_csv, encode_lines])
@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {"usage_object": {"prompt_tokens": -1, "completion_tokens": 1}}},
        {"metadata": {"usage_object": {"prompt_tokens": "x", "completion_tokens": 1}}},
        {"startTime": "neverZ"},
        {"model": ""},
        {"metadata": None, "prompt_tokens": "-5"},
    ],
)
def test_malformed_row_names_its_line(encode: Any, change: dict[str, Any]) -> None:  # noqa: ANN401 - a function
    with pytest.raises(RowMalformed) as caught:
        parse_logs(encode(build_row(1), build_row(2, **change)))
    assert caught.value.line == (3 if encode is encode_csv else 2)


def test_table_without_its_columns_is_refused() -> None:
    with pytest.raises(ColumnMissing, match="metadata"):
        parse_logs(b"request_id,startTime,model\na,2026-11-01,gpt-4o\n")
    with pytest.raises(ColumnMissing):
        parse_logs(encode_csv(build_row()), {"project": "cost_centre"})


@pytest.mark.parametrize("content", [b"[{]", b'{"a":\n', b"[5]"])
def test_broken_json_is_refused(content: bytes) -> None:
    with pytest.raises(RowMalformed):
        parse_logs(content)
