"""The price index: what validators report that hardware costs, and what it moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from tallystick.chain.bindings.price_index import Held, PriceIndex, PriceReport, sign_report
from tallystick.client.errors import NameUnknown
from tallystick.client.reads import ListQuery, Reads, Row
from tallystick.client.resources import load_resources
from tallystick.client.wire import Wire
from tallystick.core.hashes import compute_keccak256
from tallystick.local.roles import REGISTRAR

MS_PER_S: Final = 1_000


class IndexClassUnknown(NameUnknown):
    """No resource follows an index of this class."""

    code = "index_class_unknown"


@dataclass(frozen=True)
class Observation:
    """What a class of hardware was seen to cost, in millionths of what voted rates assume."""

    value_ppm: int
    spread_ppm: int = 0
    venues: int = 1
    oldest_ms: int | None = None
    newest_ms: int | None = None
    """None = now."""
    inputs: bytes = b""
    """What it was computed from; its hash goes on chain."""


class ReportView(msgspec.Struct, frozen=True):
    """A validator's report on a class for an index epoch."""

    index_class: str
    epoch: int
    validator: str
    value_ppm: int
    done_before: bool


class ClosedIndex(msgspec.Struct, frozen=True):
    """How an index epoch ended: closed, held (too few reports) or refused; times in Unix ms."""

    index_class: str
    epoch: int
    state: str
    reports: int
    needed: int | None
    raw_ppm: int | None
    clamped_ppm: int | None
    from_ms: int | None


class IndexView(msgspec.Struct, frozen=True):
    """An index as it is in force, and how its last epoch ended."""

    index_class: str
    epoch: int
    in_force_ppm: int
    stale: bool
    resources: list[str]


class PriceBook:
    """What hardware costs outside.

    Args:
        wire: the network.
        reads: who answers questions about the past.
    """

    def __init__(self, wire: Wire, reads: Callable[[], Reads]) -> None:
        self._wire = wire
        self._reads = reads
        self._index = PriceIndex(wire.address("PriceIndex"))

    def current_epoch(self) -> int:
        """The running index epoch."""
        return self._wire.read(self._index.epoch_at(self._wire.clock() // MS_PER_S))

    def report(
        self, index_class: str, seen: Observation, *, validators: Sequence[str] | None = None
    ) -> list[ReportView]:
        """Validators of this folder have reported for the running epoch, each once.

        Args:
            index_class: such as h100.
            seen: what they saw.
            validators: their names, None = all whose keys lie in the folder.
        """
        self._require_class(index_class)
        now_s, epoch = self._wire.clock() // MS_PER_S, self.current_epoch()
        report = PriceReport(
            index_class=index_class,
            epoch=epoch,
            value_ppm=seen.value_ppm,
            spread_ppm=seen.spread_ppm,
            venues=seen.venues,
            oldest_s=now_s if seen.oldest_ms is None else seen.oldest_ms // MS_PER_S,
            newest_s=now_s if seen.newest_ms is None else seen.newest_ms // MS_PER_S,
            input_hash=compute_keccak256(seen.inputs),
        )
        names = self._wire.keys.validators() if validators is None else validators
        return [self._report_as(name, report) for name in names]

    def close(self, index_class: str, epoch: int | None = None) -> ClosedIndex:
        """The epoch before the running one has moved the class's index, or held it; by anyone.

        Args:
            index_class: such as h100.
            epoch: None = the one before the running one.
        """
        self._require_class(index_class)
        chosen = self.current_epoch() - 1 if epoch is None else epoch
        if self._wire.read(self._index.is_closed(index_class, chosen)):
            latest = self._wire.read(self._index.latest_of(index_class))
            if latest.epoch == chosen:
                return ClosedIndex(
                    index_class,
                    chosen,
                    "closed before",
                    latest.reports,
                    None,
                    latest.raw_ppm,
                    latest.clamped_ppm,
                    latest.from_ms,
                )
            return ClosedIndex(index_class, chosen, "closed before", 0, None, None, None, None)
        ended = self._wire.send(REGISTRAR, self._index.close(index_class, chosen))
        if isinstance(ended, Held):
            needed = ended.needed
            return ClosedIndex(index_class, chosen, "held", ended.reports, needed, None, None, None)
        return ClosedIndex(
            index_class,
            chosen,
            "closed" if ended.from_ms else "refused",
            ended.reports,
            None,
            ended.raw_ppm,
            ended.clamped_ppm,
            ended.from_ms or None,
        )

    def indices(self) -> list[IndexView]:
        """Every class, with its index in force."""
        now_ms, epoch = self._wire.clock(), self.current_epoch()
        return [
            IndexView(
                index_class=name,
                epoch=epoch,
                in_force_ppm=self._wire.read(self._wire.tariff.index_at(name, now_ms))[0],
                stale=self._wire.read(self._index.is_stale(name)),
                resources=slugs,
            )
            for name, slugs in self._load_classes().items()
        ]

    def history(self, index_class: str | None = None) -> list[Row]:
        """How every epoch ended, newest first: raw, clamped and the gap between them."""
        rows = self._reads().rows(ListQuery("index-epochs", limit=None))
        return [row for row in rows if index_class in (None, row["index_class"])]

    def _report_as(self, name: str, report: PriceReport) -> ReportView:
        key = self._wire.keys.load_attester(name)
        version = self._wire.read(self._wire.validators.version_at(self._wire.clock()))
        members, _ = self._wire.read(self._wire.validators.validators_of(version))
        validator = next(place for place, member in enumerate(members) if member.name == name)
        attester = members[validator].attester
        kept = self._wire.read(self._index.report_of(report.index_class, report.epoch, attester))
        if not kept.value_ppm:
            chain_id = self._wire.network.chain_id
            signature = sign_report(key, self._index.address, chain_id, report)
            self._wire.send(REGISTRAR, self._index.report(report, validator, signature))
        return ReportView(
            report.index_class,
            report.epoch,
            name,
            kept.value_ppm or report.value_ppm,
            done_before=bool(kept.value_ppm),
        )

    def _require_class(self, index_class: str) -> None:
        classes = self._load_classes()
        if index_class not in classes:
            raise IndexClassUnknown("index class", index_class, classes)

    def _load_classes(self) -> dict[str, list[str]]:
        classes: dict[str, list[str]] = {}
        for resource in load_resources(self._wire).values():
            if resource.index_class:
                classes.setdefault(resource.index_class, []).append(resource.slug)
        return classes
