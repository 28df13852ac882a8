"""Leases asked for by meters: opened or extended, declared, released."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from tallystick_node.bodies import parse_document, read_body
from tallystick_node.clock import Clock
from tallystick_node.leases.desk import Done, LeaseDesk
from tallystick_node.leases.documents import (
    DeclarationDocument,
    LeaseDocument,
    LeaseName,
    parse_signature,
)
from tallystick_node.rates import TokenBuckets

BODY_BYTES: Final = 2_048
BODY_TIMEOUT_S: Final = 5.0
REQUESTS_PER_S: Final = 50
BURST_REQUESTS: Final = 1_000


@dataclass(slots=True)
class CallerGate:
    """Bounds what one address asks for: every question is one to the chain."""

    clock: Clock
    rates: TokenBuckets

    def take(self, request: Request) -> None:
        """One more request.

        Raises:
            RateLimited: not before a moment has passed.
        """
        caller = request.client.host if request.client else ""
        self.rates.take_one(
            caller,
            self.clock(),
            refusal="too much about leases was asked from this address",
            expected=f"{REQUESTS_PER_S} a second",
        )


def create_lease_router(desk: LeaseDesk, gate: CallerGate) -> APIRouter:
    """The routes that meters ask.

    Args:
        desk: carries out.
        gate: bounds.
    """
    router = APIRouter()

    @router.post("/v1/leases")
    async def post_lease(request: Request) -> JSONResponse:
        """Credits are set aside, on the signature of the meter's lease key."""
        gate.take(request)
        document = parse_document(await _read(request), LeaseDocument)
        signature = parse_signature(document.signature)
        return _answer(await desk.open(document.request(), signature))

    @router.post("/v1/leases/declarations")
    async def post_declaration(request: Request) -> JSONResponse:
        """The meter's last number is known, on the signature of its lease key."""
        gate.take(request)
        document = parse_document(await _read(request), DeclarationDocument)
        signature = parse_signature(document.signature)
        return _answer(await desk.declare(document.end(), signature))

    @router.post("/v1/leases/releases")
    async def post_release(request: Request) -> JSONResponse:
        """What is left of a lease that has ended is free again: `{project, meter}`."""
        gate.take(request)
        name = parse_document(await _read(request), LeaseName)
        return _answer(await desk.release(name.project, name.meter))

    return router


async def _read(request: Request) -> bytes:
    return await read_body(request, limit_bytes=BODY_BYTES, timeout_s=BODY_TIMEOUT_S)


def _answer(done: Done) -> JSONResponse:
    return JSONResponse(
        {
            "tx_hash": done.tx_hash,
            "left_ucr": done.lease.left_ucr,
            "admit_until_s": done.lease.admit_until_s,
            "nonce": done.lease.nonce,
        }
    )
