"""The book of observations: each call recorded once, however often it is seen."""

from __future__ import annotations

from collections.abc import Sequence

from tallystick.core.errors import InvalidInput
from tallystick.core.usage import TOKEN_FIELDS, Flag, Records
from tallystick.meter.details import Detail
from tallystick.meter.event_ids import compute_event_id
from tallystick.meter.held import HeldEvents
from tallystick.meter.passive.attribution import Attribution
from tallystick.meter.passive.exchange import Observation
from tallystick.meter.passive.ports import ObservedDirectory, ObservedPseudonyms, PricedAs
from tallystick.meter.passive.tally import Tally
from tallystick.meter.recorder import Recorder
from tallystick.meter.records import Billing, build_records

TOKENS = "tokens"


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

    def enter(self, observation: Observation) -> None:
        """The call is durable: recorded, held, or known from before; or counted as lost.

        Raises:
            HeldFull, CallLogFull, StorageFailed: it is none of these; observe it again.
        """
        slugs = self._attribution.find_slugs(observation.models)
        resource = self._find_resource(slugs)
        try:
            path = self._attribution.find_project(observation.labels)
            project = self._directory.project(path)
        except InvalidInput:
            self.tally.add("unbillable")
            return
        if resource is not None and resource.basis != TOKENS:
            self.tally.add("unbillable")
            return
        event = compute_event_id(observation.source, observation.id)
        user = self._give_pseudonym(observation, project)
        records = _build(observation, Billing(project, resource.id if resource else 0, user))
        detail = _describe(observation, event, user)
        if resource is None:
            is_new = self._held.hold(event, slugs[0], records, detail)
            self.tally.add("held" if is_new else "repeated")
        else:
            recorded = self._recorder.record_event_now(event, records, [detail])
            self.tally.add("recorded" if recorded.is_new else "repeated")
            is_new = recorded.is_new
        if is_new and observation.reading.flags & Flag.ESTIMATED:
            self.tally.add("estimated")

    def release(self) -> int:
        """Calls whose model has become a resource are recorded; gives how many."""
        released = self._held.release(self._find_id, self._recorder)
        self.tally.add("recorded", released)
        return released

    def _find_resource(self, slugs: Sequence[str]) -> PricedAs | None:
        return next(filter(None, map(self._directory.resource, slugs)), None)

    def _find_id(self, slug: str) -> int | None:
        found = self._directory.resource(slug)
        return found.id if found is not None and found.basis == TOKENS else None

    def _give_pseudonym(self, observation: Observation, project: int) -> int:
        user = self._attribution.find_user(observation.labels, observation.user)
        if user is None:
            return 0
        organisation = self._directory.organisation_of(project)
        return self._pseudonyms.give(organisation, user, observation.time_ms)


def _build(observation: Observation, billing: Billing) -> Records:
    reading = observation.reading
    quantities = {name: getattr(reading, name) for name in TOKEN_FIELDS}
    flagged = Billing(
        billing.project, billing.resource, billing.user, billing.step, int(reading.flags)
    )
    return build_records(quantities, flagged, observation.time_ms)


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
