"""Whether a batch deserves an attestation: every check of docs/protocol.md section 7, pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tallystick.core.attestation import LedgerConfig
from tallystick.core.batches import Batch, BatchHeader, check_batch_limits
from tallystick.core.facts import Facts
from tallystick.core.frame_checks import check_frame
from tallystick.core.quorum import compute_quorum
from tallystick.core.verdicts import compute_verdicts
from tallystick_node.errors import BatchUntimely, ReferenceUnknown, VerdictDiffers, VersionsDiffer

MAX_CLOCK_SKEW_MS: Final = 60_000
MAX_REFERENCE_AGE_S: Final = 120


@dataclass(frozen=True, slots=True)
class Reference:
    """The block a batch refers to, as this node has it, and how far the chain has gone since."""

    hash: str
    time_s: int
    head_time_s: int


@dataclass(frozen=True, slots=True)
class Grounds:
    """Everything a judgement depends on besides the batch."""

    facts: Facts
    """As known at the reference block."""
    reference: Reference
    network_id: bytes
    chain_id: int
    ledger: bytes
    now_ms: int


def judge_batch(batch: Batch, grounds: Grounds) -> LedgerConfig:
    """The batch is right in every byte; what its attestation is to be bound to.

    Args:
        batch: decoded exactly.
        grounds: of this node.

    Raises:
        BatchUntimely, ReferenceUnknown, VersionsDiffer, BatchMalformed, TooManyProjects,
        VerdictDiffers, and the frame errors of `check_frame`: the first check that fails.
    """
    header, facts = batch.header, grounds.facts
    check_times(header, grounds.now_ms)
    check_reference(header, grounds.reference)
    config = check_versions(header, grounds)
    validators = facts.validators_at(header.batch_time_ms).validators
    check_batch_limits(batch, compute_quorum(len(validators)))
    for segment in batch.segments:
        frame = batch.frame(segment, grounds.network_id)
        check_frame(frame, facts, grounds.network_id, header.batch_time_ms)
    check_verdicts(batch, facts)
    return config


def check_times(header: BatchHeader, now_ms: int) -> None:
    """The batch is of now, by this node's clock. Its validity is one of its limits.

    Raises:
        BatchUntimely: it is not.
    """
    if abs(header.batch_time_ms - now_ms) > MAX_CLOCK_SKEW_MS:
        raise BatchUntimely(
            "a batch's time is not now",
            expected=f"within {MAX_CLOCK_SKEW_MS} ms of {now_ms}",
            actual=header.batch_time_ms,
        )


def check_reference(header: BatchHeader, reference: Reference) -> None:
    """The reference block is ours, and young enough.

    Raises:
        ReferenceUnknown: another block has its number here, or it is too far behind the head.
    """
    if header.reference_hash.hex() != reference.hash.removeprefix("0x"):
        raise ReferenceUnknown(
            "the reference block has another hash here",
            expected=reference.hash,
            actual=header.reference_hash.hex(),
        )
    age_s = reference.head_time_s - reference.time_s
    if age_s > MAX_REFERENCE_AGE_S:
        raise ReferenceUnknown(
            "the reference block is too old",
            expected=f"at most {MAX_REFERENCE_AGE_S} s behind the head",
            actual=age_s,
        )


def check_versions(header: BatchHeader, grounds: Grounds) -> LedgerConfig:
    """The batch names the validator set and the rules in force at its time.

    Raises:
        VersionsDiffer: it names others.
    """
    set_version = grounds.facts.validators_at(header.batch_time_ms).version
    rules_version = grounds.facts.rules_at(header.batch_time_ms).version
    if (header.set_version, header.rules_version) != (set_version, rules_version):
        raise VersionsDiffer(
            "a batch names another validator set or rules",
            expected=f"set {set_version}, rules {rules_version}",
            actual=f"set {header.set_version}, rules {header.rules_version}",
        )
    return LedgerConfig(grounds.chain_id, grounds.ledger, set_version, rules_version)


def check_verdicts(batch: Batch, facts: Facts) -> None:
    """Every cost word is what the facts say.

    Raises:
        VerdictDiffers: at least one is not.
    """
    words = compute_verdicts(batch.records, batch.meters(), facts, batch.header.batch_time_ms)
    differing = np.flatnonzero(words != batch.records["cost_word"])
    if len(differing):
        place = int(differing[0])
        raise VerdictDiffers(
            f"{len(differing)} cost words differ, the first at record {place}",
            expected=int(words[place]),
            actual=int(batch.records["cost_word"][place]),
        )
