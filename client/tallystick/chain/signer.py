"""Who signs: one Protocol for a key in memory and for a signer elsewhere."""

from __future__ import annotations

from typing import Final, Protocol

from coincurve import PrivateKey

from tallystick.core.attestation import compact_signature, compute_address
from tallystick.core.hashes import compute_keccak256

SIGNATURE_BYTES: Final = 65


class Signer(Protocol):
    """Signs with one secp256k1 key, wherever that key is."""

    @property
    def address(self) -> str:
        """The key's lower-case 0x address."""

    async def sign(self, message: bytes) -> bytes:
        """The 65 bytes r, s, recovery over keccak256(message); s is low, recovery 0 or 1.

        Raises:
            SignerUnreachable: nobody signed in time.
            SignerAnswerWrong: the signer will not sign, or signed something else.
        """

    async def aclose(self) -> None:
        """No connection is left open."""


class KeySigner:
    """Signs with a key in memory, at once.

    Args:
        key: secp256k1.
    """

    def __init__(self, key: PrivateKey) -> None:
        self._key = key
        self._address = compute_address(key.public_key)

    @property
    def address(self) -> str:
        """The key's lower-case 0x address."""
        return self._address

    async def sign(self, message: bytes) -> bytes:
        """The 65 bytes r, s, recovery over keccak256(message)."""
        return self._key.sign_recoverable(compute_keccak256(message), hasher=None)

    async def aclose(self) -> None:
        """Nothing was open."""


async def attest(signer: Signer, message: bytes) -> bytes:
    """The attestation of a message, 64 bytes as of EIP-2098.

    Raises:
        SignerUnreachable, SignerAnswerWrong: nobody signed.
    """
    return compact_signature(await signer.sign(message))
