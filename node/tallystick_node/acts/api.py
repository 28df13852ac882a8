"""Corrections asked for by clients: a record looked up, released, credited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from tallystick.core.errors import NotReleasable
from tallystick_node.acts.desk import ActDesk, Done
from tallystick_node.acts.documents import (
    SIGNATURE_BYTES,
    CreditDocument,
    RecordName,
    parse_credit,
    parse_hex,
    write_hex,
)
from tallystick_node.acts.judge import ActJudge, CreditSignatures
from tallystick_node.bodies import parse_document, read_body
from tallystick_node.clock import Clock
from tallystick_node.rates import TokenBuckets

BODY_BYTES: Final = 8_192
BODY_TIMEOUT_S: Final = 5.0
REQUESTS_PER_S: Final = 10
BURST_REQUESTS: Final = 100


@dataclass(slots=True)
class ClientGate:
    """Bounds what clients ask for, all of them together: each correction costs a quorum's work."""

    clock: Clock
    rates: TokenBuckets

    def take(self) -> None:
        """One more request.

        Raises:
            RateLimited: not before a moment has passed.
        """
        self.rates.take_one(
            "clients",
            self.clock(),
            refusal="too many corrections were asked for",
            expected=f"{REQUESTS_PER_S} a second",
        )


def create_correction_router(desk: ActDesk, judge: ActJudge, gate: ClientGate) -> APIRouter:
    """The routes that clients ask.

    Args:
        desk: carries out.
        judge: looks up and judges.
        gate: bounds.
    """
    router = APIRouter()

    @router.get("/v1/corrections/records")
    async def get_record(meter: int, seq: int) -> JSONResponse:
        """A settled record, and what it would be released at; null where it would not."""
        gate.take()
        settled = await judge.find_record(meter, seq)
        record = settled.record[0]
        try:
            release_ucr = (await judge.propose_release(meter, seq)).cost_ucr
        except NotReleasable:
            release_ucr = None
        return JSONResponse(
            {
                "meter": meter,
                "seq": seq,
                "project": int(record["project"]),
                "resource": int(record["resource"]),
                "user": int(record["user"]),
                "reason": settled.reason.name.lower(),
                "cost_ucr": settled.cost_ucr,
                "record_hash": write_hex(settled.compute_hash()),
                "release_ucr": release_ucr,
            }
        )

    @router.post("/v1/corrections/releases")
    async def post_release(request: Request) -> JSONResponse:
        """The quarantined record of the body was charged: `{meter, seq}`."""
        gate.take()
        name = parse_document(await _read(request), RecordName)
        return _answer(await desk.release(name.meter, name.seq))

    @router.post("/v1/corrections/credits")
    async def post_credit(request: Request) -> JSONResponse:
        """The credit of the body was given, on the signatures that it carries."""
        gate.take()
        document = parse_document(await _read(request), CreditDocument)
        signatures = read_signatures(document)
        return _answer(await desk.credit(parse_credit(document), signatures, document))

    return router


def read_signatures(document: CreditDocument) -> CreditSignatures:
    """The owner's and the registrar's.

    Raises:
        ParameterInvalid: one has a wrong size.
    """
    return CreditSignatures(
        parse_hex(document.owner_signature, SIGNATURE_BYTES),
        parse_hex(document.registrar_signature, SIGNATURE_BYTES),
    )


async def _read(request: Request) -> bytes:
    return await read_body(request, limit_bytes=BODY_BYTES, timeout_s=BODY_TIMEOUT_S)


def _answer(done: Done) -> JSONResponse:
    return JSONResponse({"tx_hash": done.tx_hash, **done.details})
