"""Recording use: a meter of the folder opened, its frames sent while it is open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

import httpx
import numpy as np

from tallystick.client.errors import (
    AccountUnknown,
    NameUnknown,
    QueryInvalid,
    ResourceUnknown,
)
from tallystick.client.outcomes import Outcomes, count_outcomes
from tallystick.client.wire import Wire
from tallystick.core.errors import TallystickError
from tallystick.core.usage import (
    MAX_TIME_MS,
    QUANTITY_FIELDS,
    RECORD_DTYPE,
    Records,
    apply_time_ms,
    create_records,
)
from tallystick.local.meters import create_meter_sender, load_directory, wait_until_known
from tallystick.local.tokens import load_tokens
from tallystick.meter.meter import Meter, open_meter
from tallystick.meter.sender import SenderSettings, SenderStatus

REQUEST_TIMEOUT_S: Final = 10.0
PROGRESS_S: Final = 0.1
NOTHING_KNOWN: Final = -1
NUMBER_FIELDS: Final = ("user", "flags", *QUANTITY_FIELDS, "step")

Progress = Callable[[int, int], None]
"""(records with an outcome, records)."""

Use = Mapping[str, str | int]
"""One piece of use by record field: `project` a path, `resource` a slug, the rest numbers."""


class OpenMeter:
    """A meter that records and settles; its journal belongs to this process until it is closed.

    Args:
        wire: the network.
        folder: the meter's.

    Raises:
        FolderLocked: another process records with it.
    """

    def __init__(self, wire: Wire, folder: Path) -> None:
        self.name = folder.name
        self._wire = wire
        self._meter = open_meter(folder)
        self._first_seq = self._meter.journal.next_seq
        try:
            self.from_block = int(wire.loop.run(wire.rpc.call("eth_blockNumber")), 16)
            self._http = httpx.AsyncClient(
                timeout=REQUEST_TIMEOUT_S, trust_env=False, auth=load_tokens(wire.folder)
            )
            self._directory = wire.loop.run(load_directory(wire.rpc, wire.network, wire.clock))
            self._sender = create_meter_sender(
                wire.rpc,
                wire.network,
                self._directory,
                self._meter,
                self._http,
                SenderSettings(poll_s=wire.poll_s),
            )
        except BaseException:
            self._meter.close()
            raise
        self._writes_known = NOTHING_KNOWN
        self._task = wire.loop.run(self._start())

    @property
    def id(self) -> int:
        """The meter's id."""
        return self._meter.id

    @property
    def next_seq(self) -> int:
        """The number that the next record will get."""
        return self._meter.journal.next_seq

    @property
    def status(self) -> SenderStatus:
        """How far its records have come."""
        return self._sender.status

    @property
    def meter(self) -> Meter:
        """The meter itself, for whoever records through a recorder and then nowhere else."""
        return self._meter

    def record(self, records: Records) -> range:
        """The records are on disk and will be settled exactly once; gives their numbers."""
        if self._writes_known != self._wire.writes:
            self._writes_known = self._wire.writes
            self.wait_until_known()
        return self._meter.record(records)

    def wait_until_known(self) -> None:
        """The validators know every account and resource that the chain has by now."""
        wire = self._wire
        wire.loop.run(wait_until_known(wire.rpc, self._http, self._directory, wire.clock))

    def wait_settled(self, timeout_s: float, progress: Progress | None = None) -> None:
        """Everything recorded before the call has an outcome on the chain.

        Args:
            timeout_s: for all of it.
            progress: told now and then how many records have one, and how many there are.

        Raises:
            DrainTimedOut: not in time; it goes on while the meter is open, and when it is next.
            FatalFailure: the network refuses the meter's frames.
        """
        self._wire.loop.run(self._drain(timeout_s, progress or _tell_nobody))

    def read_outcomes(
        self,
        first_seq: int | None = None,
        end_seq: int | None = None,
        *,
        from_block: int | None = None,
    ) -> Outcomes:
        """What became of records that have settled so far.

        Args:
            first_seq: from which number on; None = since the meter was opened.
            end_seq: up to which; None = all.
            from_block: where to begin looking; None = where the chain stood when it was opened.
        """
        wanted = Outcomes(
            self.id,
            self._first_seq if first_seq is None else first_seq,
            self.next_seq if end_seq is None else end_seq,
        )
        start = self.from_block if from_block is None else from_block
        return self._wire.loop.run(
            count_outcomes(self._wire.rpc, self._wire.network, wanted, start)
        )

    def close(self) -> None:
        """Nothing more is sent; what has not settled waits in the folder."""
        self._sender.stop()
        with suppress(TallystickError):
            self._wire.loop.run(self._finish())
        self._meter.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def _drain(self, timeout_s: float, progress: Progress) -> None:
        total = self.next_seq - self._first_seq
        drained = asyncio.create_task(self._sender.drain(timeout_s))
        try:
            while not (await asyncio.wait({drained}, timeout=PROGRESS_S))[0]:
                done = (self.status.cursor or 0) - self._first_seq
                progress(min(max(done, 0), total), total)
        finally:
            drained.cancel()
        await drained

    async def _start(self) -> asyncio.Task[None]:
        return asyncio.create_task(self._sender.run())

    async def _finish(self) -> None:
        try:
            await self._task
        finally:
            await self._http.aclose()


def encode_uses(
    uses: Iterable[Use],
    id_by_path: Mapping[str, int],
    id_by_slug: Mapping[str, int],
    now_ms: int,
) -> Records:
    """Records of what people write down.

    Args:
        uses: with `project` and `resource` by name; `time_ms` is now where missing, numbers are 0.
        id_by_path: every account.
        id_by_slug: every resource.
        now_ms: Unix ms.

    Raises:
        AccountUnknown, ResourceUnknown: a name that there is none of.
        QueryInvalid: a field that a record does not have, or a number that it cannot hold.
    """
    rows = list(uses)
    records = create_records(len(rows))
    for use in rows:
        _check_fields(use)
    records["project"] = [_find(id_by_path, use.get("project"), AccountUnknown) for use in rows]
    records["resource"] = [_find(id_by_slug, use.get("resource"), ResourceUnknown) for use in rows]
    times_ms = [int(use.get("time_ms", now_ms)) for use in rows]
    apply_time_ms(records, np.array(times_ms, dtype=np.int64))
    for field in NUMBER_FIELDS:
        records[field] = [use.get(field, 0) for use in rows]
    return records


def _check_fields(use: Use) -> None:
    unknown = sorted(set(use) - _FIELDS)
    if unknown:
        raise QueryInvalid(
            "a record has no such field", expected=", ".join(sorted(_FIELDS)), actual=unknown[0]
        )
    for field in (*NUMBER_FIELDS, "time_ms"):
        value, limit = use.get(field, 0), _LIMITS[field]
        if not isinstance(value, int) or not 0 <= value <= limit:
            raise QueryInvalid(
                f"{field} does not fit into a record", expected=f"0..{limit}", actual=str(value)
            )


def _find(ids: Mapping[str, int], name: str | int | None, error: type[NameUnknown]) -> int:
    if name not in ids:
        raise error(error.code.partition("_")[0], str(name or ""), ids)
    return ids[str(name)]


_FIELDS: Final = {"time_ms", "project", "resource", *NUMBER_FIELDS}
_LIMITS: Final = {
    "time_ms": MAX_TIME_MS,
    **{field: 2 ** (8 * RECORD_DTYPE[field].itemsize) - 1 for field in NUMBER_FIELDS},
}


def _tell_nobody(done: int, total: int) -> None:
    """Progress that nobody asked for."""
