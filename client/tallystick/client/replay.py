"""Files of past use, recorded and settled: `tallystick replay`."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
import numpy as np

from tallystick.client.binding import bind_import, estimate_cost_ucr, find_organisation
from tallystick.client.errors import ImportFinished
from tallystick.client.meters import register_meter
from tallystick.client.outcomes import Outcomes
from tallystick.client.replay_options import ReplayOptions
from tallystick.client.submission import OpenMeter, Progress
from tallystick.client.wire import Wire
from tallystick.core.usage import Records
from tallystick.local.imports import Imports, ImportState, Span
from tallystick.meter.errors import FolderLocked
from tallystick.meter.importers.parse import Import, parse_import

SPAN_RECORDS: Final = 65_536
MAX_METERS: Final = 64


class ReplayReport(msgspec.Struct, frozen=True):
    """What became of a file: every record of it has an outcome."""

    meter: str | None
    rows: int
    records: int
    sent: int
    settled: int
    quarantined: int
    reasons: dict[str, int]
    first_seq: int | None
    last_seq: int | None
    time_unit: str
    shifted_ms: int
    cost_ucr: int
    batches: int
    seconds: int


def replay(
    wire: Wire, source: Path | BinaryIO, options: ReplayOptions, progress: Progress | None = None
) -> ReplayReport:
    """Every record of the file has an outcome on the chain.

    Args:
        wire: with the folder's keys.
        source: a file, or an open stream.
        options: how to read and bill it.
        progress: told while records settle.

    Raises:
        RowMalformed and the importers' other errors: nothing of the file was sent.
        AccountUnknown, ResourceUnknown: a name that there is none of; nothing was sent.
        ImportFinished: the same file was replayed before with the same options.
        DrainTimedOut: not in time; repeating the command goes on.
    """
    began_s = time.monotonic()
    imported = parse_import(source, options.format, options.for_import())
    digest = options.compute_digest(imported.content_hash)
    imports = Imports(wire.folder.imports)
    state = imports.load(digest)
    if state is not None and state.is_finished and not options.again:
        raise ImportFinished(
            "this file was replayed before with the same options",
            expected="--again to bill it once more",
            actual=state.file,
        )
    if state is not None and state.is_finished:
        state = None
    shift_ms = _choose_shift_ms(wire, imported, options, state)
    records = bind_import(wire, imported, options, shift_ms)
    if options.dry_run:
        cost_ucr = estimate_cost_ucr(wire, records)
        return _report_dry_run(imported, records, shift_ms, cost_ucr)
    organisation = find_organisation(imported, options)
    with _open_replay_meter(wire, organisation, state) as meter:
        imports.correct(meter.name, meter.next_seq)
        state = imports.load(digest) if state is not None else None
        is_resumed = state is not None
        state = state or ImportState(
            str(source if isinstance(source, Path) else "-"), meter.name, shift_ms, meter.from_block
        )
        sent = _record_rest(meter, records, imports, digest, state)
        meter.wait_settled(options.timeout_s, progress)
        outcomes = [
            meter.read_outcomes(
                span.first_seq, span.end_seq, from_block=0 if is_resumed else state.from_block
            )
            for span in state.spans
        ]
    state.is_finished = True
    imports.save(digest, state)
    return _report(imported, state, sent, outcomes, time.monotonic() - began_s)


def _choose_shift_ms(
    wire: Wire, imported: Import, options: ReplayOptions, state: ImportState | None
) -> int:
    """What moves the file's last row to now, or as before where the run goes on."""
    if state is not None:
        return state.shift_ms
    return 0 if options.keep_times else wire.clock() - imported.last_time_ms


def _open_replay_meter(wire: Wire, organisation: str, state: ImportState | None) -> OpenMeter:
    """The meter that began the run, or the first of the organisation's that nobody uses."""
    if state is not None:
        return OpenMeter(wire, wire.folder.meter(state.meter))
    name = f"replay-{organisation}"
    for number in range(2, MAX_METERS):
        register_meter(wire, name, organisation)
        try:
            return OpenMeter(wire, wire.folder.meter(name))
        except FolderLocked:
            name = f"replay-{organisation}-{number}"
    raise FolderLocked("too many files are being replayed at once", expected=MAX_METERS)


def _record_rest(
    meter: OpenMeter, records: Records, imports: Imports, digest: bytes, state: ImportState
) -> int:
    """All records are in the meter's journal; gives how many were not there before."""
    before = state.recorded
    for start in range(before, len(records), SPAN_RECORDS):
        part = records[start : start + SPAN_RECORDS]
        state.spans.append(Span(meter.next_seq, len(part)))
        imports.save(digest, state)
        meter.record(part)
    return len(records) - before


def _report(
    imported: Import,
    state: ImportState,
    sent: int,
    outcomes: list[Outcomes],
    seconds: float,
) -> ReplayReport:
    reasons: Counter[str] = Counter()
    batches: set[int] = set()
    for outcome in outcomes:
        reasons.update(outcome.reasons)
        batches |= outcome.batches
    return ReplayReport(
        meter=state.meter,
        rows=imported.rows,
        records=state.recorded,
        sent=sent,
        settled=sum(outcome.settled for outcome in outcomes),
        quarantined=sum(reasons.values()),
        reasons=dict(reasons),
        first_seq=state.spans[0].first_seq,
        last_seq=state.spans[-1].end_seq - 1,
        time_unit=imported.time_unit,
        shifted_ms=state.shift_ms,
        cost_ucr=sum(outcome.cost_ucr for outcome in outcomes),
        batches=len(batches),
        seconds=int(np.ceil(seconds)),
    )


def _report_dry_run(
    imported: Import, records: Records, shift_ms: int, cost_ucr: int
) -> ReplayReport:
    return ReplayReport(
        meter=None,
        rows=imported.rows,
        records=len(records),
        sent=0,
        settled=0,
        quarantined=0,
        reasons={},
        first_seq=None,
        last_seq=None,
        time_unit=imported.time_unit,
        shifted_ms=shift_ms,
        cost_ucr=cost_ucr,
        batches=0,
        seconds=0,
    )
