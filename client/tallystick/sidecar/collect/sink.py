"""Where a collector's entries become records of its meter."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec
import structlog

from tallystick.core.errors import InvalidInput
from tallystick.meter.details import Detail
from tallystick.meter.gpu.state import Entry
from tallystick.meter.gpu.uses import Payer
from tallystick.meter.recorder import Recorder
from tallystick.meter.records import Billing, build_records
from tallystick.sidecar.directory import ResourceInfo
from tallystick.sidecar.errors import ProjectNotBillable

MAX_NOTE_CHARS: Final = 500

_log = structlog.get_logger(__name__)


class BillingDirectory(Protocol):
    """What `NetworkDirectory` knows that is needed here."""

    def project(self, path: str) -> int: ...  # noqa: D102 - as there
    def is_below(self, account: int, ancestor: int) -> bool: ...  # noqa: D102
    def path_of(self, account: int) -> str: ...  # noqa: D102
    def require_resource(self, slug: str) -> ResourceInfo: ...  # noqa: D102


class PseudonymGiver(Protocol):
    """What `Pseudonyms` does that is needed here."""

    def give(self, organisation: str, name: str, time_ms: int) -> int: ...  # noqa: D102 - as there


@dataclass(frozen=True, slots=True)
class RecordingSink:
    """Records entries as events.

    Args:
        directory: of the network.
        recorder: of the meter.
        pseudonyms: of the network's folder.
        meter_account: the account below which the meter may bill.
        fallback: path of the project that pays where an entry's own cannot.
    """

    directory: BillingDirectory
    recorder: Recorder
    pseudonyms: PseudonymGiver
    meter_account: int
    fallback: str

    async def record(self, event: bytes, entry: Entry) -> None:
        """The entry is recorded durably, unless its event was before.

        Raises:
            ResourceUnknown: its resource cannot be billed; it is tried again.
            ProjectNotBillable, AccountUnknown: neither its project nor the fallback can pay.
            CallLogFull, StorageFailed: nothing was recorded.
        """
        key = entry.key
        project, note = self._find_project(key.payer)
        resource = self.directory.require_resource(key.resource)
        user = await asyncio.to_thread(self._find_user, key.payer, entry.to_ms)
        billing = Billing(project, resource.id, user, key.payer.step, key.flags)
        records = build_records(entry.quantities, billing, entry.to_ms)
        detail = Detail(
            call=event,
            time_ms=entry.to_ms,
            user=user,
            source="collector",
            flags=key.flags,
            model=key.resource,
            raw=_encode_raw(entry),
            duration_ms=max(entry.to_ms - entry.from_ms, 0),
            energy_mj=entry.energy_mj or None,
            note=f"{'idle ' if key.is_idle else ''}{key.origin}{note}"[:MAX_NOTE_CHARS],
        )
        await self.recorder.record_event(event, records, [detail])

    def _find_project(self, payer: Payer) -> tuple[int, str]:
        """Who pays, and a word on it where that is not who should."""
        try:
            return self.find_billable(payer.project), ""
        except InvalidInput as error:
            _log.warning("project_replaced", project=payer.project, code=error.code)
            return self.find_billable(self.fallback), f", instead of {payer.project}"

    def find_billable(self, path: str) -> int:
        """The id of a project that the meter may bill.

        Raises:
            ProjectNotBillable, AccountUnknown, PathInvalid: it may not, or there is none.
        """
        project = self.directory.project(path)
        if not self.directory.is_below(project, self.meter_account):
            raise ProjectNotBillable(
                "the collector's meter may not bill this project",
                expected=f"one below {self.directory.path_of(self.meter_account)}",
                actual=path,
            )
        return project

    def _find_user(self, payer: Payer, time_ms: int) -> int:
        if not payer.user:
            return 0
        return self.pseudonyms.give(payer.project.partition("/")[0], payer.user, time_ms)


def _encode_raw(entry: Entry) -> bytes:
    """What was measured, for whoever looks closer."""
    return msgspec.json.encode(
        {
            "origin": entry.key.origin,
            "from_ms": entry.from_ms,
            "to_ms": entry.to_ms,
            "is_idle": entry.key.is_idle,
            "quantities": entry.quantities,
            "energy_mj": entry.energy_mj,
        }
    )
