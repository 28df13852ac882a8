"""Proposing: which frames make the next batch, and what the batch says. Pure.

A batch closes at the first of its limits: records, segments, projects, lines, bytes
(docs/protocol.md 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from tallystick.core.attestation import LedgerConfig, compute_attestation_message
from tallystick.core.batches import (
    MAX_BATCH_LINES,
    MAX_BATCH_PROJECTS,
    MAX_BATCH_RECORDS,
    MAX_BATCH_SEGMENTS,
    MAX_TRANSACTION_BYTES,
    Batch,
    BatchHeader,
    check_batch_limits,
    compute_data_hash,
    compute_settle_bytes,
    encode_batch,
    join_frames,
)
from tallystick.core.errors import TallystickError
from tallystick.core.facts import Facts, ValidatorSet
from tallystick.core.frame_checks import check_frame
from tallystick.core.frames import Frame
from tallystick.core.quorum import compute_quorum
from tallystick.core.verdicts import compute_verdicts
from tallystick_node.peers.question import BATCHES_PATH, Question, find_suspended


class WaitingFrame(Protocol):
    """A frame that waits for settlement."""

    @property
    def frame(self) -> Frame:
        """The frame."""

    @property
    def projects(self) -> frozenset[int]:
        """The distinct projects of its records."""


W = TypeVar("W", bound=WaitingFrame)


@dataclass(frozen=True, slots=True)
class Choice(Generic[W]):
    """The frames of the next batch; `is_full` when another one had to be left out."""

    frames: list[W]
    is_full: bool


@dataclass(frozen=True, slots=True)
class Ground:
    """What a proposal stands on: this node's chain, clock and ledger."""

    facts: Facts
    """As known at the reference block."""
    reference_block: int
    reference_hash: bytes
    network_id: bytes
    chain_id: int
    ledger: bytes
    now_ms: int
    validity_ms: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """A valued batch, ready to be attested."""

    batch: Batch
    data: bytes
    data_hash: bytes
    message: bytes
    """What validators sign the keccak-256 of."""
    validators: ValidatorSet
    suspended: frozenset[int]
    """Members whose attestations do not count at present."""
    projects: int

    @property
    def question(self) -> Question:
        """The batch, as peers are asked to attest it."""
        members = self.validators.validators
        return Question(BATCHES_PATH, self.data, self.message, members, self.suspended)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A waiting frame that fails a check at the reference block."""

    frame: Frame
    error: TallystickError


def choose_frames(runs: Iterable[Sequence[W]], signers: int) -> Choice[W]:
    """Frames for one batch, meter by meter in order, as many as fit.

    Args:
        runs: per meter its next frames, without gaps.
        signers: how many attestations the batch will carry.
    """
    chosen: list[W] = []
    projects: frozenset[int] = frozenset()
    records, lines, is_full = 0, 0, False
    for run in runs:
        billed: frozenset[int] = frozenset()
        for waiting in run:
            joined, group = projects | waiting.projects, billed | waiting.projects
            count, total = records + waiting.frame.count, lines + len(group - billed)
            if total > MAX_BATCH_LINES or not _fits(count, len(chosen) + 1, len(joined), signers):
                is_full = True
                break
            chosen.append(waiting)
            projects, billed, records, lines = joined, group, count, total
        if records == MAX_BATCH_RECORDS or len(chosen) == MAX_BATCH_SEGMENTS:
            return Choice(chosen, is_full=True)
    return Choice(chosen, is_full)


def check_chosen(frames: Sequence[W], ground: Ground) -> tuple[list[W], list[Refusal]]:
    """The frames that pass every frame check at the reference block, and those that do not.

    After a meter's first refused frame its later ones are left out as well: they would be a gap.
    """
    passed: list[W] = []
    refused: list[Refusal] = []
    stopped: set[int] = set()
    for waiting in frames:
        frame = waiting.frame
        if frame.meter in stopped:
            continue
        try:
            check_frame(frame, ground.facts, ground.network_id, ground.now_ms)
        except TallystickError as error:
            refused.append(Refusal(frame, error))
            stopped.add(frame.meter)
        else:
            passed.append(waiting)
    return passed, refused


def propose_batch(frames: Sequence[Frame], ground: Ground) -> Proposal:
    """The frames as a batch with every cost word filled in.

    Args:
        frames: inside the limits, and past every frame check.
        ground: at the moment of proposing; its time becomes the batch's.
    """
    facts, now_ms = ground.facts, ground.now_ms
    validators, rules = facts.validators_at(now_ms), facts.rules_at(now_ms)
    header = BatchHeader(
        validators.version,
        rules.version,
        ground.reference_block,
        ground.reference_hash,
        now_ms,
        now_ms + ground.validity_ms,
    )
    batch = join_frames(header, frames)
    batch.records["cost_word"] = compute_verdicts(batch.records, batch.meters(), facts, now_ms)
    check_batch_limits(batch, compute_quorum(len(validators.validators)))
    data = encode_batch(batch)
    data_hash = compute_data_hash(data)
    config = LedgerConfig(ground.chain_id, ground.ledger, validators.version, rules.version)
    message = compute_attestation_message(config, data_hash)
    projects = len(set(batch.records["project"].tolist()))
    suspended = find_suspended(validators.validators, facts, now_ms)
    return Proposal(batch, data, data_hash, message, validators, suspended, projects)


def _fits(records: int, segments: int, projects: int, signers: int) -> bool:
    return (
        records <= MAX_BATCH_RECORDS
        and segments <= MAX_BATCH_SEGMENTS
        and projects <= MAX_BATCH_PROJECTS
        and compute_settle_bytes(records, segments, signers) <= MAX_TRANSACTION_BYTES
    )
