"""Who is offered what: the sender's state between the cursor and the validators, without any I/O.

A validator's answer only says that it has a frame. What counts is the cursor: while it stands still
although something was offered, the next validator's turn comes, whatever the present one answered.
One that has acknowledged everything is given the time that blocks take besides; one that cannot be
reached hardly any.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tallystick.core.quorum import rank_validators
from tallystick.meter.ports import ValidatorEndpoint
from tallystick.meter.posting import ErrorBody
from tallystick.meter.spool import SpooledFrame

MAX_COUNTED_FAILURES: Final = 16
LAGGING_CODES: Final = frozenset({"unknown_meter", "wrong_key", "frame_version_inactive"})
"""Refusals that cure themselves once the validator has followed the chain to the newest facts."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A validator's word that a frame is not acceptable."""

    validator: ValidatorEndpoint
    first_seq: int
    error: ErrorBody
    at_s: float


@dataclass(slots=True)
class _Pause:
    """How long a validator asked to be left alone, and how often in a row."""

    until_s: float = 0.0
    failures: int = 0


@dataclass(slots=True)
class Offers:
    """What the validator in turn has been offered.

    Args:
        meter: its id decides the order of the validators.
        failover_s: how long the cursor may stand still while the validator owes an answer.
        settle_s: how much longer once it has acknowledged everything: what batch and block take.
        unreachable_s: how long a validator that cannot be reached is tried again.
        retry_s: first wait after a failure; doubled by each further one.
        max_retry_s: longest wait unless the validator names a longer one.
        refusal_grace_s: how long validators may take to hear of a new meter or key.
        jitter: spreads the waits of many meters.
    """

    meter: int
    failover_s: float
    settle_s: float = 0.0
    unreachable_s: float = 0.5
    retry_s: float = 0.1
    max_retry_s: float = 5.0
    refusal_grace_s: float = 30.0
    jitter: random.Random = field(default_factory=random.Random)
    turn: int = 0
    """Grows by one with each failover; answers to an earlier turn's requests count no more."""
    _ranking: list[ValidatorEndpoint] = field(default_factory=list)
    _position: int = 0
    _offered: set[int] = field(default_factory=set)
    _acknowledged: set[int] = field(default_factory=set)
    _waiting_since_s: float | None = None
    _owed_since_s: float | None = None
    _unreachable_since_s: float | None = None
    _refused_since_s: float | None = None
    _pauses: dict[bytes, _Pause] = field(default_factory=dict)
    _refusals: dict[bytes, Refusal] = field(default_factory=dict)

    @property
    def target(self) -> ValidatorEndpoint | None:
        """The validator in turn; None while none is known."""
        return self._ranking[self._position] if self._ranking else None

    @property
    def faulty_bound(self) -> int:
        """f: how many of the n validators may be faulty."""
        return max(len(self._ranking) - 1, 0) // 3

    def apply_validators(self, validators: Sequence[ValidatorEndpoint]) -> None:
        """The order is that of this set; the validator in turn stays in turn if still a member."""
        order = rank_validators(self.meter, [known.transport_key for known in validators])
        ranking = [validators[index] for index in order]
        if ranking == self._ranking:
            return
        before = self.target
        keys = [known.transport_key for known in ranking]
        is_member = before is not None and before.transport_key in keys
        self._ranking = ranking
        self._position = keys.index(before.transport_key) if before and is_member else 0
        if not is_member:
            self.begin_turn()

    def apply_progress(self) -> None:
        """The cursor moved on: the validator in turn, or another, is doing its work."""
        self._waiting_since_s = None
        self._owed_since_s = None
        self._refused_since_s = None
        self._refusals.clear()

    def apply_run(self, run: Sequence[SpooledFrame], now_s: float) -> None:
        """These are the unsettled frames now; while there are any, the cursor has to move.

        What left the run, because it settled or was cut anew, may be offered again.
        """
        wanted = {frame.first_seq for frame in run}
        self._offered &= wanted
        self._acknowledged &= wanted
        if not wanted:
            self._waiting_since_s = None
        elif self._waiting_since_s is None:
            self._waiting_since_s = now_s
        if wanted <= self._acknowledged:
            self._owed_since_s = None
        elif self._owed_since_s is None:
            self._owed_since_s = now_s

    def take(
        self, run: Sequence[SpooledFrame], *, max_frames: int, max_bytes: int
    ) -> list[SpooledFrame]:
        """The next frames for one request to the validator in turn; they count as offered.

        Args:
            run: the frames from the cursor on.
            max_frames: of one request.
            max_bytes: of one request.
        """
        taken: list[SpooledFrame] = []
        size = 0
        for frame in run:
            if frame.first_seq in self._offered:
                continue
            size += frame.length
            if len(taken) == max_frames or size > max_bytes:
                break
            taken.append(frame)
        self._offered.update(frame.first_seq for frame in taken)
        return taken

    def withdraw(self, frames: Sequence[SpooledFrame]) -> None:
        """These are to be offered again."""
        self._offered.difference_update(frame.first_seq for frame in frames)

    def is_standing(self, now_s: float) -> bool:
        """Whether the cursor has stood still for too long."""
        patience_s = self.compute_patience_s(now_s)
        return patience_s is not None and patience_s <= 0

    def apply_failover(self) -> None:
        """It is the next validator's turn; everything unsettled is offered to it."""
        self._position = (self._position + 1) % max(len(self._ranking), 1)
        self.begin_turn()

    def begin_turn(self) -> None:
        """Nothing counts as offered any more, and the cursor gets its time anew."""
        self.turn += 1
        self._offered.clear()
        self._acknowledged.clear()
        self._waiting_since_s = None
        self._owed_since_s = None
        self._unreachable_since_s = None

    def apply_pause(self, validator: ValidatorEndpoint, now_s: float, wait_s: float | None) -> None:
        """The validator is left alone for as long as it asked, or for a jittered back-off."""
        pause = self._pauses.setdefault(validator.transport_key, _Pause())
        if now_s < pause.until_s:
            return  # one of several requests that failed together
        backoff_s = min(self.retry_s * 2**pause.failures, self.max_retry_s)
        pause.failures = min(pause.failures + 1, MAX_COUNTED_FAILURES)
        wait_s = backoff_s if wait_s is None else max(wait_s, self.retry_s)
        pause.until_s = now_s + wait_s * self.jitter.uniform(1.0, 1.25)

    def apply_taken(
        self, validator: ValidatorEndpoint, frames: Sequence[SpooledFrame] = ()
    ) -> None:
        """The validator in turn answers again, and has acknowledged these frames."""
        self._pauses.pop(validator.transport_key, None)
        self._acknowledged.update(frame.first_seq for frame in frames)
        self._owed_since_s = None
        self._unreachable_since_s = None

    def apply_reachability(self, now_s: float, *, is_reachable: bool) -> None:
        """The validator in turn was reached just now, or was not."""
        if is_reachable:
            self._unreachable_since_s = None
        elif self._unreachable_since_s is None:
            self._unreachable_since_s = now_s

    def apply_refusal(self, refusal: Refusal) -> bool:
        """One more validator will not have a frame.

        Returns:
            Whether that is final: more of them refused than may be faulty, and not merely because
            they have yet to hear of a fact that was registered just now.
        """
        self._refusals[refusal.validator.transport_key] = refusal
        if self._refused_since_s is None:
            self._refused_since_s = refusal.at_s
        is_patient = refusal.error.code in LAGGING_CODES and (
            refusal.at_s - self._refused_since_s < self.refusal_grace_s
        )
        return len(self._refusals) > self.faulty_bound and not is_patient

    def compute_pause_s(self, now_s: float) -> float:
        """How long the validator in turn is still to be left alone, 0 if not at all."""
        pause = self._pauses.get(self.target.transport_key) if self.target else None
        return max(pause.until_s - now_s, 0.0) if pause else 0.0

    def compute_patience_s(self, now_s: float) -> float | None:
        """How long until the cursor has stood still for too long; None while nothing is offered."""
        if self._waiting_since_s is None:
            return None
        ends_s = [self._waiting_since_s + self.failover_s + self.settle_s]
        if self._owed_since_s is not None:
            ends_s.append(self._owed_since_s + self.failover_s)
        if self._unreachable_since_s is not None:
            ends_s.append(self._unreachable_since_s + self.unreachable_s)
        return max(min(ends_s) - now_s, 0.0)
