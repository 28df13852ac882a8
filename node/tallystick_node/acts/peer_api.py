"""What peers ask: to attest a release, a credit, or the freeze of a meter that signed twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from tallystick.chain.signer import Signer, attest
from tallystick.core.errors import TallystickError
from tallystick.core.frames import MAX_FRAME_BYTES, decode_frames
from tallystick_node.acts.api import read_signatures
from tallystick_node.acts.documents import (
    CreditDocument,
    ReleaseDocument,
    parse_credit,
    parse_release,
)
from tallystick_node.acts.judge import ActJudge
from tallystick_node.bodies import parse_document, read_body
from tallystick_node.errors import ParameterInvalid
from tallystick_node.peer_gate import PeerGate
from tallystick_node.peers.question import CREDITS_PATH, FREEZES_PATH, RELEASES_PATH
from tallystick_node.peers.signing import parse_headers

BODY_TIMEOUT_S: Final = 5.0
DOCUMENT_BYTES: Final = 8_192
PROOF_FRAMES: Final = 2

ComputeMessage = Callable[[bytes], Awaitable[bytes]]

log = structlog.get_logger(__name__)


def create_act_peer_router(judge: ActJudge, gate: PeerGate, signer: Signer) -> APIRouter:
    """The routes that peers ask.

    Args:
        judge: of this validator.
        gate: refuses strangers.
        signer: of this validator's attestation key.
    """
    router = APIRouter()

    async def judge_release(body: bytes) -> bytes:
        release = parse_release(parse_document(body, ReleaseDocument))
        return await judge.attest_release(release)

    async def judge_credit(body: bytes) -> bytes:
        document = parse_document(body, CreditDocument)
        return await judge.attest_credit(parse_credit(document), read_signatures(document))

    async def judge_freeze(body: bytes) -> bytes:
        frames = list(decode_frames(body, max_frames=PROOF_FRAMES))
        if len(frames) != PROOF_FRAMES:
            raise ParameterInvalid("a proof is two frames", expected=PROOF_FRAMES, actual=1)
        return judge.attest_freeze(*frames)

    async def answer(
        request: Request, limit_bytes: int, compute_message: ComputeMessage
    ) -> JSONResponse:
        claims = parse_headers(request.headers)
        gate.check_rate(claims)
        body = await read_body(request, limit_bytes=limit_bytes, timeout_s=BODY_TIMEOUT_S)
        index = gate.admit(request, claims, body)
        try:
            attestation = await attest(signer, await compute_message(body))
        except TallystickError as error:
            path = request.url.path
            log.info("act_not_attested", peer=claims.sender, path=path, **error.as_dict())
            raise
        return JSONResponse({"index": index, "attestation": "0x" + attestation.hex()})

    @router.post(RELEASES_PATH)
    async def post_release(request: Request) -> JSONResponse:
        """This validator's attestation of a release."""
        return await answer(request, DOCUMENT_BYTES, judge_release)

    @router.post(CREDITS_PATH)
    async def post_credit(request: Request) -> JSONResponse:
        """This validator's attestation of a credit."""
        return await answer(request, DOCUMENT_BYTES, judge_credit)

    @router.post(FREEZES_PATH)
    async def post_freeze(request: Request) -> JSONResponse:
        """This validator's word that the two frames in the body prove equivocation."""
        return await answer(request, PROOF_FRAMES * MAX_FRAME_BYTES, judge_freeze)

    return router
