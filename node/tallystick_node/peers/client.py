"""Asking the other validators: signed requests, with a back-off for those that do not answer."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import httpx
import msgspec
import structlog
from nacl.signing import SigningKey

from tallystick.core.attestation import ATTESTATION_BYTES
from tallystick.core.facts import Validator
from tallystick_node.clock import Clock
from tallystick_node.peers.signing import NONCE_BYTES, PeerRequest, sign_request

HEALTH_PATH: Final = "/healthz"
FIRST_REST_MS: Final = 250
LONGEST_REST_MS: Final = 10_000
LAGGING_CODES: Final = frozenset({"reference_unknown", "record_not_indexed", "record_unknown"})
"""Refusals that cure themselves once the peer has followed the chain as far as we have."""
RETRY_REFERENCE_S: Final = 0.1
REFERENCE_TRIES: Final = 5
HTTP_OK: Final = 200
PROBE_TIMEOUT_S: Final = 2.0
QUIET_MS: Final = 3_000
CLOCK_MS: Final = 30_000
"""How long what a peer's clock said stands."""
MAX_PEER_ANSWER_BYTES: Final = 4_096

MAX_TIME_MS: Final = 1 << 53
UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What reading a document raises that a peer made up."""

log = structlog.get_logger(__name__)


class PeerAnswer(msgspec.Struct):
    """What a peer says: its attestation, or why not."""

    attestation: str = ""
    code: str = ""
    message: str = ""


class PeerHealth(msgspec.Struct):
    """What a peer says of itself; releases before this one say no time."""

    time_ms: Annotated[int, msgspec.Meta(ge=0, le=MAX_TIME_MS)] | None = None


@dataclass(slots=True)
class _Health:
    failures: int = 0
    resting_until_ms: int = 0
    answered_at_ms: int = 0


class PeerClient:
    """Asks peers, and remembers who did not answer.

    Args:
        transport_key: this validator's.
        network_id: 32 bytes.
        clock: this node's.
        urls: by validator name; override those of the validator set.
        timeout_s: for one request.
        transport: replaces the network in tests.
    """

    def __init__(
        self,
        transport_key: SigningKey,
        network_id: bytes,
        clock: Clock,
        urls: Mapping[str, str],
        *,
        timeout_s: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._key = transport_key
        self._network_id = network_id
        self._clock = clock
        self._urls = urls
        self._health: dict[bytes, _Health] = {}
        self._probed_at_ms: dict[bytes, int] = {}
        self._ahead_ms: dict[bytes, int] = {}
        self._timeout_s = timeout_s
        self._http = httpx.AsyncClient(timeout=timeout_s, transport=transport, trust_env=False)

    def is_resting(self, peer: Validator) -> bool:
        """Whether the peer failed lately and is better left alone for a moment."""
        left_ms = self._health_of(peer).resting_until_ms - self._clock()
        return 0 < left_ms <= LONGEST_REST_MS  # more is left only where the clock was set back

    def is_reachable(self, peer: Validator) -> bool:
        """Whether the peer answered when last asked, or was never asked."""
        return self._health_of(peer).failures == 0

    def is_quiet(self, peer: Validator) -> bool:
        """Whether the peer has not answered anything lately, or not said what time it has."""
        now_ms = self._clock()
        is_silent = now_ms - self._health_of(peer).answered_at_ms > QUIET_MS
        return is_silent or now_ms - self._probed_at_ms.get(peer.transport_key, 0) > CLOCK_MS

    def read_ahead_ms(self, peer: Validator) -> int | None:
        """By how much this node's clock is ahead of the peer's; None where it never said."""
        return self._ahead_ms.get(peer.transport_key)

    async def ask_attestation(
        self, peer: Validator, sender: int, recipient: int, body: bytes, path: str
    ) -> bytes | None:
        """The peer's attestation, 64 bytes not verified yet; None where it gives none.

        Args:
            peer: whom to ask.
            sender: this validator's index.
            recipient: the peer's index.
            body: what it is to attest, such as an encoded batch.
            path: where to ask.
        """
        for _ in range(REFERENCE_TRIES):
            answer = await self._post(peer, sender, recipient, body, path)
            if answer is None or answer.code not in LAGGING_CODES:
                return self._read_attestation(peer, answer)
            await asyncio.sleep(RETRY_REFERENCE_S)
        return None

    async def probe(self, peer: Validator) -> bool:
        """Whether the peer answers at all; its health is noted."""
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                response = await self._http.get(self._url(peer) + HEALTH_PATH)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError):
            self._note_failure(peer)
            return False
        self._note_answer(peer)
        self._note_clock(peer, response.content)
        return response.status_code == HTTP_OK

    def note_lie(self, peer: Validator) -> None:
        """The peer's attestation did not verify: it rests like one that is silent."""
        log.warning("attestation_invalid", peer=peer.name)
        self._note_failure(peer)

    async def aclose(self) -> None:
        """Every connection is closed."""
        await self._http.aclose()

    async def _post(
        self, peer: Validator, sender: int, recipient: int, body: bytes, path: str
    ) -> PeerAnswer | None:
        nonce = secrets.token_bytes(NONCE_BYTES)
        request = PeerRequest(
            self._network_id,
            "POST",
            path,
            recipient,
            self._clock(),
            nonce,
            body,
        )
        headers = sign_request(self._key, sender, request)
        try:
            async with asyncio.timeout(self._timeout_s):
                said = await self._exchange(self._url(peer) + path, headers, body)
            answer = msgspec.json.decode(said, type=PeerAnswer)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, *UNREADABLE) as error:
            log.info("peer_failed", peer=peer.name, error=f"{type(error).__name__}: {error}")
            self._note_failure(peer)
            return None
        self._note_answer(peer)
        return answer

    async def _exchange(self, url: str, headers: Mapping[str, str], body: bytes) -> bytes:
        """The answer's body, never more of it than an answer can have."""
        answer = b""
        async with self._http.stream("POST", url, content=body, headers=headers) as response:
            async for part in response.aiter_raw():
                answer += part
                if len(answer) > MAX_PEER_ANSWER_BYTES:
                    raise httpx.DecodingError("an answer between validators is too long")
        return answer

    def _read_attestation(self, peer: Validator, answer: PeerAnswer | None) -> bytes | None:
        if answer is None:
            return None
        if answer.code:
            log.warning(
                "attestation_refused", peer=peer.name, code=answer.code, message=answer.message
            )
            return None
        try:
            attestation = bytes.fromhex(answer.attestation.removeprefix("0x"))
        except ValueError:
            return None
        return attestation if len(attestation) == ATTESTATION_BYTES else None

    def _url(self, peer: Validator) -> str:
        return self._urls.get(peer.name, peer.url).rstrip("/")

    def _health_of(self, peer: Validator) -> _Health:
        return self._health.setdefault(peer.transport_key, _Health())

    def _note_clock(self, peer: Validator, said: bytes) -> None:
        self._probed_at_ms[peer.transport_key] = self._clock()
        try:
            time_ms = msgspec.json.decode(said, type=PeerHealth).time_ms
        except UNREADABLE:
            return
        if time_ms is not None:
            self._ahead_ms[peer.transport_key] = self._clock() - time_ms

    def _note_answer(self, peer: Validator) -> None:
        self._health[peer.transport_key] = _Health(answered_at_ms=self._clock())

    def _note_failure(self, peer: Validator) -> None:
        health = self._health_of(peer)
        health.answered_at_ms = 0
        rest_ms = min(FIRST_REST_MS << min(health.failures, 16), LONGEST_REST_MS)
        health.failures += 1
        health.resting_until_ms = self._clock() + rest_ms
