"""A file of usage becomes records, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from tallystick.core.errors import InvalidInput
from tallystick.core.usage import MAX_TIME_MS, Records, apply_time_ms, read_time_ms
from tallystick.meter.importers import azure_llm, copilot, litellm, mooncake
from tallystick.meter.importers.chunks import Chunk
from tallystick.meter.importers.copilot import read_copilot
from tallystick.meter.importers.errors import OptionsInvalid, SourceEmpty
from tallystick.meter.importers.litellm import read_litellm
from tallystick.meter.importers.mooncake import read_mooncake
from tallystick.meter.importers.options import ImportOptions, check_complete, merge_preset
from tallystick.meter.importers.records import MAX_RESOURCES, RecordBuilder
from tallystick.meter.importers.sources import MAX_LINE_BYTES, open_source
from tallystick.meter.importers.table import read_csv, read_jsonl


@dataclass(frozen=True, slots=True)
class Format:
    """How one kind of file is read."""

    read: Callable[[BinaryIO, ImportOptions], Iterator[Chunk]]
    columns: Mapping[str, str]
    """The format's own, unless the options say otherwise."""
    time_unit: str = "auto"
    has_free_columns: bool = True
    max_line_bytes: int = MAX_LINE_BYTES


FORMATS: Final[Mapping[str, Format]] = {
    "azure-llm": Format(read_csv, azure_llm.COLUMNS),
    "mooncake": Format(read_mooncake, mooncake.COLUMNS, time_unit="ms", has_free_columns=False),
    "copilot-trace": Format(
        read_copilot,
        copilot.COLUMNS,
        has_free_columns=False,
        max_line_bytes=copilot.MAX_LINE_BYTES,
    ),
    "litellm-spend-logs": Format(
        read_litellm, litellm.COLUMNS, max_line_bytes=litellm.MAX_LINE_BYTES
    ),
    "csv": Format(read_csv, {}),
    "jsonl": Format(read_jsonl, {}),
}


@dataclass(frozen=True, slots=True)
class Import:
    """A file's use, not yet bound to a network.

    `records` carry indexes into `projects`, `users` and `resources` in place of ids. User 0 is the
    empty name: not recorded.
    """

    records: Records
    projects: Sequence[str]
    users: Sequence[str]
    resources: Sequence[str]
    rows: int
    """Of the file; a row whose use no single record holds became several records."""
    time_unit: str
    first_time_ms: int
    last_time_ms: int
    content_hash: bytes
    """SHA-256 of the decompressed file, 32 bytes."""


def parse_import(source: Path | BinaryIO, format_name: str, options: ImportOptions) -> Import:
    """The file's records, every row of it checked.

    Args:
        source: a path, or an open stream such as standard input; gzip is recognised.
        format_name: one of `FORMATS`.
        options: columns, defaults, unit of time, limit.

    Raises:
        OptionsInvalid, ColumnMissing: what is asked for cannot be had from such a file.
        SourceUnreadable, SourceEmpty: there is nothing to read.
        RowMalformed, TimeUnitUnclear: the first row that is wrong; nothing of the file is taken.
    """
    chosen, options = _choose_format(format_name, options)
    builder = RecordBuilder(options)
    with open_source(source, chosen.max_line_bytes) as (stream, hashing):
        parts, rows = [], 0
        for chunk in chosen.read(stream, options):
            taken = _limit_chunk(chunk, rows, options.limit)
            parts.append(builder.build(taken))
            rows += len(taken["time"].values)
            if rows == options.limit:
                break
        content_hash = hashing.compute_hash()
    if not parts:
        raise SourceEmpty("the file holds no rows", expected="at least one row")
    records = np.concatenate(parts)
    times = read_time_ms(records)
    names = {name: table.names for name, table in builder.tables.items()}
    if len(names["resource"]) > MAX_RESOURCES:
        raise OptionsInvalid(
            "too many resources", expected=MAX_RESOURCES, actual=len(names["resource"])
        )
    return Import(
        records=records,
        projects=names["project"],
        users=names["user"],
        resources=names["resource"],
        rows=rows,
        time_unit=builder.times.unit,
        first_time_ms=int(times.min()),
        last_time_ms=int(times.max()),
        content_hash=content_hash,
    )


def bind(
    imported: Import,
    *,
    project_ids: Sequence[int],
    resource_ids: Sequence[int],
    user_pseudonyms: Sequence[int],
    shift_ms: int = 0,
) -> Records:
    """The import's records with a network's ids in them, ready to be recorded.

    Args:
        imported: left as it is.
        project_ids: by index of `imported.projects`.
        resource_ids: by index of `imported.resources`.
        user_pseudonyms: by index of `imported.users`; the first is 0.
        shift_ms: added to every time.

    Raises:
        InvalidInput: the shift moves a time out of range.
    """
    times = read_time_ms(imported.records) + shift_ms
    if times.min() < 0 or times.max() > MAX_TIME_MS:
        raise InvalidInput(
            "the shift moves a time out of range", expected=f"0..{MAX_TIME_MS} ms", actual=shift_ms
        )
    records = imported.records.copy()
    apply_time_ms(records, times)
    records["project"] = np.array(project_ids, np.uint32)[imported.records["project"]]
    records["resource"] = np.array(resource_ids, np.uint16)[imported.records["resource"]]
    records["user"] = np.array(user_pseudonyms, np.uint64)[
        imported.records["user"].astype(np.int64)
    ]
    return records


def _choose_format(name: str, options: ImportOptions) -> tuple[Format, ImportOptions]:
    chosen = FORMATS.get(name)
    if chosen is None:
        raise OptionsInvalid("no such format", expected=", ".join(FORMATS), actual=name)
    if options.columns and not chosen.has_free_columns:
        raise OptionsInvalid(
            f"the columns of {name} are fixed", expected="no columns", actual=str(options.columns)
        )
    merged = merge_preset(chosen.columns, options)
    if merged.time_unit == "auto":
        merged = replace(merged, time_unit=chosen.time_unit)
    check_complete(merged)
    return chosen, merged


def _limit_chunk(chunk: Chunk, rows: int, limit: int | None) -> Chunk:
    if limit is None or rows + len(chunk["time"].values) <= limit:
        return chunk
    return {
        name: replace(cells, values=cells.values[: limit - rows]) for name, cells in chunk.items()
    }
