"""The protocol's hashes: SHA-256 towards meters and peers, keccak-256 towards the chain."""

from __future__ import annotations

import hashlib

from Crypto.Hash import keccak


def compute_sha256(*parts: bytes | memoryview) -> bytes:
    """The SHA-256 digest of the parts, joined: 32 bytes."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def compute_keccak256(*parts: bytes | memoryview) -> bytes:
    """The keccak-256 digest (the EVM's) of the parts, joined: 32 bytes."""
    digest = keccak.new(digest_bits=256)
    for part in parts:
        digest.update(part)
    return digest.digest()
