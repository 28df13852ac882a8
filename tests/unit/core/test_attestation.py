import json
from pathlib import Path

import pytest
from coincurve import PrivateKey
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.attestation import (
    SECP256K1_ORDER,
    LedgerConfig,
    compute_address,
    compute_attestation_digest,
    compute_config_digest,
    recover_attester,
    sign_attestation,
)
from tallystick.core.errors import BadSignature

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "settlement.json").read_text())
CONFIG = LedgerConfig(VECTORS["chain_id"], bytes.fromhex(VECTORS["ledger"][2:]), 1, 1)
DATA_HASH = bytes.fromhex(VECTORS["data_hash"][2:])
DIGEST = compute_attestation_digest(CONFIG, DATA_HASH)
KEY = PrivateKey(bytes([0x11]) * 32)


def test_attestation_has_no_malleable_twin() -> None:
    """(r, n-s) recovers the same key where signatures are 65 bytes; here it must not (T1)."""
    signature = sign_attestation(KEY, DIGEST)
    s_word = int.from_bytes(signature[32:], "big")
    parity, s = s_word >> 255, s_word & (2**255 - 1)
    twin = signature[:32] + ((1 - parity) << 255 | (SECP256K1_ORDER - s)).to_bytes(32, "big")
    assert recover_attester(DIGEST, signature) == compute_address(KEY.public_key)
    assert recover_attester(DIGEST, twin) != compute_address(KEY.public_key)
    with pytest.raises(BadSignature):
        recover_attester(DIGEST, signature[:32] + (2**255 - 1).to_bytes(32, "big"))


@pytest.mark.parametrize("attestation", [b"", bytes(64), bytes(65), b"\xff" * 64])
def test_attestation_refuses_what_is_no_signature(attestation: bytes) -> None:
    with pytest.raises(BadSignature):
        recover_attester(DIGEST, attestation)


@given(st.integers(1, SECP256K1_ORDER - 1), st.binary(min_size=32, max_size=32))
def test_attestation_recovers_its_signer(secret: int, digest: bytes) -> None:
    key = PrivateKey(secret.to_bytes(32, "big"))
    address = compute_address(key.public_key)
    assert recover_attester(digest, sign_attestation(key, digest)) == address
    assert Account.from_key(secret.to_bytes(32, "big")).address.lower() == address


def test_attestation_is_bound_to_everything_in_its_configuration() -> None:
    others = [
        LedgerConfig(CONFIG.chain_id + 1, CONFIG.ledger, 1, 1),
        LedgerConfig(CONFIG.chain_id, bytes(20), 1, 1),
        LedgerConfig(CONFIG.chain_id, CONFIG.ledger, 2, 1),
        LedgerConfig(CONFIG.chain_id, CONFIG.ledger, 1, 2),
    ]
    digests = {compute_attestation_digest(config, DATA_HASH) for config in [CONFIG, *others]}
    assert len(digests) == 5


def test_digest_is_eip_712s() -> None:
    """The same digest from an independent implementation of the standard."""
    typed = encode_typed_data(
        domain_data={
            "name": "Tallystick",
            "version": "1",
            "chainId": CONFIG.chain_id,
            "verifyingContract": CONFIG.ledger,
        },
        message_types={
            "Batch": [
                {"name": "configDigest", "type": "bytes32"},
                {"name": "dataHash", "type": "bytes32"},
            ]
        },
        message_data={"configDigest": compute_config_digest(CONFIG), "dataHash": DATA_HASH},
    )
    assert Account.recover_message(
        typed, signature=KEY.sign_recoverable(DIGEST, hasher=None)
    ).lower() == (compute_address(KEY.public_key))


def test_attestations_equal_their_vectors() -> None:
    assert compute_config_digest(CONFIG).hex() == VECTORS["config_digest"][2:]
    assert DIGEST.hex() == VECTORS["attestation_digest"][2:]
    recovered = [recover_attester(DIGEST, bytes.fromhex(a[2:])) for a in VECTORS["attestations"]]
    assert recovered == VECTORS["attesters"]
