"""One project's lease, kept: opened when it is needed, extended ahead of need, ended when idle.

Everything that concerns one lease happens in one task, step after step, so any number of calls that
touch a project at once lead to one opening, for which all of them wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import structlog

from tallystick.core.errors import TallystickError
from tallystick.meter.admission.errors import (
    BudgetExhausted,
    LeaseDelayed,
    LeaseDenied,
    NetworkUnreachable,
)
from tallystick.meter.admission.lease import Lease
from tallystick.meter.admission.pace import Pace
from tallystick.meter.admission.ports import LeaseSource, LeaseState
from tallystick.meter.admission.room import (
    compute_attainable_ucr,
    explain_denial,
    explain_shortage,
)
from tallystick.meter.admission.settings import KeeperSettings
from tallystick.meter.admission.waiting import Waiting

MS_PER_S: Final = 1_000
MAX_OPENINGS: Final = 50
"""Of one step: by then half a percent of what was left at its beginning is left."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What all leases of a meter's process have in common."""

    source: LeaseSource
    clock: Callable[[], int]
    """Unix ms on the network."""
    last_seq: Callable[[], int]
    """The meter's last record, -1 before the first."""
    first_seq: int
    """The first record of this process; all before it were recorded by earlier ones."""
    settings: KeeperSettings


class Holding:
    """One project's lease in this process. Run `run` in a task of its own.

    Args:
        lease: the gate's.
        ledger: see there.
    """

    def __init__(self, lease: Lease, ledger: Ledger) -> None:
        self._lease = lease
        self._ledger = ledger
        self._settings = ledger.settings
        self._pace = Pace(self._settings.floor_ucr, self._settings.horizon_s)
        self._waiting = Waiting()
        self._wake = asyncio.Event()
        self._state: LeaseState | None = None
        self._read_at_s = 0.0
        self._is_ours = False
        self._has_earlier = False
        self._denied: LeaseState | None = None
        self._denied_until_s = 0.0
        self._ahead_from_s = 0.0
        self._lifetime_ms = 0
        self._failures = 0
        self._activity = (0, 0)
        self._active_at_s = 0.0

    @property
    def project(self) -> int:
        """Whose credits."""
        return self._lease.project

    @property
    def is_unreachable(self) -> bool:
        """Whether the network did not answer when it was last asked."""
        return self._failures > 0

    def wake(self) -> None:
        """The next step comes at once."""
        self._wake.set()

    async def refill(self, needed_ucr: int, wait_s: float) -> None:
        """The lease covers so much, for the moment.

        Raises:
            BudgetExhausted, LeaseDelayed, NetworkUnreachable.
        """
        self._active_at_s = began_s = _now_s()
        if self._failures:
            raise _unreachable("the network cannot be reached")
        self._check_denied(needed_ucr)
        if wait_s <= 0 or len(self._waiting) >= self._settings.max_waiting:
            raise LeaseDelayed("credits could not be set aside in time")
        self._wake.set()
        try:
            await self._waiting.wait(needed_ucr, wait_s)
        except TimeoutError as error:
            if self._read_at_s > began_s:
                raise LeaseDelayed("credits could not be set aside in time") from error
            raise _unreachable("the network did not answer in time") from error

    async def run(self) -> None:
        """The lease is kept until this task is cancelled."""
        while True:
            await self._rest()
            try:
                await self.step()
            except LeaseDenied as denial:
                self._waiting.refuse(-1, partial(explain_denial, denial))
            except TallystickError as error:
                self._note_failure(error)
            else:
                self._failures = 0

    async def step(self) -> None:
        """Whatever is due now was done.

        Raises:
            NetworkUnreachable: it will be tried again.
        """
        self._note_activity()
        state = self._state
        is_due = self._has_earlier or self._is_short()
        if state is None or self._failures or (is_due and not self._is_fresh()):
            state = await self._read()
        if state.is_declared:
            state = await self._finish(state)
        elif state.is_open and self._may_end():
            await self.end()
            state = self._state or state
        if not state.is_declared and self._is_short():
            await self._extend(state)

    async def end(self) -> bool:
        """The lease is declared, and released if the cursor is far enough.

        Returns:
            Whether nothing remains to be done: nothing is done where calls are under way, or the
            meter has no record to declare.
        """
        state = await self._read()  # an opening that was cut short may have happened
        last_seq = self._ledger.last_seq()
        if not state.is_open or self._lease.reserved_ucr or last_seq < 0:
            return True
        if not state.is_declared:
            self._stop_admitting()
            state = self._note(await self._ledger.source.declare(self._lease.project, last_seq))
        return not (await self._finish(state)).is_open

    def _adopt(self, state: LeaseState) -> None:
        """What an earlier process has left is ours, once all that it recorded has settled.

        As much as if the lease had been released and opened again, without calls having to wait
        for it. What of our own use has settled by then is not known, and left to lapse.
        """
        if not self._has_earlier or state.next_seq < self._ledger.first_seq:
            return
        self._has_earlier = False
        surplus_ucr = max(state.left_ucr - self._lease.granted_ucr, 0)
        self._lease.granted_ucr += surplus_ucr
        self._lease.left_ucr += surplus_ucr

    def _stop_admitting(self) -> None:
        self._lease.deadline_ms = 0
        self._lease.low_ucr = 0
        self._is_ours = self._has_earlier = False

    async def _finish(self, state: LeaseState) -> LeaseState:
        """The declared lease is released, unless the cursor has still to come that far."""
        self._stop_admitting()
        if state.next_seq <= state.last_seq:
            state = await self._read()
        if state.is_open and state.next_seq > state.last_seq:
            state = self._note(await self._ledger.source.release(self._lease.project))
        if not state.is_open:
            self._lease.clear()
        return state

    async def _extend(self, state: LeaseState) -> None:
        """More is set aside: once ahead of need, again and again while calls wait for it."""
        target_ucr = self._pace.compute_target_ucr(self._lease.reserved_ucr)
        for _ in range(MAX_OPENINGS):
            self._refuse_hopeless(state)
            wanted_ucr = target_ucr + self._waiting.compute_needed_ucr() - self._lease.left_ucr
            amount_ucr = min(max(wanted_ucr, 1), state.room_ucr)
            if not amount_ucr:
                self._serve()
                self._waiting.refuse(-1, partial(self._explain, state))
                self._ahead_from_s = _now_s() + self._settings.ahead_s
                break
            state = await self._open(amount_ucr)
            self._serve()
            await asyncio.sleep(0)  # those served take theirs before what is left is looked at
            if state.granted_ucr and not self._waiting:
                break
        if self._is_ours:
            self._lease.low_ucr = max(min(target_ucr, self._lease.left_ucr) // 2, 0)

    async def _open(self, amount_ucr: int) -> LeaseState:
        """The state after an opening; where it was refused, the room there is instead."""
        lease, settings = self._lease, self._settings
        until_s = self._ledger.clock() // MS_PER_S + settings.ttl_s
        try:
            state = await self._ledger.source.extend(lease.project, amount_ucr, until_s)
        except LeaseDenied as denial:
            state = await self._read()
            return replace(
                state,
                room_ucr=min(denial.room_ucr, amount_ucr - 1),
                tightest_path=denial.account,
                why=denial.why,
                reset_ms=denial.reset_ms,
            )
        if not self._is_ours:
            self._has_earlier = self._state is not None and self._state.is_open
        self._is_ours = True
        until_ms = state.admit_until_s * MS_PER_S
        self._lifetime_ms = until_ms - self._ledger.clock()
        margin_ms = min(settings.margin_ms, max(self._lifetime_ms, 0) // 10)
        lease.grant(state.granted_ucr, until_ms - margin_ms)
        return self._note(state)

    def _refuse_hopeless(self, state: LeaseState) -> None:
        """Calls that no number of openings could cover wait no longer."""
        if not self._waiting:
            return
        self._denied = state
        self._denied_until_s = _now_s() + self._settings.fresh_s
        attainable_ucr = self._lease.left_ucr + compute_attainable_ucr(state)
        self._waiting.refuse(attainable_ucr, partial(self._explain, state))

    def _serve(self) -> None:
        """Calls that the lease covers go on, if it is still in force."""
        if self._ledger.clock() < self._lease.deadline_ms:
            self._waiting.serve(self._lease.left_ucr)

    def _check_denied(self, needed_ucr: int) -> None:
        """What was refused a moment ago is refused again without asking the chain.

        Raises:
            BudgetExhausted.
        """
        state = self._denied
        if state is None or _now_s() >= self._denied_until_s:
            return
        if needed_ucr > self._lease.left_ucr + compute_attainable_ucr(state):
            raise self._explain(state, needed_ucr)

    def _explain(self, state: LeaseState, needed_ucr: int) -> BudgetExhausted:
        return explain_shortage(state, self._lease.left_ucr, needed_ucr)

    def _is_short(self) -> bool:
        """Whether calls wait, or will soon."""
        if self._waiting:
            return True
        lease, now_ms = self._lease, self._ledger.clock()
        if not self._is_ours or _now_s() < self._ahead_from_s or not self._is_active():
            return False
        target_ucr = self._pace.compute_target_ucr(lease.reserved_ucr)
        is_low = not lease.low_ucr or (
            lease.left_ucr < lease.low_ucr and lease.left_ucr < target_ucr
        )
        is_late = lease.deadline_ms - now_ms < self._lifetime_ms // 3
        return is_low or is_late

    def _may_end(self) -> bool:
        """Whether an open lease is of no use: one of an earlier process, or one that is idle."""
        if self._waiting or self._lease.reserved_ucr:
            return False
        return self._ledger.last_seq() >= 0 and (not self._is_ours or not self._is_active())

    def _is_active(self) -> bool:
        return _now_s() - self._active_at_s < self._settings.idle_s

    def _is_fresh(self) -> bool:
        return _now_s() - self._read_at_s < self._settings.fresh_s

    def _note_activity(self) -> None:
        lease = self._lease
        self._pace.note(lease.used_ucr, self._ledger.clock())
        activity = (lease.used_ucr, lease.reserved_ucr)
        if activity != self._activity or lease.reserved_ucr:
            self._activity, self._active_at_s = activity, _now_s()

    def _note_failure(self, error: TallystickError) -> None:
        """Calls that wait are told, those to come are told at once, until the next try."""
        self._failures += 1
        if self._failures == 1:
            _log.warning("lease_not_kept", project=self._lease.project, **error.as_dict())
        self._waiting.refuse(-1, lambda _: _unreachable(str(error)))

    async def _read(self) -> LeaseState:
        return self._note(await self._ledger.source.read(self._lease.project))

    def _note(self, state: LeaseState) -> LeaseState:
        """This is the chain's word now; what others drew on the lease is not ours to admit."""
        known = self._state
        if known is not None and state.nonce < known.nonce:
            return known  # an endpoint that lags behind
        self._state, self._read_at_s = state, _now_s()
        lease = self._lease
        if self._is_ours:
            drawn_ucr = lease.left_ucr + lease.reserved_ucr - state.left_ucr
            if drawn_ucr > 0:
                lease.charge(drawn_ucr)
            self._adopt(state)
        return state

    async def _rest(self) -> None:
        """A step is due: somebody woke us, or a moment has passed while there is a lease."""
        settings = self._settings
        if self._failures:
            pause_s = min(settings.retry_s * 2 ** (self._failures - 1), settings.max_retry_s)
            await asyncio.sleep(pause_s)
        elif self._waiting:
            await asyncio.sleep(min(settings.tick_s, settings.fresh_s) / 4)
        else:
            is_kept = self._state is not None and self._state.is_open
            try:
                async with asyncio.timeout(settings.tick_s if is_kept else None):
                    await self._wake.wait()
            except TimeoutError:
                pass
        self._wake.clear()


def _unreachable(message: str) -> NetworkUnreachable:
    return NetworkUnreachable(message, expected="a validator's answer", actual="none")


def _now_s() -> float:
    return asyncio.get_running_loop().time()
