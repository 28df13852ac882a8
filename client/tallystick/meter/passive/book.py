"""The book of observations: each call recorded once, however often it is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from tallystick.core.errors import InvalidInput
from tallystick.core.usage import TOKEN_FIELDS, Flag, Records
from tallystick.meter.details import Detail
from tallystick.meter.errors import RecordInvalid
from tallystick.meter.event_ids import compute_event_id
from tallystick.meter.held import HeldEvents
from tallystick.meter.parse.reading import Reading
from tallystick.meter.passive.attribution import Attribution
from tallystick.meter.passive.exchange import Observation
from tallystick.meter.passive.ports import ObservedDirectory, ObservedPseudonyms, PricedAs
from tallystick.meter.passive.tally import Tally
from tallystick.meter.recorder import Recorder
from tallystick.meter.records import Billing, build_records

TOKENS: Final = "tokens"
MAX_DATE_MS: Final = 253_402_300_799_999
"""The end of the year 9999, beyond which months have no names."""
MAX_UNKNOWN_CONTEXT: Final = 1 << 20
"""Tokens that a model of which nothing is known is taken to read at most."""


@dataclass(frozen=True, slots=True)
class _Resolved:
    """An observation that can be recorded; `held_as` is its slug where there is no resource."""

    event: bytes
    records: Records
    detail: Detail
    held_as: str | None


class PassiveBook:
    """Turns observations into records. Waits for the disk: call it from a thread.

    Args:
        directory: accounts and resources by name.
        recorder: the meter's.
        held: where calls of unknown models wait.
        pseudonyms: of people.
        attribution: whose calls they are.
        tally: counts what becomes of them.
    """

    def __init__(
        self,
        directory: ObservedDirectory,
        recorder: Recorder,
        held: HeldEvents,
        pseudonyms: ObservedPseudonyms,
        attribution: Attribution,
        tally: Tally,
    ) -> None:
        self._directory = directory
        self._recorder = recorder
        self._held = held
        self._pseudonyms = pseudonyms
        self._attribution = attribution
        self.tally = tally

    def enter(self, observations: Sequence[Observation]) -> None:
        """Every call is durable: recorded, held, or known from before; or counted as lost.

        Raises:
            HeldFull, CallLogFull, StorageFailed: not all of them are; observe them again.
        """
        resolved = [each for each in map(self._resolve, observations) if each is not None]
        ready = [each for each in resolved if each.held_as is None]
        outcomes = self._recorder.record_events_now(
            [(each.event, each.records, [each.detail]) for each in ready]
        )
        for each, outcome in zip(ready, outcomes, strict=True):
            self._count(each, "recorded" if outcome.is_new else "repeated")
        for each in resolved:
            if each.held_as is not None:
                is_new = self._held.hold(each.event, each.held_as, each.records, each.detail)
                self._count(each, "held" if is_new else "repeated")

    def release(self) -> int:
        """Calls whose model has become a resource are recorded; gives how many."""
        released = self._held.release(self._find_id, self._recorder)
        self.tally.add("recorded", released)
        return released

    def _resolve(self, observation: Observation) -> _Resolved | None:
        """The observation with the network's ids in it; None where nothing could be billed."""
        slugs = self._attribution.find_slugs(observation.models, observation.reading.tier)
        resource = next(filter(None, map(self._directory.resource, slugs)), None)
        try:
            path = self._attribution.find_project(observation.labels)
            project = self._directory.project(path)
        except InvalidInput:
            self.tally.add("unbillable")
            return None
        if resource is not None and resource.basis != TOKENS:
            self.tally.add("unbillable")
            return None
        event = compute_event_id(observation.source, observation.id)
        reading = _clamp(observation.reading, resource)
        try:
            _check_time(observation.time_ms)
            user = self._give_pseudonym(observation, project)
            billing = Billing(project, resource.id if resource else 0, user)
            records = _build(reading, billing, observation.time_ms)
        except RecordInvalid:  # a broken clock or count must not hold up all other calls
            self.tally.add("malformed")
            return None
        return _Resolved(
            event=event,
            records=records,
            detail=_describe(observation, event, user),
            held_as=None if resource else slugs[-1],
        )

    def _count(self, resolved: _Resolved, outcome: str) -> None:
        self.tally.add(outcome)
        if outcome != "repeated" and resolved.detail.flags & Flag.ESTIMATED:
            self.tally.add("estimated")

    def _find_id(self, slug: str) -> int | None:
        found = self._directory.resource(slug)
        return found.id if found is not None and found.basis == TOKENS else None

    def _give_pseudonym(self, observation: Observation, project: int) -> int:
        user = self._attribution.find_user(observation.labels, observation.user)
        if user is None:
            return 0
        organisation = self._directory.organisation_of(project)
        return self._pseudonyms.give(organisation, user, observation.time_ms)


def _check_time(time_ms: int) -> None:
    if not 0 <= time_ms <= MAX_DATE_MS:
        raise RecordInvalid("no calendar has such a time", actual=time_ms)


def _clamp(reading: Reading, resource: PricedAs | None) -> Reading:
    """An estimate within what the model can read: a picture's bytes are not its tokens."""
    limit = resource.max_context if resource else MAX_UNKNOWN_CONTEXT
    if not reading.flags & Flag.ESTIMATED or reading.in_fresh + reading.out_visible <= limit:
        return reading
    out_visible = min(reading.out_visible, limit)
    in_fresh = min(reading.in_fresh, limit - out_visible)
    return replace(reading, in_fresh=in_fresh, out_visible=out_visible)


def _build(reading: Reading, billing: Billing, time_ms: int) -> Records:
    quantities = {name: getattr(reading, name) for name in TOKEN_FIELDS}
    flagged = replace(billing, flags=int(reading.flags))
    return build_records(quantities, flagged, time_ms)


def _describe(observation: Observation, event: bytes, user: int) -> Detail:
    reading = observation.reading
    return Detail(
        call=event,
        time_ms=observation.time_ms,
        user=user,
        source="passive",
        flags=int(reading.flags),
        model=reading.model or observation.models[0],
        tier=reading.tier,
        raw=reading.raw,
        status=observation.status,
        duration_ms=observation.duration_ms,
        note=observation.source,
    )
