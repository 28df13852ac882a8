"""Corrections of settled records: what is signed, and when it may be (docs/corrections.md).

A release charges a quarantined record that would be valued today; a credit gives back a part of
what a valued one cost. Both name the record by the hash of its 64 settled bytes.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Final

import numpy as np

from tallystick.core.errors import NotCreditable, NotReleasable
from tallystick.core.facts import Facts
from tallystick.core.hashes import compute_keccak256
from tallystick.core.typed_data import compute_domain, compute_typed_message, encode_word
from tallystick.core.usage import REASON_SHIFT, Reason, Records, read_costs_ucr, read_reasons
from tallystick.core.verdicts import compute_verdicts

DOMAIN_NAME: Final = "Tallystick Corrections"
RELEASE_TYPE: Final = (
    "Release(uint32 meter,uint64 seq,uint32 project,uint16 resource,uint64 user,"
    "uint64 costUcr,bytes32 recordHash)"
)
CREDIT_TYPE: Final = (
    "Credit(uint32 meter,uint64 seq,uint32 project,uint64 costUcr,uint64 amountUcr,"
    "bytes32 recordHash,bytes32 reason)"
)


@dataclass(frozen=True, slots=True)
class Release:
    """A quarantined record that is charged after all."""

    meter: int
    seq: int
    project: int
    resource: int
    user: int
    cost_ucr: int
    record_hash: bytes
    """32 bytes: keccak256 of the 64 settled ones."""


@dataclass(frozen=True, slots=True)
class Credit:
    """Credits given back for a settled record."""

    meter: int
    seq: int
    project: int
    cost_ucr: int
    amount_ucr: int
    record_hash: bytes
    """32 bytes: keccak256 of the 64 settled ones."""
    reason: bytes
    """32 bytes: a hash of the reason, zero = none."""


@dataclass(frozen=True, slots=True)
class SettledRecord:
    """One record as it settled."""

    meter: int
    seq: int
    record: Records
    """One record, its cost word filled in."""
    batch_time_ms: int

    def compute_hash(self) -> bytes:
        """The keccak-256 hash of its 64 bytes."""
        return compute_keccak256(self.record.tobytes())

    @property
    def reason(self) -> Reason:
        """Why it was quarantined; VALUED where it was not."""
        return Reason(int(read_reasons(self.record)[0]))

    @property
    def cost_ucr(self) -> int:
        """What it cost; 0 where it was quarantined."""
        return int(read_costs_ucr(self.record)[0])


def judge_release(settled: SettledRecord, facts: Facts, now_ms: int) -> Release:
    """The release of a quarantined record, at what it costs by the facts known today.

    It is valued at its own time t*, as when it settled; that its meter is neither frozen nor
    inactive must be true now, so that what was quarantined by a freeze can be released once that is
    lifted.

    Args:
        settled: as it settled.
        facts: as known now.
        now_ms: the judging validator's time.

    Raises:
        NotReleasable: it was valued, or would be quarantined again, or costs nothing.
    """
    if settled.reason is Reason.VALUED:
        raise NotReleasable(
            "the record was valued when it settled", expected="a quarantined record", actual="cost"
        )
    meters = np.array([settled.meter], dtype=np.uint32)
    word = int(
        compute_verdicts(
            settled.record, meters, facts, settled.batch_time_ms, stopped_at_ms=now_ms
        )[0]
    )
    reason = Reason(word >> REASON_SHIFT)
    if reason is not Reason.VALUED or word == 0:
        raise NotReleasable(
            "the record would still not be charged",
            expected="a record that passes every check and costs something",
            actual=reason.name.lower(),
        )
    record = settled.record[0]
    return Release(
        settled.meter,
        settled.seq,
        int(record["project"]),
        int(record["resource"]),
        int(record["user"]),
        word,
        settled.compute_hash(),
    )


def check_credit(credit: Credit, settled: SettledRecord) -> None:
    """The credit is of this record, and gives back no more than it cost.

    Raises:
        NotCreditable: it is not, or does.
    """
    record = settled.record[0]
    expected = (settled.meter, settled.seq, int(record["project"]), settled.cost_ucr)
    actual = (credit.meter, credit.seq, credit.project, credit.cost_ucr)
    if expected != actual or credit.record_hash != settled.compute_hash():
        raise NotCreditable(
            "the credit is not of the record that settled",
            expected=f"project {expected[2]}, cost {expected[3]} ucr",
            actual=f"project {actual[2]}, cost {actual[3]} ucr",
        )
    if not 0 < credit.amount_ucr <= settled.cost_ucr:
        raise NotCreditable(
            "a credit gives back a part of what the record cost",
            expected=f"1 to {settled.cost_ucr} ucr",
            actual=credit.amount_ucr,
        )


def compute_release_message(release: Release, chain_id: int, contract: bytes) -> bytes:
    """The 66 bytes whose keccak-256 validators sign.

    Args:
        release: see there.
        chain_id: of the chain.
        contract: 20 bytes, the Corrections contract's address.
    """
    return _compute_message(RELEASE_TYPE, release, chain_id, contract)


def compute_release_digest(release: Release, chain_id: int, contract: bytes) -> bytes:
    """The 32 bytes that validators sign: the hash of `compute_release_message`."""
    return compute_keccak256(compute_release_message(release, chain_id, contract))


def compute_credit_message(credit: Credit, chain_id: int, contract: bytes) -> bytes:
    """The 66 bytes whose keccak-256 validators sign; see `compute_release_message`."""
    return _compute_message(CREDIT_TYPE, credit, chain_id, contract)


def compute_credit_digest(credit: Credit, chain_id: int, contract: bytes) -> bytes:
    """The 32 bytes that owner, registrar and validators sign."""
    return compute_keccak256(compute_credit_message(credit, chain_id, contract))


def _compute_message(
    type_text: str, entry: Release | Credit, chain_id: int, contract: bytes
) -> bytes:
    words = (value if isinstance(value, bytes) else encode_word(value) for value in astuple(entry))
    domain = compute_domain(DOMAIN_NAME, chain_id, contract)
    return compute_typed_message(domain, type_text, *words)
