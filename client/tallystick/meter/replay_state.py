"""Which files a meter has replayed, and how far: a broken run goes on, a finished one is known.

A run's records are journaled in order, and while a run is the last one begun nothing else is
journaled: so how much of it is done follows from the journal's next number, exactly, whenever the
process died.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from tallystick.meter.durable import write_durably

FILE_NAME: Final = "replays.json"
_DOMAIN: Final = b"tallystick/replay/v1"


class Span(msgspec.Struct, frozen=True):
    """Consecutive sequence numbers that belong to a run."""

    first_seq: int
    end_seq: int | None = None
    """None: up to the journal's end."""


class ReplayRun(msgspec.Struct, frozen=True, kw_only=True):
    """One file with one set of options."""

    records: int
    shift_ms: int
    """Chosen when the run began, so that its later records are shifted alike."""
    spans: tuple[Span, ...]
    is_finished: bool = False

    def count_done(self, next_seq: int) -> int:
        """How many of the run's records the journal holds.

        Args:
            next_seq: the journal's.
        """
        ends = (next_seq if span.end_seq is None else span.end_seq for span in self.spans)
        return sum(end - span.first_seq for span, end in zip(self.spans, ends, strict=True))


class ReplayState(msgspec.Struct, frozen=True, kw_only=True):
    """The runs of one meter, by `compute_replay_hash`."""

    format: int = 1
    runs: dict[str, ReplayRun] = {}

    def begin(self, key: str, *, records: int, shift_ms: int, next_seq: int) -> ReplayState:
        """The run is the one being journaled, from where it stopped if it had been begun before.

        Store the state before the first of its records is journaled.

        Args:
            key: of the run.
            records: in all.
            shift_ms: counts only when the run is new.
            next_seq: the journal's.
        """
        runs = {name: _close(run, next_seq) for name, run in self.runs.items()}
        before = runs.get(key)
        if before is None or before.is_finished:
            before = ReplayRun(records=records, shift_ms=shift_ms, spans=())
        spans = (*before.spans, Span(next_seq))
        runs[key] = msgspec.structs.replace(before, spans=spans)
        return ReplayState(runs=runs)

    def finish(self, key: str, *, next_seq: int) -> ReplayState:
        """All of the run's records are journaled."""
        run = msgspec.structs.replace(_close(self.runs[key], next_seq), is_finished=True)
        return ReplayState(runs={**self.runs, key: run})


def compute_replay_hash(content_hash: bytes, options: Mapping[str, object]) -> str:
    """Names a run: the same file with the same options has the same name, as hex.

    Args:
        content_hash: of the file.
        options: whatever changes the records that come of it; JSON values.
    """
    encoded = msgspec.json.encode(options, order="deterministic")
    return hashlib.sha256(_DOMAIN + content_hash + encoded).hexdigest()


def load_replay_state(folder: Path) -> ReplayState:
    """The state kept in the meter's folder; empty where none was stored."""
    try:
        return msgspec.json.decode((folder / FILE_NAME).read_bytes(), type=ReplayState)
    except FileNotFoundError:
        return ReplayState()


def store_replay_state(folder: Path, state: ReplayState) -> None:
    """The state is on disk, whole."""
    write_durably(folder / FILE_NAME, msgspec.json.encode(state), mode=0o600)


def _close(run: ReplayRun, next_seq: int) -> ReplayRun:
    """No later number belongs to the run."""
    spans = tuple(
        span if span.end_seq is not None else Span(span.first_seq, next_seq) for span in run.spans
    )
    return msgspec.structs.replace(run, spans=spans)
