"""The book of events: each one recorded once, or held until its resource exists."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tallystick.core.usage import Flag, Records
from tallystick.meter.details import Detail
from tallystick.meter.event_ids import compute_event_id
from tallystick.meter.events.errors import (
    EventModelForbidden,
    EventProjectForbidden,
    EventRefused,
)
from tallystick.meter.events.event import Event
from tallystick.meter.events.ports import EventDirectory, EventKey, EventPseudonyms, PricedAs
from tallystick.meter.held import HeldEvents
from tallystick.meter.recorder import Recorded, Recorder
from tallystick.meter.records import Billing, build_records, coarsen_ms

TOKENS: Final = "tokens"
GPU: Final = "gpu"
AT_ONCE: Final = 256
"""Events after which others get their turn: an intake runs beside calls."""
NOBODY: Final = 0
NOT_YET: Final = 0
"""Stands for a resource that does not exist."""

FindSlug = Callable[[str, str], str | None]
"""The slug that a model's name and price tier are recorded as, None where nothing says so."""


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of some events."""

    recorded: int = 0
    repeated: int = 0
    """Had been entered before; nothing was recorded."""
    held: int = 0
    """Of models that no resource is known for; recorded as soon as there is one."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """An event whose names are bound to ids, ready to be recorded or held."""

    event_id: bytes
    records: Records
    detail: Detail
    held_as: str | None
    """The slug it waits for; None = it can be recorded."""


class EventBook:
    """Turns events into records, each once.

    Args:
        directory: accounts and resources by name.
        recorder: the meter's.
        held: where events of unknown models wait.
        pseudonyms: of people.
        clock: Unix ms, of the network.
        find_slug: what configuration says a model is recorded as; None = a model's name is a slug.
        on_recorded: told the records of every new event, such as to charge a lease.
        granularity_ms: what the times of records are rounded down to.
    """

    def __init__(  # noqa: PLR0913 - the parts of one program meet here
        self,
        directory: EventDirectory,
        recorder: Recorder,
        held: HeldEvents,
        pseudonyms: EventPseudonyms,
        clock: Callable[[], int],
        find_slug: FindSlug | None = None,
        *,
        on_recorded: Callable[[Records], None] | None = None,
        granularity_ms: int = 1,
    ) -> None:
        self._directory = directory
        self._recorder = recorder
        self._held = held
        self._pseudonyms = pseudonyms
        self.clock = clock
        self._find_slug = find_slug or _find_nothing
        self._on_recorded = on_recorded or _tell_nobody
        self._granularity_ms = granularity_ms

    def resolve(self, event: Event, key: EventKey) -> Resolved:
        """The event with the network's ids in it; nothing is recorded yet.

        Raises:
            EventProjectForbidden, EventModelForbidden: the key does not allow it.
            EventRefused: its use does not go with what its resource is charged by, or a GPU type
                is unknown.
            InvalidInput: its project does not exist or cannot be billed.
        """
        project = self._find_project(event, key)
        priced = self._find_resource(event, key)
        if priced is None and not event.counts_tokens and any(event.quantities.values()):
            raise EventRefused(
                "no resource has this name",
                expected="one such as " + ", ".join(self._directory.nearest(event.models[0])),
                actual=event.models[0],
            )
        time_ms = coarsen_ms(event.time_ms, self._granularity_ms)
        user = self._find_user(event, key)
        billing = Billing(
            project=project,
            resource=priced.id if priced else NOT_YET,
            user=user,
            step=key.step if event.step is None else event.step,
            flags=int(event.flags | (Flag.EXPLORATION if key.is_experiment else Flag(0))),
        )
        event_id = compute_event_id(event.source, event.id)
        return Resolved(
            event_id=event_id,
            records=build_records(event.quantities, billing, time_ms),
            detail=_describe(event, event_id, user),
            held_as=None if priced else event.models[-1],
        )

    async def enter(self, events: Sequence[Resolved]) -> Entered:
        """Every event is durable: recorded, held, or known from before; the first one counts.

        Raises:
            TemporaryFailure: not all of them are; entering the same ones again completes it.
        """
        waiting = [each for each in events if each.held_as is not None]
        ready = [each for each in events if each.held_as is None]
        recorded = 0
        for start in range(0, len(ready), AT_ONCE):
            recorded += await self._record(ready[start : start + AT_ONCE])
        held = await asyncio.to_thread(self._hold, waiting) if waiting else 0
        return Entered(recorded, len(events) - recorded - held, held)

    def enter_now(self, events: Sequence[Resolved]) -> Entered:
        """As `enter`, for callers without an event loop: waits for the disk."""
        ready = [each for each in events if each.held_as is None]
        outcomes = self._recorder.record_events_now(
            [(each.event_id, each.records, [each.detail]) for each in ready]
        )
        recorded = self._report(ready, outcomes)
        held = self._hold([each for each in events if each.held_as is not None])
        return Entered(recorded, len(events) - recorded - held, held)

    def release_now(self) -> int:
        """As `release`, for callers without an event loop."""
        return self._held.release(self._find_token_resource, self._recorder)

    async def release(self) -> int:
        """Events whose resource exists by now are recorded; tells how many."""
        return await asyncio.to_thread(
            self._held.release, self._find_token_resource, self._recorder
        )

    async def _record(self, events: Sequence[Resolved]) -> int:
        futures = [
            self._recorder.record_event(each.event_id, each.records, [each.detail])
            for each in events
        ]
        outcomes = await asyncio.gather(*futures)
        return self._report(events, outcomes)

    def _report(self, events: Sequence[Resolved], outcomes: Sequence[Recorded]) -> int:
        """Whoever wants to know is told of what is new; gives how many that were."""
        new = [each for each, outcome in zip(events, outcomes, strict=True) if outcome.is_new]
        for each in new:
            self._on_recorded(each.records)
        return len(new)

    def _hold(self, events: Sequence[Resolved]) -> int:
        return sum(
            self._held.hold(each.event_id, str(each.held_as), each.records, each.detail)
            for each in events
        )

    def _find_project(self, event: Event, key: EventKey) -> int:
        if event.project is None:
            return key.project
        project = self._directory.project(event.project)
        if not self._directory.is_below(project, key.project):
            raise EventProjectForbidden(
                "the key may not bill this project",
                expected=f"{self._directory.path_of(key.project)} or one below it",
                actual=event.project,
            )
        return project

    def _find_resource(self, event: Event, key: EventKey) -> PricedAs | None:
        """The first of the event's names that is priced; None where none is."""
        if key.models is not None and not key.models & set(event.models):
            raise EventModelForbidden(
                "the key may not report this model",
                expected=", ".join(sorted(key.models)),
                actual=event.models[0],
            )
        for name in event.models:
            priced = self._find_priced(name, event.tier)
            if priced is not None:
                return _check_basis(event, priced)
        return None

    def _find_priced(self, name: str, tier: str) -> PricedAs | None:
        """What configuration says, else the tier's own resource, else the model's."""
        slugs = [self._find_slug(name, tier), f"{name}@{tier}" if tier else None, name]
        found = (self._directory.resource(slug) for slug in slugs if slug)
        return next((priced for priced in found if priced), None)

    def _find_token_resource(self, name: str) -> int | None:
        priced = self._find_priced(name, "")
        return priced.id if priced and priced.basis == TOKENS else None

    def _find_user(self, event: Event, key: EventKey) -> int:
        name = key.user or event.user
        if not key.records_users or not name:
            return NOBODY
        return self._pseudonyms.give(key.organisation, name, event.time_ms)


def _check_basis(event: Event, priced: PricedAs) -> PricedAs:
    """Tokens against a GPU's price, or the other way round, would be billed at nothing."""
    wanted = TOKENS if event.counts_tokens else GPU
    if any(event.quantities.values()) and priced.basis != wanted:
        raise EventRefused(
            f"{priced.slug} is not charged by {wanted}",
            expected=f"use by {priced.basis}",
            actual=", ".join(sorted(name for name, value in event.quantities.items() if value)),
        )
    return priced


def _describe(event: Event, event_id: bytes, user: int) -> Detail:
    return Detail(
        call=event_id,
        time_ms=event.time_ms,
        user=user,
        source="event",
        flags=int(event.flags),
        model=event.models[0],
        tier=event.tier,
        raw=event.raw,
        duration_ms=event.duration_ms or None,
    )


def _find_nothing(_: str, __: str) -> None:
    """No configuration."""


def _tell_nobody(_: Records) -> None:
    """Nobody charges anything."""
