"""Brings a meter's records to the chain: cuts, signs, spools, sends, and waits for the cursor.

A frame is done when a final cursor has passed it, and by nothing a validator says. The home
validator gets the frames first; while the cursor stands still, the next one's turn comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import httpx
import structlog

from tallystick.core.errors import TallystickError, TemporaryFailure
from tallystick.core.settlement import Cursor
from tallystick.meter.cutter import CutRules, Cutter
from tallystick.meter.errors import (
    DrainTimedOut,
    FrameRefused,
    JournalLost,
    SpoolFull,
)
from tallystick.meter.meter import Meter
from tallystick.meter.offers import Offers, Refusal
from tallystick.meter.ports import CursorSource, ValidatorDirectory
from tallystick.meter.posting import NotNow, Refused, Taken
from tallystick.meter.requests import Answered, Request, Requests
from tallystick.meter.spool import SpooledFrame

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SenderSettings:
    """How a sender behaves; the defaults are the protocol's."""

    cut: CutRules = field(default_factory=CutRules)
    failover_s: float = 2.0
    settle_s: float = 4.0
    """How much longer a validator gets that has acknowledged everything: two blocks of 2 s."""
    request_frames: int = 40
    request_bytes: int = 1 << 20
    requests_in_flight: int = 4
    request_timeout_s: float = 10.0
    poll_s: float = 0.25
    """Between two looks at the cursor while something is unsettled."""
    idle_poll_s: float = 2.0
    retain_s: float = 86_400.0
    """How long settled records and frames are kept at least, room permitting."""


@dataclass(frozen=True, slots=True)
class SenderStatus:
    """Where a meter stands with the chain."""

    next_seq: int
    """Of the journal."""
    cursor: int | None
    """Everything below has settled for good; None until it was first read."""
    target: str | None
    """Name of the validator in turn."""
    problem: str | None
    """Code of the last thing that went wrong since the cursor last moved."""


class FrameSender:
    """Sends one meter's frames while `run` runs.

    Args:
        meter: open; the sender does not close it.
        cursors: the chain's final cursors.
        directory: the active validators.
        http: carries whatever authorisation validators ask for.
        settings: see `SenderSettings`.
        clock: monotonic seconds.
        wall_clock: Unix seconds, for the age of what has settled.
        jitter: spreads retries.
    """

    def __init__(  # noqa: PLR0913 - the outside world, piece by piece
        self,
        meter: Meter,
        cursors: CursorSource,
        directory: ValidatorDirectory,
        http: httpx.AsyncClient,
        *,
        settings: SenderSettings | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        jitter: random.Random | None = None,
    ) -> None:
        self._meter = meter
        self._cursors = cursors
        self._directory = directory
        self._http = http
        self._settings = settings or SenderSettings()
        self._clock = clock
        self._wall_clock = wall_clock
        self._cutter = Cutter(meter, self._settings.cut)
        self._offers = Offers(
            meter.id,
            self._settings.failover_s,
            self._settings.settle_s,
            jitter=jitter or random.Random(),  # noqa: S311 - no secret
        )
        self._wake = asyncio.Event()
        self._cursor: int | None = None
        self._stands_since_s = clock()
        self._read_cursor: Cursor | None = None
        self._run: list[SpooledFrame] = []
        self._requests = Requests(
            meter.spool, http, timeout_s=self._settings.request_timeout_s, on_answer=self._wake.set
        )
        self._drains = 0
        self._is_stopping = False
        self._problem: str | None = None
        self._failure: BaseException | None = None
        self._poll_soon = asyncio.Event()
        self._progressed = asyncio.Event()

    @property
    def status(self) -> SenderStatus:
        """Where the meter stands now."""
        target = self._offers.target
        return SenderStatus(
            self._meter.journal.next_seq,
            self._cursor,
            target.name if target else None,
            self._problem,
        )

    @property
    def standing_s(self) -> float:
        """For how long the cursor has stood still with something unsettled; 0 where nothing is."""
        is_settled = self._cursor is not None and self._cursor >= self._meter.journal.next_seq
        return 0.0 if is_settled else self._clock() - self._stands_since_s

    async def run(self) -> None:
        """Frames are sent until `stop`; what is not settled by then waits in the spool.

        Raises:
            FrameRefused, JournalLost, KeyReplaced: a person has to look; nothing was dropped.
            StorageFailed: the spool's disk refused.
        """
        unsubscribe = self._meter.journal.subscribe(self._make_listener())
        follower = asyncio.create_task(self._follow_cursor())
        follower.add_done_callback(self._note_failure)
        try:
            while not self._is_stopping:
                await self._take_turn()
                await self._wait_for_work()
        except TallystickError as error:
            self._failure = error
            raise
        finally:
            unsubscribe()
            follower.cancel()
            await asyncio.gather(follower, self._requests.cancel(), return_exceptions=True)
            self._announce_progress()

    def stop(self) -> None:
        """`run` returns soon."""
        self._is_stopping = True
        self._wake.set()

    async def drain(self, timeout_s: float) -> None:
        """Everything recorded before the call has settled for good; needs `run` to be running.

        Raises:
            DrainTimedOut: not in time; the rest stays in journal and spool.
            FatalFailure: what `run` raised.
        """
        goal = self._meter.journal.next_seq
        self._drains += 1
        self._wake.set()
        try:
            async with asyncio.timeout(timeout_s):
                while (self._cursor or 0) < goal:
                    progressed = self._progressed
                    if self._failure is not None:
                        raise self._failure
                    await progressed.wait()
        except TimeoutError as error:
            raise DrainTimedOut(
                f"not all records of meter {self._meter.id} have settled"
                + (f" (last problem: {self._problem})" if self._problem else ""),
                expected=goal,
                actual=self._cursor,
            ) from error
        finally:
            self._drains -= 1

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[FrameSender]:
        """`run` runs inside the block; its failure surfaces at the end of it."""
        task = asyncio.create_task(self.run())
        try:
            yield self
        finally:
            self.stop()
            await task

    async def _take_turn(self) -> None:
        """One round: cursor, cut, failover, send."""
        if self._failure is not None:
            raise self._failure
        now_s = self._clock()
        has_moved = self._apply_read_cursor()
        if has_moved or self._cursor == self._meter.journal.next_seq:
            self._stands_since_s = now_s
        for answered in self._requests.take_answers():
            self._apply_answer(answered)
        if self._cursor is None:
            return
        if await self._cut(self._cursor, now_s) or has_moved:
            key_index = self._meter.identity.key_index
            self._run = self._meter.spool.frames_from(self._cursor, key_index=key_index)
            self._poll_soon.set()
        self._offers.apply_validators(self._directory.validators())
        self._offers.apply_run(self._run, now_s)
        if self._offers.is_standing(now_s):
            self._fail_over("cursor_stood_still")
            self._offers.apply_run(self._run, now_s)
        self._send(now_s)

    async def _wait_for_work(self) -> None:
        """Sleep until something happened or is due."""
        now_s = self._clock()
        due_s: list[float | None] = [self._settings.idle_poll_s]
        if self._cursor is not None:
            due_s += [
                self._cutter.compute_wait_s(now_s),
                self._offers.compute_patience_s(now_s),
                self._offers.compute_pause_s(now_s) or None,
            ]
        await _wait_briefly(self._wake, min(s for s in due_s if s is not None))
        self._wake.clear()

    async def _follow_cursor(self) -> None:
        """Read the final cursor again and again, more often while something is unsettled."""
        while True:
            try:
                found = await self._cursors.read_cursors([self._meter.id])
                self._read_cursor = found.get(self._meter.id, Cursor())
                self._wake.set()
            except TemporaryFailure as error:
                self._problem = error.code
            await asyncio.sleep(self._settings.poll_s)
            if not self._run:
                await _wait_briefly(self._poll_soon, self._settings.idle_poll_s)
            self._poll_soon.clear()

    def _apply_read_cursor(self) -> bool:
        """Whether the cursor, as last read, is another than the one known."""
        read, self._read_cursor = self._read_cursor, None
        if read is None:
            return False
        self._check_cursor(read)
        has_rotated = self._follow_key(read)
        before, self._cursor = self._cursor, read.next_seq
        if before == self._cursor:
            return has_rotated
        self._offers.apply_progress()
        self._problem = None
        if before is not None and self._cursor < before:
            _log.warning(
                "cursor_moved_back", meter=self._meter.id, before=before, now=read.next_seq
            )
            self._offers.begin_turn()
        delete_before_s = self._wall_clock() - self._settings.retain_s
        self._meter.journal.settle_up_to(self._cursor, delete_before_s=delete_before_s)
        self._meter.spool.settle_up_to(self._cursor, delete_before_s=delete_before_s)
        self._announce_progress()
        return True

    def _check_cursor(self, read: Cursor) -> None:
        if read.next_seq > self._meter.journal.next_seq:
            raise JournalLost(
                f"the chain has settled records of meter {self._meter.id} that its journal lacks: "
                "register a new meter",
                expected=f"at most {self._meter.journal.next_seq}",
                actual=read.next_seq,
            )

    def _follow_key(self, read: Cursor) -> bool:
        """Whether the chain names a newer key, which the meter signs with from now on.

        Raises:
            KeyReplaced: the meter does not have it.
        """
        if read.key_index <= self._meter.identity.key_index:
            return False
        self._meter.adopt_key(read.key_index)
        self._requests.cancel()
        self._offers.begin_turn()
        self._offers.apply_progress()
        _log.info("key_adopted", meter=self._meter.id, key_index=read.key_index)
        return True

    async def _cut(self, cursor: int, now_s: float) -> bool:
        """Whether frames were added to the spool."""
        has_cut = False
        try:
            while await asyncio.to_thread(self._cutter.cut, cursor, now_s, flush=self._drains > 0):
                has_cut = True
        except SpoolFull as error:
            self._problem = error.code
        return has_cut

    def _send(self, now_s: float) -> None:
        """As many requests to the validator in turn as may be in flight."""
        target = self._offers.target
        if target is None or self._offers.compute_pause_s(now_s) > 0:
            return
        settings = self._settings
        while len(self._requests) < settings.requests_in_flight:
            frames = self._offers.take(
                self._run, max_frames=settings.request_frames, max_bytes=settings.request_bytes
            )
            if not frames:
                return
            self._requests.send(Request(self._offers.turn, target, frames))

    def _apply_answer(self, answered: Answered) -> None:
        request = answered.request
        if request.turn != self._offers.turn:
            return
        match answered.answer:
            case Taken():
                self._offers.apply_taken(request.target, request.frames)
            case NotNow(code, retry_after_s, is_reachable):
                self._problem = code
                self._offers.apply_reachability(self._clock(), is_reachable=is_reachable)
                self._offers.withdraw(request.frames)
                self._offers.apply_pause(request.target, self._clock(), retry_after_s)
            case Refused() as refused:
                self._apply_refusal(request, refused)

    def _apply_refusal(self, request: Request, refused: Refused) -> None:
        frame = request.frames[min(refused.accepted, len(request.frames) - 1)]
        error, now_s = refused.error, self._clock()
        self._problem = error.code
        _log.warning(
            "frame_refused",
            meter=self._meter.id,
            validator=request.target.name,
            first_seq=frame.first_seq,
            code=error.code,
        )
        if self._offers.apply_refusal(Refusal(request.target, frame.first_seq, error, now_s)):
            raise FrameRefused(
                f"the frame of meter {self._meter.id} from number {frame.first_seq} on was refused "
                f"with {error.code}: {error.message}; it stays in the spool",
                expected=error.expected,
                actual=error.actual,
            )
        self._offers.apply_pause(request.target, now_s, None)
        self._fail_over(error.code)

    def _fail_over(self, reason: str) -> None:
        before = self.status.target
        self._offers.apply_failover()
        self._requests.cancel()
        if before != self.status.target:
            _log.info(
                "validator_failed_over",
                meter=self._meter.id,
                reason=reason,
                before=before,
                now=self.status.target,
            )

    def _make_listener(self) -> Callable[[], None]:
        loop = asyncio.get_running_loop()

        def wake_from_thread() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._wake.set)

        return wake_from_thread

    def _note_failure(self, task: asyncio.Task[None]) -> None:
        """A background task's failure is raised by `run`."""
        if not task.cancelled() and task.exception() is not None:
            self._failure = self._failure or task.exception()
            self._wake.set()

    def _announce_progress(self) -> None:
        self._progressed.set()
        self._progressed = asyncio.Event()


async def _wait_briefly(event: asyncio.Event, timeout_s: float) -> None:
    """The event has happened or the time is up."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()
