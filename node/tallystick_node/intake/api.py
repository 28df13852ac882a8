"""POST /v1/frames: bytes in, receipts or a coded refusal out."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from tallystick_node.answers import answer_error
from tallystick_node.bodies import read_body
from tallystick_node.intake.acceptance import Intake


def create_intake_router(intake: Intake, *, body_bytes: int, body_timeout_s: float) -> APIRouter:
    """The route that takes frames.

    Args:
        intake: judges and stores them.
        body_bytes: a longer body is refused.
        body_timeout_s: a slower body is refused.
    """
    router = APIRouter()

    @router.post("/v1/frames")
    async def post_frames(request: Request) -> JSONResponse:
        """Signed frames, concatenated; acknowledged only once they are on disk."""
        body = await read_body(request, limit_bytes=body_bytes, timeout_s=body_timeout_s)
        answer = await intake.accept(body)
        receipts = [asdict(receipt) for receipt in answer.receipts]
        if answer.error is not None:
            return answer_error(answer.error, accepted=len(receipts), frames=receipts)
        return JSONResponse({"accepted": len(receipts), "frames": receipts})

    return router
