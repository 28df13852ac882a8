"""POST /v1/attestations: a peer's batch in, this validator's attestation out."""

from __future__ import annotations

from typing import Final

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from tallystick.core.batches import MAX_TRANSACTION_BYTES
from tallystick.core.errors import TallystickError
from tallystick_node.attest.attester import Attester
from tallystick_node.bodies import read_body
from tallystick_node.metrics import NodeMetrics
from tallystick_node.peer_gate import PeerGate
from tallystick_node.peers.question import BATCHES_PATH
from tallystick_node.peers.signing import parse_headers

BODY_TIMEOUT_S: Final = 5.0

log = structlog.get_logger(__name__)


def create_peer_router(attester: Attester, gate: PeerGate, metrics: NodeMetrics) -> APIRouter:
    """The route that peers ask.

    Args:
        attester: judges and signs.
        gate: refuses strangers.
        metrics: this node's.
    """
    router = APIRouter()

    @router.post(BATCHES_PATH)
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
