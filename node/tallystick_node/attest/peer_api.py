"""POST /v1/attestations: a peer's batch in, this validator's attestation out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from tallystick.core.batches import MAX_TRANSACTION_BYTES
from tallystick.core.errors import TallystickError
from tallystick_node.attest.attester import Attester
from tallystick_node.bodies import read_body
from tallystick_node.clock import Clock
from tallystick_node.errors import NotAttesting, RateLimited
from tallystick_node.membership import Membership
from tallystick_node.metrics import NodeMetrics
from tallystick_node.peers.signing import (
    PeerHeaders,
    PeerRequest,
    SeenNonces,
    parse_headers,
    verify_request,
)
from tallystick_node.rates import TokenBuckets

BODY_TIMEOUT_S: Final = 5.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class PeerGate:
    """Lets through what a validator in force signed for this one, once, at a bounded rate.

    Args:
        network_id: 32 bytes.
        read_membership: the set in force, and this node's index in it.
        rates: per peer.
        clock: this node's.
    """

    network_id: bytes
    read_membership: Callable[[], Membership]
    rates: TokenBuckets
    clock: Clock
    nonces: SeenNonces

    def check_rate(self, claims: PeerHeaders) -> None:
        """The claimed sender may send now.

        Raises:
            RateLimited: not before a moment has passed.
        """
        wait_ms = self.rates.compute_wait_ms(claims.sender, 1, self.clock())
        if wait_ms:
            raise RateLimited(
                "a validator asks too often",
                retry_after_s=-(-wait_ms // 1000),
                expected="fewer requests",
            )

    def admit(self, request: Request, claims: PeerHeaders, body: bytes) -> int:
        """The request is authentic and new; this validator's index.

        Raises:
            NotAttesting, PeerUnknown, PeerReplayed.
        """
        membership = self.read_membership()
        if membership.index is None:
            raise NotAttesting("this validator is not in the set in force")
        signed = PeerRequest(
            self.network_id,
            request.method,
            request.url.path,
            membership.index,
            claims.time_ms,
            claims.nonce,
            body,
        )
        verify_request(claims, signed, membership.validators)
        self.nonces.check_fresh(claims, self.clock())
        self.rates.take(claims.sender, 1, self.clock())
        return membership.index


def create_peer_router(attester: Attester, gate: PeerGate, metrics: NodeMetrics) -> APIRouter:
    """The route that peers ask.

    Args:
        attester: judges and signs.
        gate: refuses strangers.
        metrics: this node's.
    """
    router = APIRouter()

    @router.post("/v1/attestations")
    async def post_attestation(request: Request) -> JSONResponse:
        """This validator's attestation of the batch in the body."""
        claims = parse_headers(request.headers)
        gate.check_rate(claims)
        body = await read_body(request, limit_bytes=MAX_TRANSACTION_BYTES, timeout_s=BODY_TIMEOUT_S)
        index = gate.admit(request, claims, body)
        try:
            with metrics.attest_seconds.time():
                attestation = await attester.attest(body)
        except TallystickError as error:
            metrics.attestations.labels(error.code).inc()
            log.info("batch_not_attested", peer=claims.sender, **error.as_dict())
            raise
        metrics.attestations.labels("attested").inc()
        return JSONResponse({"index": index, "attestation": "0x" + attestation.hex()})

    return router
