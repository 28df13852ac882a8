"""Files become records exactly, or name the line that is wrong."""

import gzip
import io
import json
import os
from pathlib import Path

import pytest

from tallystick.core.errors import InvalidInput
from tallystick.core.usage import QUANTITY_FIELDS, Flag, read_time_ms
from tallystick.meter.importers.errors import (
    ColumnMissing,
    OptionsInvalid,
    RowMalformed,
    SourceEmpty,
    SourceUnreadable,
    TimeUnitUnclear,
)
from tallystick.meter.importers.options import ImportOptions
from tallystick.meter.importers.parse import Import, bind, parse_import
from tallystick.meter.importers.sources import MAX_LINE_BYTES

ROOT = Path(__file__).parents[4]
TRACES = ROOT / "examples" / "traces"
MORE_TRACES = Path(os.environ.get("TALLYSTICK_TRACES", ROOT.parent / "shared" / "data"))
MOONCAKE = MORE_TRACES / "mooncake_conversation.jsonl"
PLACED = {"project": "acme/support/chat", "resource": "gpt-4o"}


def parse_csv(
    text: str, columns: dict[str, str], *, unit: str = "auto", limit: int | None = None, **more: str
) -> Import:
    options = ImportOptions(columns, {**PLACED, **more}, unit, limit)
    return parse_import(io.BytesIO(text.encode("utf-8", "surrogateescape")), "csv", options)


def parse_times(*times: str, unit: str = "auto") -> list[int]:
    text = "\n".join(["t", *times])
    imported = parse_csv(text, {"time": "t"}, unit=unit)
    return [int(time) for time in read_time_ms(imported.records)]


@pytest.mark.parametrize(
    ("name", "rows", "in_tokens", "out_tokens", "first_ms"),
    [
        ("azure_llm_2023_conv.csv", 19366, 22361870, 4088665, 1700158546680),
        ("azure_llm_2023_code.csv", 8819, 18059974, 245896, 1700158623979),
    ],
)
def test_azure_trace_is_read_whole(
    name: str, rows: int, in_tokens: int, out_tokens: int, first_ms: int
) -> None:
    imported = parse_import(TRACES / name, "azure-llm", ImportOptions(defaults=PLACED))
    assert imported.rows == len(imported.records) == rows
    assert int(imported.records["in_fresh"].sum()) == in_tokens
    assert int(imported.records["out_visible"].sum()) == out_tokens
    assert (imported.first_time_ms, imported.time_unit) == (first_ms, "iso")
    assert set(imported.records["flags"].tolist()) == {int(Flag.REASONING_NOT_REPORTED)}
    assert (imported.projects, imported.users) == (["acme/support/chat"], [""])


def test_mooncake_counts_leading_blocks_of_earlier_rows_as_cached() -> None:
    rows = [
        {"timestamp": 0, "input_length": 1300, "output_length": 5, "hash_ids": [1, 2, 3]},
        {"timestamp": 9, "input_length": 1500, "output_length": 6, "hash_ids": [1, 2, 9]},
        {"timestamp": 10, "input_length": 700, "output_length": 7, "hash_ids": [1, 2]},
        {"timestamp": 12, "input_length": 900, "output_length": 8, "hash_ids": [7, 1]},
    ]
    text = "\n".join(map(json.dumps, rows))
    imported = parse_import(io.BytesIO(text.encode()), "mooncake", ImportOptions(defaults=PLACED))
    assert imported.records["in_cached"].tolist() == [0, 1024, 700, 0]
    assert imported.records["in_fresh"].tolist() == [1300, 476, 0, 900]
    assert read_time_ms(imported.records).tolist() == [0, 9, 10, 12]
    assert imported.time_unit == "ms"


@pytest.mark.skipif(not MOONCAKE.exists(), reason="the trace is not on this machine")
def test_mooncake_trace_is_read_whole() -> None:
    imported = parse_import(MOONCAKE, "mooncake", ImportOptions(defaults=PLACED))
    assert imported.rows == 12031
    total = imported.records["in_cached"].sum() + imported.records["in_fresh"].sum()
    assert int(total) == sum(
        json.loads(line)["input_length"] for line in MOONCAKE.read_text().splitlines()
    )


def test_csv_maps_every_field() -> None:
    text = (
        "when,proj,who,model,f,c,w,v,r,g,m,k,s\n"
        "2024-01-02T03:04:05Z,a/b/c,ann,gpt-4o,1,2,3,4,5,6,7,8,9\n"
        '2024-01-02T03:04:06Z,"a/b/d",,h100,0,0,0,0,0,4294967295,0,0,65535\n'
    )
    fields = ("time", "project", "user", "resource", *QUANTITY_FIELDS, "step")
    columns = dict(zip(fields, text.splitlines()[0].split(","), strict=True))
    imported = parse_import(io.BytesIO(text.encode()), "csv", ImportOptions(columns))
    bound = bind(
        imported,
        project_ids=[30, 40],
        resource_ids=[5, 6],
        user_pseudonyms=[0, 2**63 + 1],
        shift_ms=1000,
    )
    assert [int(value) for value in bound[0].tolist()[2:]] == [
        *(30, 2**63 + 1, 5, 0),
        *(1, 2, 3, 4, 5, 6, 7, 8, 9, 0),
    ]
    assert [int(bound[1][name]) for name in ("project", "user", "resource")] == [40, 0, 6]
    assert read_time_ms(bound).tolist() == [1704164646000, 1704164647000]
    assert read_time_ms(imported.records).tolist() == [1704164645000, 1704164646000]


def test_jsonl_reads_nested_members_numbers_as_text_and_missing_users() -> None:
    lines = [
        '{"t": 1700000000000, "u": "ann", "usage": {"in": 5, "s": 1.2345}}',
        "",
        '{"t": "1700000000001", "usage": {"in": "6", "s": 2}}',
        '{"t": 1700000000002, "u": null, "usage": {"in": 7, "s": "0.0001"}}',
    ]
    options = ImportOptions(
        {"time": "t", "user": "u", "in_fresh": "usage.in", "compute_s": "usage.s"}, PLACED
    )
    imported = parse_import(io.BytesIO("\n".join(lines).encode()), "jsonl", options)
    assert imported.records["in_fresh"].tolist() == [5, 6, 7]
    assert imported.records["compute_ms"].tolist() == [1235, 2000, 1]
    assert imported.records["user"].tolist() == [1, 0, 0]
    assert imported.users == ["", "ann"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"t": 1700000000000, "n": 1.5}', 1),
        ('{"t": 1700000000000, "n": true}', 1),
        ('{"t": 1700000000000, "n": [1]}', 1),
        ('{"t": 1700000000000, "n": -1}', 1),
        ('{"t": 1700000000000, "n": 1e3}', 1),
        ('{"t": 1700000000000}', 1),
        ('{"t": 1700000000000, "n": 1}\n\n{"t": 17', 3),
        ('{"t": 1700000000000, "n": 1}\n[1]', 2),
        ('{"t": 1700000000000, "n": 123456789012345678901234567890}', 1),
    ],
)
def test_jsonl_names_the_malformed_line(text: str, line: int) -> None:
    options = ImportOptions({"time": "t", "in_fresh": "n"}, PLACED)
    with pytest.raises(RowMalformed) as refusal:
        parse_import(io.BytesIO(text.encode()), "jsonl", options)
    assert refusal.value.line == line


@pytest.mark.parametrize(
    "value", ["-1", "1.0", "1e3", "", "x", "1_000", "٣", "9" * 19, "+1", "0x1"]
)
def test_csv_refuses_what_is_no_whole_number(value: str) -> None:
    good = "2024-01-02T03:04:05Z,1\n" * 5000
    with pytest.raises(RowMalformed, match="line 5002, n,") as refusal:
        parse_csv(f"t,n\n{good}2024-01-02T03:04:05Z,{value}\n", {"time": "t", "in_fresh": "n"})
    assert (refusal.value.line, refusal.value.column) == (5002, "n")
    assert refusal.value.actual == repr(value)


def test_csv_counts_lines_inside_quotes_and_blank_lines() -> None:
    text = 't,p,n\n1700000000,"a\nb",1\n\n1700000000,"c",x\n'
    with pytest.raises(RowMalformed) as refusal:
        parse_csv(text, {"time": "t", "in_fresh": "n"})
    assert refusal.value.line == 5


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("t,n\n1700000000,1,2\n", 2),
        ("t,n\n1700000000,1\n1700000000\n", 3),
        ('t,n\n1700000000,"1\n', 2),
        ('t,n\n1700000000,"1"x\n', 2),
        ("t,n\n1700000000,1\n" + "9" * (MAX_LINE_BYTES + 300_000), 3),
    ],
    ids=["long", "short", "open-quote", "after-quote", "endless"],
)
def test_csv_names_the_line_that_is_no_row(text: str, line: int) -> None:
    with pytest.raises(RowMalformed) as refusal:
        parse_csv(text, {"time": "t", "in_fresh": "n"})
    assert refusal.value.line == line


def test_csv_refuses_names_that_cannot_be_printed() -> None:
    for name in ("a\x00b", "a\udcffb", "n" * 257):
        with pytest.raises(RowMalformed) as refusal:
            parse_csv(f"t,u\n1700000000,ann\n1700000000,{name}\n", {"time": "t", "user": "u"})
        assert refusal.value.line == 3


def test_csv_refuses_missing_and_double_columns() -> None:
    for header in ("t,m", "t,n,n"):
        with pytest.raises(ColumnMissing, match="'n'"):
            parse_csv(f"{header}\n", {"time": "t", "in_fresh": "n"})


def test_default_fills_empty_cells_and_unmapped_fields() -> None:
    imported = parse_csv(
        "t,n,p\n1700000000,,x/y/z\n1700000001,7,\n",
        {"time": "t", "in_fresh": "n", "project": "p"},
        in_fresh="3",
        out_visible="2",
    )
    assert imported.records["in_fresh"].tolist() == [3, 7]
    assert imported.records["out_visible"].tolist() == [2, 2]
    assert imported.projects == ["x/y/z", "acme/support/chat"]


def test_in_total_less_cached_is_fresh_and_never_negative() -> None:
    columns = {"time": "t", "in_total": "i", "in_cached": "c"}
    imported = parse_csv("t,i,c\n1700000000,10,4\n", columns)
    assert imported.records["in_fresh"].tolist() == [6]
    with pytest.raises(RowMalformed, match="line 3, i,"):
        parse_csv("t,i,c\n1700000000,10,4\n1700000000,3,4\n", columns)


@pytest.mark.parametrize(
    ("field", "value", "compute_ms"),
    [
        ("compute_s", "1.0000001", 1001),
        ("compute_s", "0.001", 1),
        ("compute_s", "2", 2000),
        ("compute_h", "1", 3_600_000),
        ("compute_h", "0.0000001", 1),
        ("compute_h", "0", 0),
        ("compute_h", "0.1", 360_000),
    ],
)
def test_compute_time_is_exact_and_rounded_up(field: str, value: str, compute_ms: int) -> None:
    imported = parse_csv(f"t,c\n1700000000,{value}\n", {"time": "t", field: "c"})
    assert imported.records["compute_ms"].tolist() == [compute_ms]


@pytest.mark.parametrize(
    ("times", "expected", "unit"),
    [
        (["1700000000", "1700000001.9999"], [1700000000000, 1700000001999], "auto"),
        (["1700000000000"], [1700000000000], "auto"),
        (["100000000000", "99999999999000"], [100000000000, 99999999999000], "auto"),
        (["5", "7"], [5000, 7000], "s"),
        (["5", "7.9"], [5, 7], "ms"),
        (["1700000000000999"], [1700000000000], "us"),
        (["1700158546680590000"], [1700158546680], "ns"),
        (["2023-11-16 18:15:46.6805900"], [1700158546680], "auto"),
        (["2023-11-16T18:15:46+01:30", "2023-11-16T18:15Z"], [1700153146000, 1700158500000], "iso"),
        (["2024-02-29T00:00:00-00:30"], [1709166600000], "auto"),
    ],
)
def test_times_are_read_exactly(times: list[str], expected: list[int], unit: str) -> None:
    assert parse_times(*times, unit=unit) == expected


@pytest.mark.parametrize(
    "times", [["5"], ["999999999"], ["1700000000", "5"], ["1700000000", "1700000000000"]]
)
def test_times_of_unclear_unit_are_refused_by_name(times: list[str]) -> None:
    with pytest.raises(TimeUnitUnclear, match=f"line {1 + len(times)}, t: .*--time-unit"):
        parse_times(*times)


@pytest.mark.parametrize(
    "time",
    [
        "2023-02-29T00:00:00Z",
        "2023-11-16T24:00:00Z",
        "2023-11-16T00:00:60Z",
        "1969-12-31T23:59:59Z",
        "yesterday",
        "1700000000000000",
        "",
    ],
)
def test_times_that_are_none_are_refused(time: str) -> None:
    with pytest.raises(RowMalformed):
        parse_csv(f"t,n\n{time},1\n", {"time": "t", "in_fresh": "n"})


def test_gzip_and_bom_are_recognised_and_the_hash_is_of_the_content() -> None:
    plain = b"\xef\xbb\xbft,n\r\n1700000000,1\r\n"
    options = ImportOptions({"time": "t", "in_fresh": "n"}, PLACED)
    one = parse_import(io.BytesIO(plain), "csv", options)
    two = parse_import(io.BytesIO(gzip.compress(plain)), "csv", options)
    assert one.content_hash == two.content_hash
    assert one.records.tobytes() == two.records.tobytes()
    columns = dict(options.columns)
    limited = parse_csv("t,n\n1700000000,1\n1700000000,2\n", columns, limit=1)
    whole = parse_csv("t,n\n1700000000,1\n1700000000,2\n", columns)
    assert (limited.rows, limited.content_hash) == (1, whole.content_hash)


def test_unreadable_and_empty_files_are_refused(tmp_path: Path) -> None:
    options = ImportOptions({"time": "t"}, PLACED)
    with pytest.raises(SourceUnreadable):
        parse_import(tmp_path / "none.csv", "csv", options)
    with pytest.raises(SourceUnreadable):
        parse_import(io.BytesIO(gzip.compress(b"t\n1700000000\n" * 99)[:-9]), "csv", options)
    with pytest.raises(SourceEmpty):
        parse_csv("t\n", {"time": "t"})


@pytest.mark.parametrize(
    ("name", "columns", "defaults"),
    [
        ("csv", {"time": "t", "tokens": "n"}, PLACED),
        ("csv", {"in_fresh": "n"}, PLACED),
        ("csv", {"time": "t"}, {"project": "a/b"}),
        ("csv", {"time": "t", "in_total": "a", "in_fresh": "b"}, PLACED),
        ("csv", {"time": "t", "compute_s": "a", "compute_h": "b"}, PLACED),
        ("csv", {"time": "t"}, {**PLACED, "time": "5"}),
        ("mooncake", {"in_fresh": "a"}, PLACED),
        ("parquet", {"time": "t"}, PLACED),
    ],
)
def test_contradicting_options_are_refused(
    name: str, columns: dict[str, str], defaults: dict[str, str]
) -> None:
    with pytest.raises(OptionsInvalid):
        parse_import(io.BytesIO(b"t\n1700000000\n"), name, ImportOptions(columns, defaults))


def test_azure_columns_give_way_to_those_asked_for() -> None:
    options = ImportOptions({"in_total": "ContextTokens", "in_cached": "C"}, PLACED)
    text = b"TIMESTAMP,ContextTokens,GeneratedTokens,C\n2023-11-16 18:15:46.68,10,1,4\n"
    imported = parse_import(io.BytesIO(text), "azure-llm", options)
    assert imported.records["in_fresh"].tolist() == [6]


def test_bind_refuses_a_shift_out_of_range() -> None:
    imported = parse_csv("t\n1700000000\n", {"time": "t"})
    with pytest.raises(InvalidInput):
        bind(
            imported,
            project_ids=[1],
            resource_ids=[1],
            user_pseudonyms=[0],
            shift_ms=-1700000000001,
        )
