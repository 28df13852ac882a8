"""One settled batch with everything that makes it right, to be broken by tests."""

from __future__ import annotations

import numpy as np
from coincurve import PrivateKey
from tests.unit.core.builders import (
    BASE_FACTS,
    NETWORK_ID,
    NOW_MS,
    build_frame,
    build_records,
)

from tallystick.chain.blocks import Settlement
from tallystick.core.attestation import (
    LedgerConfig,
    compute_address,
    compute_attestation_digest,
    sign_attestation,
)
from tallystick.core.batches import BatchHeader, compute_data_hash, encode_batch, join_frames
from tallystick.core.facts import Fact, FactBook, Facts, Validator, ValidatorSet
from tallystick.core.verdicts import compute_verdicts
from tallystick.verify.batch_checks import Case, Identity

IDENTITY = Identity(7, bytes(range(20)), NETWORK_ID)
KEYS = [PrivateKey(bytes([index + 1]) * 32) for index in range(4)]
MEMBERS = tuple(
    Validator(compute_address(key.public_key), "0x00", bytes(32), f"v{place}", "")
    for place, key in enumerate(KEYS)
)
SET = ValidatorSet(3, MEMBERS, from_ms=0)
HEADER = BatchHeader(3, 1, 10, bytes([9]) * 32, NOW_MS, NOW_MS + 60_000)
HASHES = {10: "0x" + "09" * 32}


def build_facts(*more: Fact) -> Facts:
    book = FactBook()
    book.announce(1, [*BASE_FACTS, SET, *more])
    return book.at(1)


def build_case(
    header: BatchHeader = HEADER,
    *,
    facts: Facts | None = None,
    signers: tuple[int, ...] = (0, 1, 2),
    surcharge_ucr: int = 0,
) -> Case:
    """A batch of two frames that passes every check, but for what is asked for."""
    known = facts or build_facts()
    frames = [build_frame(build_records(2)), build_frame(build_records(3), first_seq=2)]
    batch = join_frames(header, frames)
    words = compute_verdicts(batch.records, batch.meters(), known, NOW_MS)
    words[3] += np.uint64(surcharge_ucr)
    batch.records["cost_word"] = words
    data = encode_batch(batch)
    config = LedgerConfig(7, IDENTITY.ledger, header.set_version, header.rules_version)
    digest = compute_attestation_digest(config, compute_data_hash(data))
    settlement = Settlement(
        tx_hash="0x",
        block=12,
        block_time_s=NOW_MS // 1000,
        tx_index=0,
        sender="0x",
        number=5,
        data=data,
        data_hash=compute_data_hash(data),
        signer_bitmap=sum(1 << signer for signer in signers),
        attestations=tuple(sign_attestation(KEYS[signer], digest) for signer in signers),
        settled_bitmap=0b11,
        accumulator=bytes(32),
        records=5,
        quarantined=0,
        cost_ucr=int(words.sum()),
    )
    return Case(settlement, batch, known, (known, known))
