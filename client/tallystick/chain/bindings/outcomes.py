"""What projects achieved, epoch by epoch, as the Outcomes contract keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Any, Final

from tallystick.chain.calls import View, Write, announced, first, nothing, view, write

NOBODY: Final = "0x" + "00" * 20

_view = partial(view, "Outcomes")
_write = partial(write, "Outcomes")


class OutcomeKind(IntEnum):
    """The kinds every network begins with; governance may add up to sixteen."""

    REVENUE = 1
    TASKS = 2
    SATISFACTION = 3


class OutcomeStatus(IntEnum):
    """What became of a reported outcome; only confirmed and reinstated ones count."""

    NONE = 0
    REPORTED = 1
    CONFIRMED = 2
    DISPUTED = 3
    REINSTATED = 4


@dataclass(frozen=True, slots=True)
class KindTerms:
    """What one unit of a kind is worth in an epoch (micro-USD), and how late (s) it may come."""

    is_known: bool
    uusd_per_unit: int
    attribution_s: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a project in an epoch, of one kind. Times in Unix seconds, 0 = never.

    `amount` is in units of the kind; `confirmer` is the zero address while nobody confirmed it.
    """

    status: OutcomeStatus
    amount: int
    reporter: str
    reported_at_s: int
    evidence_hash: bytes
    confirmer: str
    disputed_at_s: int


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time as the contracts keep it: Unix seconds, seconds and a block number."""

    opened_at_s: int
    opened_block: int
    length_s: int
    halted_before_s: int


@dataclass(frozen=True, slots=True)
class PoolMember:
    """An account that speaks in the pool of confirmers, and the address it speaks through."""

    account: int
    confirmer: str


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The Outcomes contract at an address."""

    address: str

    def genesis_s(self) -> View[int]:
        """When epoch 0 began, in Unix seconds."""
        return _view(self.address, "genesisS", shape=first)

    def epoch_length_s(self) -> View[int]:
        """Seconds of an epoch."""
        return _view(self.address, "epochLengthS", shape=first)

    def current_epoch(self) -> View[int]:
        """The running epoch."""
        return _view(self.address, "currentEpoch", shape=first)

    def epoch_at(self, time_s: int) -> View[int]:
        """The epoch a time in Unix seconds belongs to."""
        return _view(self.address, "epochAt", time_s, shape=first)

    def end_of(self, epoch: int) -> View[int]:
        """The first Unix second that is no longer the epoch's."""
        return _view(self.address, "endOf", epoch, shape=first)

    def window_of(self, epoch: int) -> View[tuple[Window, bool]]:
        """The window that begins with the epoch's end, and whether a block has opened it."""
        return _view(self.address, "windowOf", epoch, shape=lambda v: (Window(*v[0]), v[1]))

    def kind_at(self, kind: int, epoch: int) -> View[KindTerms]:
        """A kind as it holds in an epoch."""
        return _view(self.address, "kindAt", kind, epoch, shape=lambda v: KindTerms(*v[0]))

    def name_of_kind(self, kind: int) -> View[str]:
        """A kind's name as it was announced last, empty for an unknown one."""
        return _view(self.address, "nameOfKind", kind, shape=first)

    def is_source(self, organisation: int, kind: int, source: str) -> View[bool]:
        """Whether an address may report outcomes of this kind for the organisation's projects."""
        return _view(self.address, "isSource", organisation, kind, source, shape=first)

    def account_of_confirmer(self, confirmer: str) -> View[int]:
        """The account an address speaks for in the pool, 0 = it is not in it."""
        return _view(self.address, "accountOfConfirmer", confirmer, shape=first)

    def pool(self) -> View[tuple[PoolMember, ...]]:
        """Everybody in the pool of confirmers."""
        return _view(self.address, "pool", shape=_members)

    def seed_of(self, epoch: int) -> View[bytes]:
        """The seed of the epoch's draws, 32 zero bytes = not captured."""
        return _view(self.address, "seedOf", epoch, shape=first)

    def confirmer_of(self, project: int, epoch: int, kind: int) -> View[str | None]:
        """Who may confirm the outcome now, None = nobody in the pool."""
        return _view(self.address, "confirmerOf", project, epoch, kind, shape=_somebody)

    def outcome_of(self, project: int, epoch: int, kind: int) -> View[Outcome]:
        """The outcome; of status NONE where none was reported."""
        return _view(self.address, "outcomeOf", project, epoch, kind, shape=_outcome)

    def value_of(self, project: int, epoch: int) -> View[tuple[int, bool]]:
        """What counts in micro-USD, and whether an outcome still waits for its confirmation."""
        return _view(self.address, "valueOf", project, epoch, shape=lambda v: (v[0], v[1]))

    def attribution_of(self, project: int, epoch: int) -> View[int]:
        """Seconds after the epoch's end in which the project's outcomes may still come in."""
        return _view(self.address, "attributionOf", project, epoch, shape=first)

    def is_mature(self, project: int, epoch: int) -> View[bool]:
        """Whether all of the project's outcomes of the epoch have come in."""
        return _view(self.address, "isMature", project, epoch, shape=first)

    def set_kind(
        self, kind: int, name: str, *, uusd_per_unit: int, attribution_s: int, from_epoch: int = 0
    ) -> Write[int]:
        """One unit is worth this from an epoch on; gives that epoch. By governance.

        Args:
            kind: its id, 1 to 16.
            name: its name.
            uusd_per_unit: micro-USD per unit.
            attribution_s: seconds after an epoch's end in which it may still be reported.
            from_epoch: for a change 0 = the next epoch, else that one or a later one.
        """
        values = (kind, name, uusd_per_unit, attribution_s, from_epoch)
        return _write(self.address, "setKind", *values, outcome=announced("KindSet", "fromEpoch"))

    def set_source(
        self, organisation: int, kind: int, source: str, *, is_source: bool = True
    ) -> Write[None]:
        """An address may report for the organisation's projects. By its registrar."""
        values = (organisation, kind, source, is_source)
        return _write(self.address, "setSource", *values, outcome=nothing)

    def set_confirmer(self, account: int, confirmer: str | None) -> Write[None]:
        """An account speaks in the pool through this address, None = no longer. By governance."""
        values = (account, confirmer or NOBODY)
        return _write(self.address, "setConfirmer", *values, outcome=nothing)

    def set_epochs(self, epochs: str) -> Write[None]:
        """This Epochs contract says what is closed. By governance."""
        return _write(self.address, "setEpochs", epochs, outcome=nothing)

    def capture_seed(self) -> Write[None]:
        """The running epoch's seed is fixed, windows of ended epochs are open. By anyone."""
        return _write(self.address, "captureSeed", outcome=nothing)

    def report(
        self, project: int, epoch: int, kind: int, amount: int, evidence_hash: bytes
    ) -> Write[int]:
        """The project achieved this; gives its value in micro-USD. By a source, once."""
        values = (project, epoch, kind, amount, evidence_hash)
        outcome = announced("OutcomeReported", "valueUusd")
        return _write(self.address, "report", *values, outcome=outcome)

    def confirm(self, project: int, epoch: int, kind: int) -> Write[None]:
        """The outcome counts. By the confirmer drawn."""
        return _write(self.address, "confirm", project, epoch, kind, outcome=nothing)

    def dispute(self, project: int, epoch: int, kind: int, commitment: bytes) -> Write[None]:
        """The outcome counts nothing. By the pool, the registrar or the guardian.

        Args:
            project: its account id.
            epoch: the epoch.
            kind: the outcome's kind.
            commitment: a salted hash of the reasons.
        """
        values = (project, epoch, kind, commitment)
        return _write(self.address, "dispute", *values, outcome=nothing)


def _members(values: tuple[Any, ...]) -> tuple[PoolMember, ...]:
    return tuple(PoolMember(*member) for member in zip(*values, strict=True))


def _somebody(values: tuple[Any, ...]) -> str | None:
    confirmer = str(values[0])
    return None if int(confirmer, 16) == 0 else confirmer


def _outcome(values: tuple[Any, ...]) -> Outcome:
    status, *rest = values[0]
    return Outcome(OutcomeStatus(status), *rest)
