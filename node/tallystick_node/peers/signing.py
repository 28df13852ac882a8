"""Signed requests between validators (docs/protocol.md section 8)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from tallystick.core.facts import Validator
from tallystick.core.hashes import compute_sha256
from tallystick_node.errors import PeerReplayed, PeerUnknown

DOMAIN: Final = b"tallystick/peer/v1"
MAX_AGE_MS: Final = 30_000
NONCE_BYTES: Final = 16
SIGNATURE_BYTES: Final = 64
MAX_NONCES: Final = 50_000
"""Of one peer within `MAX_AGE_MS`; far above what its rate allows."""

VALIDATOR_HEADER: Final = "Tallystick-Validator"
TIME_HEADER: Final = "Tallystick-Time"
NONCE_HEADER: Final = "Tallystick-Nonce"
SIGNATURE_HEADER: Final = "Tallystick-Signature"


@dataclass(frozen=True, slots=True)
class PeerRequest:
    """What a signature between validators covers, but for the sender's index."""

    network_id: bytes
    method: str
    path: str
    recipient: int
    time_ms: int
    nonce: bytes
    body: bytes

    def compute_digest(self) -> bytes:
        """The 32 bytes that the sender signs."""
        return compute_sha256(
            DOMAIN,
            self.network_id,
            self.method.encode() + b"\0",
            self.path.encode() + b"\0",
            bytes([self.recipient]),
            self.time_ms.to_bytes(8, "big"),
            self.nonce,
            compute_sha256(self.body),
        )


@dataclass(frozen=True, slots=True)
class PeerHeaders:
    """Who claims to have sent a request, when, and the proof."""

    sender: int
    time_ms: int
    nonce: bytes
    signature: bytes


def sign_request(key: SigningKey, sender: int, request: PeerRequest) -> dict[str, str]:
    """The headers that prove who sent the request.

    Args:
        key: the sender's transport key.
        sender: its index in the validator set.
        request: with a nonce never used before.
    """
    return {
        VALIDATOR_HEADER: str(sender),
        TIME_HEADER: str(request.time_ms),
        NONCE_HEADER: request.nonce.hex(),
        SIGNATURE_HEADER: key.sign(request.compute_digest()).signature.hex(),
    }


def parse_headers(headers: Mapping[str, str]) -> PeerHeaders:
    """The claims in a request's headers, not proven yet.

    Raises:
        PeerUnknown: one is missing or malformed.
    """
    try:
        parsed = PeerHeaders(
            int(headers[VALIDATOR_HEADER]),
            int(headers[TIME_HEADER]),
            bytes.fromhex(headers[NONCE_HEADER]),
            bytes.fromhex(headers[SIGNATURE_HEADER]),
        )
    except (KeyError, ValueError) as error:
        raise PeerUnknown("a request between validators is not signed") from error
    sizes = len(parsed.nonce), len(parsed.signature)
    if (
        sizes != (NONCE_BYTES, SIGNATURE_BYTES)
        or not 0 <= parsed.time_ms < 2**64
        or parsed.sender < 0
    ):
        raise PeerUnknown("a request between validators is malformed", actual=str(sizes))
    return parsed


def verify_request(
    claims: PeerHeaders, request: PeerRequest, validators: Sequence[Validator]
) -> None:
    """The request was signed by the validator it names.

    Args:
        claims: from the headers.
        request: built from the same claims by the recipient.
        validators: the set in force.

    Raises:
        PeerUnknown: no such validator, or another one's signature.
    """
    if claims.sender >= len(validators):
        raise PeerUnknown(
            "no such validator is in force",
            expected=f"below {len(validators)}",
            actual=claims.sender,
        )
    try:
        key = VerifyKey(validators[claims.sender].transport_key)
        key.verify(request.compute_digest(), claims.signature)
    except (BadSignatureError, ValueError) as error:
        raise PeerUnknown(
            "a request is not signed by the validator it names", actual=claims.sender
        ) from error


class SeenNonces:
    """Nonces of every peer within the age that a request may have."""

    def __init__(self) -> None:
        self._seen: dict[int, OrderedDict[bytes, int]] = {}

    def check_fresh(self, claims: PeerHeaders, now_ms: int) -> None:
        """The request is new, and remembered. Call it only once its signature was verified.

        Raises:
            PeerReplayed: too old, too far ahead, or seen before.
        """
        if abs(now_ms - claims.time_ms) > MAX_AGE_MS:
            raise PeerReplayed(
                "a request between validators is not of this time",
                expected=f"within {MAX_AGE_MS} ms of {now_ms}",
                actual=claims.time_ms,
            )
        seen = self._seen.setdefault(claims.sender, OrderedDict())
        while seen and next(iter(seen.values())) < now_ms - 2 * MAX_AGE_MS:
            seen.popitem(last=False)
        if claims.nonce in seen or len(seen) >= MAX_NONCES:
            raise PeerReplayed("a request between validators was sent before")
        seen[claims.nonce] = now_ms
