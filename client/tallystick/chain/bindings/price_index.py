"""What hardware costs outside, as validators report it to the PriceIndex."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from coincurve import PrivateKey

from tallystick.chain.bindings.registry import encode_label
from tallystick.chain.calls import View, Write, first, nothing, view, write
from tallystick.chain.decode import Event
from tallystick.core.typed_data import (
    compute_domain,
    compute_typed_digest,
    encode_word,
    sign_typed_digest,
)

_DOMAIN_NAME: Final = "Tallystick PriceIndex"
_REPORT_TYPE: Final = (
    "PriceReport(bytes32 indexClass,uint32 epoch,uint64 valuePpm,uint32 spreadPpm,"
    "uint16 venues,uint64 oldestS,uint64 newestS,bytes32 inputHash)"
)

_view = partial(view, "PriceIndex")
_write = partial(write, "PriceIndex")


@dataclass(frozen=True, slots=True)
class PriceReport:
    """What one validator saw a class of hardware cost. Prices in ppm, times in Unix seconds."""

    index_class: str
    epoch: int
    value_ppm: int
    """In millionths of the price that voted rates assume."""
    spread_ppm: int
    """Half the spread over the venues, in millionths of the price."""
    venues: int
    oldest_s: int
    newest_s: int
    input_hash: bytes
    """32 bytes: what it was computed from."""


@dataclass(frozen=True, slots=True)
class KeptReport:
    """What is kept of a report; `value_ppm` 0 = there is none."""

    value_ppm: int
    spread_ppm: int
    venues: int


@dataclass(frozen=True, slots=True)
class Closing:
    """How the last epoch that moved a class's index ended; `from_ms` 0 = it was refused."""

    epoch: int
    reports: int
    raw_ppm: int
    clamped_ppm: int
    from_ms: int


@dataclass(frozen=True, slots=True)
class Held:
    """An epoch that had too few reports to move its index."""

    reports: int
    needed: int


def compute_report_digest(index: str, chain_id: int, report: PriceReport) -> bytes:
    """The 32 bytes that a validator signs, for this index on this chain."""
    domain = compute_domain(_DOMAIN_NAME, chain_id, bytes.fromhex(index.removeprefix("0x")))
    words = (v if isinstance(v, bytes) else encode_word(v) for v in _values(report))
    return compute_typed_digest(domain, _REPORT_TYPE, *words)


def sign_report(key: PrivateKey, index: str, chain_id: int, report: PriceReport) -> bytes:
    """The 65 bytes by which a report counts as a validator's.

    Args:
        key: the validator's attesting key.
        index: the PriceIndex's address.
        chain_id: the network's.
        report: what is reported.
    """
    return sign_typed_digest(key, compute_report_digest(index, chain_id, report))


@dataclass(frozen=True, slots=True)
class PriceIndex:
    """The PriceIndex at an address."""

    address: str

    def epoch_s(self) -> View[int]:
        """Seconds in an index epoch."""
        return _view(self.address, "epochS", shape=first)

    def epoch_at(self, time_s: int) -> View[int]:
        """The index epoch of a time."""
        return _view(self.address, "epochAt", time_s, shape=first)

    def report_of(self, index_class: str, epoch: int, attester: str) -> View[KeptReport]:
        """What a validator reported, all zero where it did not."""
        values = (encode_label(index_class), epoch, attester)
        return _view(self.address, "reportOf", *values, shape=lambda v: KeptReport(*v[0]))

    def latest_of(self, index_class: str) -> View[Closing]:
        """How the last epoch that moved the class's index ended, all zero where none has."""
        label = encode_label(index_class)
        return _view(self.address, "latestOf", label, shape=lambda v: Closing(*v[0]))

    def is_closed(self, index_class: str, epoch: int) -> View[bool]:
        """Whether the epoch, or a later one, was closed."""
        return _view(self.address, "isClosed", encode_label(index_class), epoch, shape=first)

    def is_stale(self, index_class: str) -> View[bool]:
        """Whether nobody has reported on the class for three whole epochs."""
        return _view(self.address, "isStale", encode_label(index_class), shape=first)

    def report_digest(self, report: PriceReport) -> View[bytes]:
        """What the contract takes for signed; see `compute_report_digest`."""
        return _view(self.address, "reportDigest", _values(report), shape=first)

    def report(self, report: PriceReport, validator: int, signature: bytes) -> Write[None]:
        """A validator's report counts for the running epoch. By anyone.

        Args:
            report: what the validator saw.
            validator: its index in the set in force.
            signature: see `sign_report`.
        """
        values = (_values(report), validator, signature)
        return _write(self.address, "report", *values, outcome=nothing)

    def close(self, index_class: str, epoch: int) -> Write[Closing | Held]:
        """The epoch before the running one moved its index, or held it. By anyone."""
        return _write(self.address, "close", encode_label(index_class), epoch, outcome=_closing)


def _values(report: PriceReport) -> tuple[Any, ...]:
    return (
        encode_label(report.index_class),
        report.epoch,
        report.value_ppm,
        report.spread_ppm,
        report.venues,
        report.oldest_s,
        report.newest_s,
        report.input_hash,
    )


def _closing(events: Sequence[Event]) -> Closing | Held:
    args = {event.name: event.args for event in events}
    if "IndexHeld" in args:
        held = args["IndexHeld"]
        return Held(held["reports"], held["needed"])
    closed = args["IndexClosed"]
    return Closing(
        closed["epoch"],
        closed["reports"],
        closed["rawPpm"],
        closed["clampedPpm"],
        closed["fromMs"],
    )
