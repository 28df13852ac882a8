"""Attestations: ECDSA over EIP-712 `Batch(configDigest, dataHash)` (docs/protocol.md section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from coincurve import PrivateKey, PublicKey

from tallystick.core.errors import BadSignature
from tallystick.core.hashes import compute_keccak256
from tallystick.core.typed_data import compute_domain, compute_typed_message, encode_word

SECP256K1_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
ATTESTATION_BYTES: Final = 64

DOMAIN_NAME: Final = "Tallystick"
_BATCH_TYPE: Final = "Batch(bytes32 configDigest,bytes32 dataHash)"


@dataclass(frozen=True, slots=True)
class LedgerConfig:
    """What an attestation is bound to: one ledger, chain, validator set and rules version."""

    chain_id: int
    ledger: bytes
    """20 bytes."""
    set_version: int
    rules_version: int


def compute_config_digest(config: LedgerConfig) -> bytes:
    """keccak256(abi.encode(chainId, ledger, setVersion, rulesVersion)): 32 bytes."""
    return compute_keccak256(
        encode_word(config.chain_id),
        config.ledger.rjust(32, b"\0"),
        encode_word(config.set_version),
        encode_word(config.rules_version),
    )


def compute_attestation_message(config: LedgerConfig, data_hash: bytes) -> bytes:
    """The 66 bytes whose keccak-256 a validator signs for the batch with this data hash.

    Source: EIP-712.
    """
    domain = compute_domain(DOMAIN_NAME, config.chain_id, config.ledger)
    return compute_typed_message(domain, _BATCH_TYPE, compute_config_digest(config), data_hash)


def compute_attestation_digest(config: LedgerConfig, data_hash: bytes) -> bytes:
    """The 32 bytes that a validator signs: the hash of `compute_attestation_message`."""
    return compute_keccak256(compute_attestation_message(config, data_hash))


def sign_attestation(key: PrivateKey, digest: bytes) -> bytes:
    """The EIP-2098 signature of a digest: r, then s with the parity in its top bit; s is low.

    Args:
        key: the validator's attestation key.
        digest: 32 bytes.
    """
    return compact_signature(key.sign_recoverable(digest, hasher=None))


def compact_signature(signature: bytes) -> bytes:
    """The 64 bytes of EIP-2098, from the 65 bytes r, s, recovery."""
    s_word = int.from_bytes(signature[32:64], "big") | signature[64] << 255
    return signature[:32] + encode_word(s_word)


def recover_attester(digest: bytes, attestation: bytes) -> str:
    """The lower-case 0x address whose key made the attestation.

    Raises:
        BadSignature: not 64 bytes, s not low, or no key recoverable.
    """
    if len(attestation) != ATTESTATION_BYTES:
        raise BadSignature("an attestation has a wrong size", expected=64, actual=len(attestation))
    s_word = int.from_bytes(attestation[32:], "big")
    parity, s = s_word >> 255, s_word & (2**255 - 1)
    if not 0 < s <= SECP256K1_ORDER // 2:
        raise BadSignature("an attestation's s is not low", expected="1..n/2", actual=hex(s))
    try:
        key = PublicKey.from_signature_and_message(
            attestation[:32] + encode_word(s) + bytes([parity]), digest, hasher=None
        )
    except ValueError as error:
        raise BadSignature("no key is recoverable from an attestation") from error
    return compute_address(key)


def compute_address(key: PublicKey) -> str:
    """The lower-case 0x address of a public key."""
    return "0x" + compute_keccak256(key.format(compressed=False)[1:])[12:].hex()
