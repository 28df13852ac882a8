"""Verdicts: what a record costs, or why it is quarantined (docs/protocol.md sections 1.2 and 6).

A verdict is a pure function of records, their meters, the facts known at the reference block and
the batch time. All records of a batch are judged together: grouped by what the facts say about
them, the facts are looked up once per group, and the checks run over whole columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tallystick.core.facts import Bounds, Facts, Rules, Timeline
from tallystick.core.usage import (
    MAX_CONTEXT,
    REASON_SHIFT,
    Flag,
    Reason,
    Records,
    compute_context,
    read_time_ms,
)
from tallystick.core.valuation import NO_RATES, compute_costs_ucr, spread_rates

MIN_PROJECT_DEPTH: Final = 2

_NO_BOUNDS: Final = Bounds(0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Groups:
    """Records put together by key and by the interval their time falls in.

    `members` are (key, a time inside the interval); `of_record[i]` is the member of record i.
    """

    members: list[tuple[int, int]]
    of_record: NDArray[np.intp]


def compute_charged_time_ms(
    time_ms: NDArray[np.int64], batch_time_ms: int, rules: Rules
) -> NDArray[np.int64]:
    """t*: the records' times clamped to the rules' window around the batch time."""
    earliest_ms = max(batch_time_ms - rules.window_ms, 0)
    return np.clip(time_ms, earliest_ms, batch_time_ms + rules.ahead_ms)


def compute_verdicts(
    records: Records,
    meters: NDArray[np.uint32],
    facts: Facts,
    batch_time_ms: int,
    *,
    stopped_at_ms: int | None = None,
) -> NDArray[np.uint64]:
    """The cost word of every record: its cost in ucr, or its reason code in the top byte.

    Args:
        records: of any number of frames, joined; cost words are not looked at.
        meters: the meter of each record.
        facts: as known at the reference block.
        batch_time_ms: the batch header's.
        stopped_at_ms: when a meter must be neither frozen nor inactive, at batch time unless given.

    Returns:
        uint64, one per record.

    Raises:
        FactUnknown: no rules are known at all.

    Source: docs/protocol.md sections 1.2 and 6.
    """
    rules = facts.rules_at(batch_time_ms)
    charged_ms = compute_charged_time_ms(read_time_ms(records), batch_time_ms, rules)
    by_meter = _group(meters, charged_ms, lambda meter: [_timeline(facts.meters, meter)])
    by_project = _group(
        records["project"], charged_ms, lambda project: _path_timelines(facts, project)
    )
    by_resource = _group(
        records["resource"], charged_ms, lambda resource: _resource_timelines(facts, resource)
    )
    costs = _value_groups(records, by_resource, facts)
    stopped_ms = batch_time_ms if stopped_at_ms is None else stopped_at_ms

    reasons = np.zeros(len(records), dtype=np.uint8)
    for reason_or_code, failed in (
        (Reason.METER_FROZEN, _find_frozen(by_meter, facts, stopped_ms)),
        (Reason.FLAGS_UNDEFINED, (records["flags"] & ~np.uint16(rules.defined_flags)) != 0),
        (None, _judge_projects(by_project, facts)),
        (Reason.PROJECT_NOT_BILLABLE, _find_unbillable(by_meter, by_project, facts)),
        (None, _judge_resources(by_resource, facts)),
        (Reason.EXPERIMENT_NOT_OPEN, _find_closed_experiments(records, charged_ms, facts)),
    ):
        _mark_first(reasons, failed, reason_or_code)

    limits = _compute_limits(by_meter, by_resource, facts)
    _mark_first(reasons, _find_oversized(records, limits), Reason.QUANTITY_OVER_MAXIMUM)
    _mark_first(reasons, costs > limits["max_cost_ucr"], Reason.COST_OVER_MAXIMUM)
    return np.where(reasons == 0, costs, reasons.astype(np.uint64) << np.uint64(REASON_SHIFT))


def _mark_first(reasons: NDArray[np.uint8], failed: NDArray[Any], reason: Reason | None) -> None:
    """Records that failed carry the reason, unless an earlier check had failed already.

    `failed` is a mask, or where no reason is given the codes themselves (0 = passed).
    """
    codes = failed if reason is None else failed.astype(np.uint8) * np.uint8(reason)
    np.copyto(reasons, codes, where=reasons == 0, casting="same_kind")


def _timeline(timelines: dict[int, Timeline[Any]], key: int) -> Timeline[Any]:
    return timelines.get(key) or Timeline()


def _group(
    keys: NDArray[Any],
    charged_ms: NDArray[np.int64],
    timelines_of: Callable[[int], Sequence[Timeline[Any]]],
) -> Groups:
    """Records grouped by key, and within a key by the facts' intervals their times fall in."""
    # Sorted in the machine's own byte order, which is what sorting is fast in.
    distinct, of_record = np.unique(keys.astype(np.uint32), return_inverse=True)
    first_ms, last_ms = int(charged_ms.min()), int(charged_ms.max())
    members: list[tuple[int, int]] = []
    renumbered = np.empty(len(distinct), dtype=np.intp)
    divided: list[tuple[int, list[int]]] = []
    for place, key in enumerate(distinct.tolist()):
        renumbered[place] = len(members)
        members.append((key, last_ms))
        cuts_ms = _cuts_between(timelines_of(key), first_ms, last_ms)
        if cuts_ms:
            divided.append((place, cuts_ms))
            members[-1] = (key, first_ms)
            members.extend((key, cut_ms) for cut_ms in cuts_ms)
    grouped = renumbered[of_record]
    for place, cuts_ms in divided:
        rows = np.flatnonzero(of_record == place)
        grouped[rows] += np.searchsorted(np.array(cuts_ms), charged_ms[rows], side="right")
    return Groups(members, grouped)


def _cuts_between(timelines: Sequence[Timeline[Any]], first_ms: int, last_ms: int) -> list[int]:
    """The times in (first_ms, last_ms] at which any of the timelines changes, ascending."""
    return sorted(
        {
            start
            for timeline in timelines
            for start in timeline.starts_ms
            if first_ms < start <= last_ms
        }
    )


def _find_frozen(by_meter: Groups, facts: Facts, time_ms: int) -> NDArray[np.bool_]:
    """Records whose meter is frozen, or not active, at a time."""

    def is_stopped(meter: int) -> bool:
        frozen = _timeline(facts.frozen, meter).at(time_ms)
        known = _timeline(facts.meters, meter).at(time_ms)
        return (frozen is not None and frozen.frozen) or known is None or not known.active

    stopped = np.array([is_stopped(meter) for meter, _ in by_meter.members], dtype=np.bool_)
    return stopped[by_meter.of_record]


def _path_timelines(facts: Facts, project: int) -> list[Timeline[Any]]:
    return [facts.accounts[account] for account in facts.path_ids(project)]


def _judge_projects(by_project: Groups, facts: Facts) -> NDArray[np.uint8]:
    """The reason code of each record as far as its project alone goes."""
    codes = [_judge_project(facts, *member) for member in by_project.members]
    return np.array(codes, dtype=np.uint8)[by_project.of_record]


def _judge_project(facts: Facts, project: int, time_ms: int) -> Reason:
    """Whether the project is known, and active with all its ancestors, at a time."""
    path = facts.path_ids(project)
    if len(path) < MIN_PROJECT_DEPTH:
        return Reason.PROJECT_UNKNOWN
    for account in path:
        node = facts.accounts[account].at(time_ms)
        if node is None or not node.active:
            return Reason.PROJECT_INACTIVE
    return Reason.VALUED


def _find_unbillable(by_meter: Groups, by_project: Groups, facts: Facts) -> NDArray[np.bool_]:
    """Records whose project does not lie in the subtree of their meter's account."""
    paths = [facts.path_ids(project) for project, _ in by_project.members]
    owners = [_timeline(facts.meters, meter).latest() for meter, _ in by_meter.members]
    unbillable = np.array(
        [[owner is None or owner.account not in path for path in paths] for owner in owners],
        dtype=np.bool_,
    )
    return unbillable[by_meter.of_record, by_project.of_record]


def _resource_timelines(facts: Facts, resource: int) -> list[Timeline[Any]]:
    """Everything that can change what a record of this resource costs or may hold."""
    known = _timeline(facts.resources, resource)
    classes = {value.index_class for value in known.values}
    indices = [facts.indices[name] for name in sorted(classes) if name in facts.indices]
    return [known, _timeline(facts.rates, resource), *indices]


def _judge_resources(by_resource: Groups, facts: Facts) -> NDArray[np.uint8]:
    """The reason code of each record as far as its resource goes."""
    codes = [_judge_resource(facts, *member) for member in by_resource.members]
    return np.array(codes, dtype=np.uint8)[by_resource.of_record]


def _judge_resource(facts: Facts, resource: int, time_ms: int) -> Reason:
    """Whether the resource is known, active and priced at a time."""
    if resource not in facts.resources:
        return Reason.RESOURCE_UNKNOWN
    known = facts.resources[resource].at(time_ms)
    if known is None or not known.active or facts.resolved_at(resource, time_ms) is None:
        return Reason.RESOURCE_INACTIVE
    return Reason.VALUED


def _find_closed_experiments(
    records: Records, charged_ms: NDArray[np.int64], facts: Facts
) -> NDArray[np.bool_]:
    """Records flagged as exploration whose project has no open experiment."""
    closed: NDArray[np.bool_] = (records["flags"] & np.uint16(Flag.EXPLORATION)) != 0
    if not closed.any():
        return closed
    groups = _group(
        records["project"], charged_ms, lambda project: [_timeline(facts.experiments, project)]
    )
    open_by_group = np.zeros(len(groups.members), dtype=np.bool_)
    for place, (project, time_ms) in enumerate(groups.members):
        experiment = _timeline(facts.experiments, project).at(time_ms)
        open_by_group[place] = experiment is not None and experiment.open
    return closed & ~open_by_group[groups.of_record]


def _value_groups(records: Records, by_resource: Groups, facts: Facts) -> NDArray[np.uint64]:
    """The cost in ucr of every record whose resource has rates; 0 elsewhere."""
    rates = [facts.resolved_at(*member) or NO_RATES for member in by_resource.members]
    if len(rates) == 1:
        return compute_costs_ucr(records, rates[0])
    return compute_costs_ucr(records, spread_rates(rates, by_resource.of_record))


def _compute_limits(
    by_meter: Groups, by_resource: Groups, facts: Facts
) -> dict[str, NDArray[np.uint64]]:
    """Per record, the tighter of its resource's and its meter's maximum, by the bounds' field."""
    of_meter = [_bounds_at(facts.meters, *member) for member in by_meter.members]
    of_resource = [_bounds_at(facts.resources, *member) for member in by_resource.members]

    def tighter(field: str) -> NDArray[np.uint64]:
        meter_limits = np.array([getattr(bounds, field) for bounds in of_meter], dtype=np.uint64)
        limits = np.array([getattr(bounds, field) for bounds in of_resource], dtype=np.uint64)
        return np.minimum(meter_limits[by_meter.of_record], limits[by_resource.of_record])

    return {field: tighter(field) for field in Bounds.__slots__}


def _bounds_at(timelines: dict[int, Timeline[Any]], key: int, time_ms: int) -> Bounds:
    """The registered maxima in force; nothing fits where there are none."""
    fact = _timeline(timelines, key).at(time_ms)
    return fact.bounds if fact is not None else _NO_BOUNDS


def _find_oversized(records: Records, limits: dict[str, NDArray[np.uint64]]) -> NDArray[np.bool_]:
    """Records with a quantity above its limit."""
    context = compute_context(records)
    return (
        (context > limits["max_context"])
        | (context > np.uint64(MAX_CONTEXT))
        | (records["compute_ms"] > limits["max_compute_ms"])
        | (records["memory_gib_s"] > limits["max_memory_gib_s"])
        | (records["transfer_kib"] > limits["max_transfer_kib"])
    )
