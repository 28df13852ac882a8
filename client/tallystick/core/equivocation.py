"""Equivocation: two frames under one key that differ at a sequence number, and what they prove.

The proof is both frames; whoever knows the meter's key can check it. Its hash does not depend on
their order, so that all validators that saw the two sign the same thing.
"""

from __future__ import annotations

from typing import Final

from tallystick.core.errors import NotEquivocal, WrongNetwork
from tallystick.core.facts import Facts
from tallystick.core.frames import Frame, encode_frame, verify_frame
from tallystick.core.hashes import compute_keccak256
from tallystick.core.typed_data import compute_domain, compute_typed_message, encode_word

DOMAIN_NAME: Final = "Tallystick MeterFreezes"
FREEZE_TYPE: Final = "Freeze(uint32 meter,bytes32 proofHash)"


def check_equivocation(one: Frame, other: Frame, facts: Facts, network_id: bytes) -> None:
    """The two frames prove that the meter signed two histories under its key in force.

    A key that was replaced proves nothing any more: what it signed settles no longer.

    Args:
        one: a frame as it was received.
        other: another.
        facts: as known now.
        network_id: 32 bytes, this network's.

    Raises:
        WrongNetwork, NotEquivocal, BadSignature: they prove nothing.
    """
    for frame in (one, other):
        if frame.network_id != network_id:
            raise WrongNetwork(
                "a frame is for another network",
                expected=network_id.hex(),
                actual=frame.network_id.hex(),
            )
    if (one.version, one.meter, one.key_index) != (other.version, other.meter, other.key_index):
        raise NotEquivocal(
            "two frames are not of one meter and key",
            expected=f"meter {one.meter}, key {one.key_index}",
            actual=f"meter {other.meter}, key {other.key_index}",
        )
    if not is_conflicting(one, other):
        raise NotEquivocal(
            "two frames agree wherever they overlap",
            expected="other records at a shared number",
            actual=f"{one.first_seq}..{one.end_seq} and {other.first_seq}..{other.end_seq}",
        )
    keys = facts.meter_keys.get(one.meter)
    key = keys.latest() if keys is not None else None
    if key is None or key.key_index != one.key_index:
        raise NotEquivocal(
            "two frames are not under the meter's key in force",
            expected="none" if key is None else key.key_index,
            actual=one.key_index,
        )
    verify_frame(one, key.key)
    verify_frame(other, key.key)


def is_conflicting(one: Frame, other: Frame) -> bool:
    """Whether the two hold different records at a sequence number that they share."""
    first, end = max(one.first_seq, other.first_seq), min(one.end_seq, other.end_seq)
    if first >= end:
        return False
    mine = one.records[first - one.first_seq : end - one.first_seq]
    theirs = other.records[first - other.first_seq : end - other.first_seq]
    return mine.tobytes() != theirs.tobytes()


def compute_proof_hash(one: Frame, other: Frame) -> bytes:
    """What names the proof on chain: keccak256 of both frames, the smaller first."""
    return compute_keccak256(*sorted((encode_frame(one), encode_frame(other))))


def compute_freeze_message(meter: int, proof_hash: bytes, chain_id: int, contract: bytes) -> bytes:
    """The 66 bytes whose keccak-256 validators sign to freeze a meter.

    Args:
        meter: its id.
        proof_hash: from `compute_proof_hash`.
        chain_id: of the chain.
        contract: 20 bytes, the MeterFreezes contract's address.
    """
    domain = compute_domain(DOMAIN_NAME, chain_id, contract)
    return compute_typed_message(domain, FREEZE_TYPE, encode_word(meter), proof_hash)


def compute_freeze_digest(meter: int, proof_hash: bytes, chain_id: int, contract: bytes) -> bytes:
    """The 32 bytes that validators sign: the hash of `compute_freeze_message`."""
    return compute_keccak256(compute_freeze_message(meter, proof_hash, chain_id, contract))
