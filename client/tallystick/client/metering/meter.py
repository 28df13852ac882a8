"""`tallystick.Meter`: use recorded from inside any program."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Final, ParamSpec, Self, TypeVar

from tallystick.client.facade import Client
from tallystick.client.metering.attribution import Attribution, attributing, get_current
from tallystick.client.metering.calls import MeteredCall
from tallystick.client.metering.decorating import Measure, decorate
from tallystick.client.metering.errors import (
    MeterClosed,
)
from tallystick.client.metering.keeping import MeterParts
from tallystick.client.metering.opening import open_free_meter
from tallystick.client.metering.payees import Payees
from tallystick.client.metering.use import Payee, Use
from tallystick.client.paths import split_path
from tallystick.core.usage import Records, create_records
from tallystick.meter.details import Detail
from tallystick.meter.errors import DrainTimedOut
from tallystick.meter.records import build_records, coarsen_ms

if TYPE_CHECKING:
    from tallystick.client.outcomes import Outcomes
    from tallystick.meter.events.book import EventBook

_NO_RECORDS: Final = create_records(0)

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C")

DEFAULT_DIR: Final = Path(".tallystick")
DEFAULT_NAME: Final = "app"
SETTLE_TIMEOUT_S: Final = 60.0
FORWARD_POLL_S: Final = 0.01
"""Between two looks at whether the log has reached the journal."""
CALL_ID_BYTES: Final = 16


class Meter:
    """Records use from inside a program; each process has a meter of its own. Safe from any thread.

    What is recorded is on disk before a method returns, is brought to the network in the
    background, and settles exactly once.

    Args:
        client: of the network; closed with the meter.
        parts: of a meter of its folder.
        account: path of the account that the meter is bound to.
        defaults: whom and what to bill where nothing else says it.
        granularity_ms: what the times of records are rounded down to.
    """

    def __init__(
        self,
        client: Client,
        parts: MeterParts,
        account: str,
        defaults: Attribution,
        *,
        granularity_ms: int = 1,
    ) -> None:
        self.client = client
        self.parts = parts
        self.organisation = split_path(account)[0]
        self.defaults = defaults
        self._granularity_ms = granularity_ms
        self._payees = Payees(parts, self.organisation, client.wire.clock)
        self._pid = os.getpid()
        self._is_closed = False

    @classmethod
    def open(  # noqa: PLR0913 - every argument can be left out but one
        cls,
        dir: str | Path = DEFAULT_DIR,  # noqa: A002 - the option's own name
        *,
        account: str,
        name: str = DEFAULT_NAME,
        project: str | None = None,
        resource: str | None = None,
        user: str | None = None,
        step: int | None = None,
        granularity_ms: int = 1,
    ) -> Self:
        """A meter of this process, registered on first use; close it, or use it as a context.

        Args:
            dir: the network's folder.
            account: path of the account below which it may bill, such as `acme`.
            name: of the meter; a second process of the same name gets `name-2`, and so on.
            project: what is billed where nothing else says it; so for the next three.
            resource: slug of a model or GPU type.
            user: who is behind the use.
            step: position in a workflow.
            granularity_ms: what the times of records are rounded down to.

        Raises:
            NotRunning: there is no network in the folder.
            AccountUnknown: no such account.
            KeyMissing: the meter is new and the folder lacks the organisation's registrar.
        """
        client = Client.open(dir)
        try:
            parts = open_free_meter(client, name, account)
        except BaseException:
            client.close()
            raise
        defaults = Attribution(project, resource, user, step)
        return cls(client, parts, account, defaults, granularity_ms=granularity_ms)

    @property
    def name(self) -> str:
        """The meter's name on the network."""
        return self.parts.opened.name

    @property
    def id(self) -> int:
        """The meter's id on the network."""
        return self.parts.opened.id

    # Recording

    def record(
        self,
        *,
        project: str | None = None,
        resource: str | None = None,
        user: str | None = None,
        step: int | None = None,
        time_ms: int | None = None,
        **quantities: int,
    ) -> range:
        """The use is on disk and will be settled exactly once; gives its sequence numbers.

        Args:
            project: path of the account that pays; so for the next three, where not left out.
            resource: slug.
            user: who is behind it.
            step: position in a workflow.
            time_ms: Unix ms; None = now.
            quantities: by record field, such as `in_fresh=1000, out_visible=200`, or
                `compute_ms=60_000` for a GPU.

        Raises:
            ProjectMissing, ResourceMissing: nothing says what to bill.
            AccountUnknown, ResourceUnknown, ProjectForeign: a name is wrong.
            BasisMismatch: the resource is charged by something else.
            RecordInvalid: a quantity there is none of, or out of range.
        """
        use = Use(dict(quantities))
        payee = self.find_payee(Attribution(project, resource, user, step), use)
        return self.keep(payee, use, self.now_ms() if time_ms is None else time_ms)

    def call(
        self,
        *,
        project: str | None = None,
        resource: str | None = None,
        user: str | None = None,
        step: int | None = None,
        estimate: Mapping[str, int] | None = None,
    ) -> MeteredCall:
        """A context whose use is recorded at its end; see `MeteredCall`.

        Args:
            project: as for `record`; so for the next three.
            resource: slug.
            user: who is behind it.
            step: position in a workflow.
            estimate: quantities that are recorded, flagged as estimated, should this process die
                inside the context.
        """
        return MeteredCall(self, Attribution(project, resource, user, step), estimate)

    def metered(
        self,
        *,
        project: str | None = None,
        resource: str | None = None,
        user: str | None = None,
        step: int | None = None,
        measure: Measure | None = None,
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """A decorator: every call of the function is recorded; functions may be async.

        Args:
            project: as for `record`; so for the next three.
            resource: slug.
            user: who is behind it.
            step: position in a workflow.
            measure: quantities out of what the function returned; None records the time that it
                took as `compute_ms`, whether it failed or not.
        """
        return decorate(self, Attribution(project, resource, user, step), measure)

    def attribute(
        self,
        *,
        project: str | None = None,
        resource: str | None = None,
        user: str | None = None,
        step: int | None = None,
    ) -> AbstractContextManager[None]:
        """A block inside of which use is billed so, unless a call says otherwise."""
        return attributing(Attribution(project, resource, user, step))

    def wrap(
        self,
        client: C,
        *,
        project: str | None = None,
        resource: str | None = None,
        user: str | None = None,
        step: int | None = None,
    ) -> C:
        """A client of the same class whose every call is metered; the one given stays as it was.

        Args:
            client: of the official `openai` or `anthropic` package, sync or async.
            project: as for `record`; so for the next three.
            resource: slug that every call is recorded as; None = that of the model it names.
            user: who is behind its calls.
            step: position in a workflow.

        Raises:
            ClientUnsupported: it is no such client.
        """
        # Only who wraps a client waits for the readers of providers' formats.
        from tallystick.client.metering.wrapping import wrap_client  # noqa: PLC0415

        return wrap_client(self, client, Attribution(project, resource, user, step))

    # Settling

    def wait_settled(self, timeout_s: float = SETTLE_TIMEOUT_S) -> Outcomes:
        """Everything this process recorded has an outcome on the network, which is returned.

        Raises:
            DrainTimedOut: not in time; nothing is lost.
        """
        self.check_open()
        deadline_s = time.monotonic() + timeout_s
        self.wait_recorded(timeout_s)
        self.parts.opened.wait_settled(max(deadline_s - time.monotonic(), FORWARD_POLL_S))
        return self.parts.opened.read_outcomes()

    def wait_recorded(self, timeout_s: float = SETTLE_TIMEOUT_S) -> None:
        """Everything recorded so far is in the journal, where the sender takes it from.

        Raises:
            DrainTimedOut: not in time; it is durable all the same.
        """
        end_seq, deadline_s = self.parts.recorder.next_seq, time.monotonic() + timeout_s
        while self.parts.opened.next_seq < end_seq:
            if time.monotonic() >= deadline_s:
                raise DrainTimedOut("the journal is behind", expected=f"{timeout_s} s")
            time.sleep(FORWARD_POLL_S)

    def close(self) -> None:
        """Nothing more is recorded; what has not settled waits in the folder."""
        if self._is_closed or os.getpid() != self._pid:
            return
        self._is_closed = True
        self.parts.close()
        self.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What contexts, decorators, wrapped clients and hooks record through

    def now_ms(self) -> int:
        """Unix ms, on the network."""
        return self.client.wire.clock()

    def find_payee(self, attribution: Attribution, use: Use) -> Payee:
        """Whom and what the use is billed to; raises as `record` does."""
        self.check_open()
        return self._payees.find(attribution.over(get_current()).over(self.defaults), use)

    def keep(self, payee: Payee, use: Use, time_ms: int, call: bytes = b"") -> range:
        """The use is on disk under the payee's name; waits for the disk.

        Args:
            payee: from `find_payee`.
            use: what was used.
            time_ms: when.
            call: as begun, if it was.
        """
        records, detail = self.build(payee, use, time_ms), self._describe(payee, use, time_ms)
        recorder = self.parts.recorder
        if not call:
            return recorder.record(records, [detail])
        first_seq = recorder.finish_now(call, records, [detail]) or 0
        return range(first_seq, first_seq + len(records))

    def begin(self, payee: Payee, estimate: Use) -> bytes:
        """The estimate is recorded should this process die before the call is kept."""
        call = secrets.token_bytes(CALL_ID_BYTES)
        self.parts.recorder.begin(call, self.build(payee, estimate, self.now_ms()))
        return call

    def drop(self, call: bytes) -> None:
        """A call that was begun used nothing."""
        self.parts.recorder.finish_now(call, _NO_RECORDS)

    def build(self, payee: Payee, use: Use, time_ms: int) -> Records:
        """The use as records.

        Raises:
            RecordInvalid: a quantity there is none of, or out of range.
        """
        time_ms = coarsen_ms(time_ms, self._granularity_ms)
        return build_records(use.quantities, payee.billing, time_ms)

    def open_book(self) -> EventBook:
        """Where events with an identity of their own are recorded, each once."""
        from tallystick.meter.events.book import EventBook  # noqa: PLC0415

        parts = self.parts
        return EventBook(
            parts.names,
            parts.recorder,
            parts.held,
            parts.people,
            self.now_ms,
            granularity_ms=self._granularity_ms,
        )

    def check_open(self) -> None:
        """Raises MeterClosed where the meter is closed, or another process's."""
        if self._is_closed:
            raise MeterClosed("the meter was closed")
        if os.getpid() != self._pid:
            raise MeterClosed(
                "a meter belongs to one process: open another one after forking",
                expected=self._pid,
                actual=os.getpid(),
            )

    def _describe(self, payee: Payee, use: Use, time_ms: int) -> Detail:
        return Detail(
            time_ms=time_ms,
            user=payee.billing.user,
            source="sdk",
            flags=int(use.flags),
            model=use.models[0] if use.models else payee.resource.slug,
            tier=use.tier,
            raw=use.raw,
            status=use.status,
            duration_ms=use.duration_ms,
        )
