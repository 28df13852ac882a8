"""What one settled batch is held to by itself. One function one rule; None means that it holds."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tallystick.chain.blocks import Settlement
from tallystick.core.attestation import (
    LedgerConfig,
    compute_attestation_digest,
    recover_attester,
)
from tallystick.core.batches import Batch, check_batch_limits, decode_batch
from tallystick.core.errors import BatchMalformed, FactUnknown, InvalidInput, TooManyProjects
from tallystick.core.facts import Facts
from tallystick.core.frame_checks import check_frame
from tallystick.core.quorum import compute_quorum
from tallystick.core.usage import COST_MASK, REASON_SHIFT, Reason
from tallystick.core.verdicts import compute_verdicts
from tallystick.verify.verdict import Check, Disagreement


@dataclass(frozen=True, slots=True)
class Identity:
    """What a signature is bound to, whatever the batch says."""

    chain_id: int
    ledger: bytes
    network_id: bytes


@dataclass(frozen=True, slots=True)
class Case:
    """A settlement, its batch, and what was known when it was judged and when it settled."""

    settlement: Settlement
    batch: Batch
    at_reference: Facts
    """Known at the batch's reference block."""
    at_settlement: tuple[Facts, ...]
    """Known just before the settlement's block, and with it: a change inside it falls between."""
    suspended: AbstractSet[str] = frozenset()
    """Attesters whose keys counted for nothing at block time."""

    def disagree(
        self,
        check: Check,
        expected: str | int | None,
        actual: str | int | None,
        *,
        segment: int | None = None,
        record: int | None = None,
        what: str = "",
    ) -> Disagreement:
        """A disagreement about this batch."""
        return Disagreement(
            check,
            expected,
            actual,
            batch=self.settlement.number,
            segment=segment,
            record=record,
            block=self.settlement.block,
            what=what,
        )


def decode_settlement(settlement: Settlement) -> Batch | Disagreement:
    """The settlement's batch, inside every limit of the protocol."""
    try:
        batch = decode_batch(settlement.data)
        check_batch_limits(batch, len(settlement.attestations))
    except (BatchMalformed, TooManyProjects) as error:
        return Disagreement(
            Check.BATCH_FORMAT,
            error.expected,
            error.actual,
            batch=settlement.number,
            block=settlement.block,
            what=error.message,
        )
    return batch


def check_in_force(case: Case) -> Disagreement | None:
    """The header's set and rules were in force at block time, and the batch was still valid."""
    header, time_ms = case.batch.header, case.settlement.block_time_s * 1000
    if time_ms > header.valid_until_ms:
        return case.disagree(
            Check.IN_FORCE, header.valid_until_ms, time_ms, what="block time past valid_until_ms"
        )
    try:
        sets = [facts.validators_at(time_ms).version for facts in case.at_settlement]
        rules = [facts.rules_at(time_ms).version for facts in case.at_settlement]
    except FactUnknown as error:
        return case.disagree(Check.IN_FORCE, error.expected, error.actual, what=error.message)
    if header.set_version not in sets:
        return case.disagree(
            Check.IN_FORCE, sets[-1], header.set_version, what="version of the validator set"
        )
    if header.rules_version not in rules:
        return case.disagree(
            Check.IN_FORCE, rules[-1], header.rules_version, what="version of the rules"
        )
    return None


def check_attestations(case: Case, identity: Identity) -> Disagreement | None:
    """Every bit of the bitmap is a member whose key made the attestation in its place."""
    settlement, header = case.settlement, case.batch.header
    time_ms = settlement.block_time_s * 1000
    sets = [facts.validator_sets.at(time_ms) for facts in case.at_settlement]
    attesters = next(
        (
            [validator.attester for validator in known.validators]
            for known in sets
            if known is not None and known.version == header.set_version
        ),
        [],
    )
    signers = [i for i in range(256) if settlement.signer_bitmap >> i & 1]
    quorum = compute_quorum(len(attesters)) if attesters else 1
    if len(signers) < quorum or len(signers) != len(settlement.attestations):
        found = f"{len(signers)} signers, {len(settlement.attestations)} attestations"
        return case.disagree(Check.ATTESTATIONS, f"a quorum of {quorum}", found)
    config = LedgerConfig(
        identity.chain_id,
        bytes.fromhex(settlement.ledger[2:]) or identity.ledger,
        header.set_version,
        header.rules_version,
    )
    digest = compute_attestation_digest(config, settlement.data_hash)
    for signer, attestation in zip(signers, settlement.attestations, strict=True):
        expected = attesters[signer] if signer < len(attesters) else "a member of the set"
        found = _recover(digest, attestation)
        if found != expected:
            return case.disagree(
                Check.ATTESTATIONS, expected, found, what=f"signer of attestation {signer}"
            )
    return None


def check_suspended(case: Case) -> Disagreement | None:
    """No signer is a member whose key is suspended."""
    if not case.suspended:
        return None
    signers = [i for i in range(256) if case.settlement.signer_bitmap >> i & 1]
    for known in case.at_settlement:
        members = known.validator_sets.at(case.settlement.block_time_s * 1000)
        if members is None or members.version != case.batch.header.set_version:
            continue
        for signer in signers:
            if signer >= len(members.validators):
                break
            attester = members.validators[signer].attester
            if attester in case.suspended:
                return case.disagree(
                    Check.SUSPENDED_KEYS,
                    "no attestation",
                    attester,
                    what=f"suspended signer {signer}",
                )
    return None


def check_reference_block(case: Case, hash_by_number: Mapping[int, str]) -> Disagreement | None:
    """The block that the batch was judged by is an earlier one of this chain.

    Args:
        case: the batch.
        hash_by_number: of blocks of this chain; the reference block's is among them if it exists.
    """
    header, own = case.batch.header, case.settlement.block
    if header.reference_block >= own:
        return case.disagree(Check.REFERENCE_BLOCK, f"before {own}", header.reference_block)
    expected, actual = hash_by_number.get(header.reference_block), header.reference_hash.hex()
    if expected != f"0x{actual}":
        return case.disagree(Check.REFERENCE_BLOCK, expected or "a known block", f"0x{actual}")
    return None


def check_frames(case: Case, network_id: bytes) -> Disagreement | None:
    """Every segment, its cost words zeroed, is a frame that passes every frame check."""
    batch = case.batch
    for place, segment in enumerate(batch.segments):
        frame = batch.frame(segment, network_id)
        try:
            check_frame(frame, case.at_reference, network_id, batch.header.batch_time_ms)
        except (InvalidInput, FactUnknown) as error:
            return case.disagree(
                Check.FRAMES,
                error.expected,
                error.actual,
                segment=place,
                what=f"{error.code}: {error.message}, meter {segment.meter}",
            )
    return None


def check_verdicts(case: Case) -> tuple[Disagreement | None, NDArray[np.uint64]]:
    """Every cost word is the one recomputed; gives the recomputed ones, too."""
    batch = case.batch
    actual = batch.records["cost_word"]
    try:
        expected = compute_verdicts(
            batch.records, batch.meters(), case.at_reference, batch.header.batch_time_ms
        )
    except FactUnknown as error:
        return (
            case.disagree(Check.VERDICTS, error.expected, error.actual, what=error.message),
            actual.astype(np.uint64),
        )
    if np.array_equal(expected, actual):
        return None, expected
    row = int(np.flatnonzero(expected != actual)[0])
    place = next(
        i for i, segment in enumerate(batch.segments) if row < segment.start + segment.count
    )
    segment = batch.segments[place]
    disagreement = case.disagree(
        Check.VERDICTS,
        describe_cost_word(int(expected[row])),
        describe_cost_word(int(actual[row])),
        segment=place,
        record=row,
        what=f"meter {segment.meter}, sequence number {segment.first_seq + row - segment.start}",
    )
    return disagreement, expected


def check_totals(case: Case, settled_words: NDArray[np.uint64]) -> Disagreement | None:
    """The ledger announced what the settled records come to.

    Args:
        case: the batch.
        settled_words: recomputed cost words of the records in settled segments.
    """
    settlement = case.settlement
    quarantined = int(np.count_nonzero(settled_words >> np.uint64(REASON_SHIFT)))
    cost_ucr = sum_exactly(compute_costs_ucr(settled_words))
    expected = (len(settled_words), quarantined, cost_ucr)
    actual = (settlement.records, settlement.quarantined, settlement.cost_ucr)
    if expected == actual:
        return None
    return case.disagree(
        Check.TOTALS, str(expected), str(actual), what="records, quarantined, cost in ucr"
    )


def compute_costs_ucr(cost_words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The cost in each word, 0 in quarantined ones."""
    is_valued = cost_words >> np.uint64(REASON_SHIFT) == 0
    return np.where(is_valued, cost_words & np.uint64(COST_MASK), np.uint64(0))


def sum_exactly(costs_ucr: NDArray[np.uint64]) -> int:
    """The sum, exact beyond 64 bits for up to 2^32 costs."""
    low, high = costs_ucr & np.uint64(0xFFFFFFFF), costs_ucr >> np.uint64(32)
    return int(low.sum()) + (int(high.sum()) << 32)


def describe_cost_word(word: int) -> str:
    """A cost word in words."""
    reason = word >> REASON_SHIFT
    if reason == 0:
        return f"{word} ucr"
    known = reason in Reason.__members__.values()
    return f"quarantined, {Reason(reason).name.lower()}" if known else f"reason {reason}"


def _recover(digest: bytes, attestation: bytes) -> str:
    try:
        return recover_attester(digest, attestation)
    except InvalidInput as error:
        return f"no signature: {error.message}"
