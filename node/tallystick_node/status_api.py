"""How this validator is: health, readiness, metrics, status, and cursors as it follows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from tallystick.core.settlement import Cursor
from tallystick_node.chain_view import ChainView
from tallystick_node.errors import ParameterInvalid
from tallystick_node.metrics import NodeMetrics

MAX_METERS = 1_000
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether this validator can settle what it takes, and why not."""

    follows: bool
    attests: bool
    """Its keys are in the validator set in force."""
    quorum: bool
    """Enough peers answered when last asked."""

    @property
    def is_ready(self) -> bool:
        """All of it."""
        return self.follows and self.attests and self.quorum


def create_status_router(
    view: ChainView,
    metrics: NodeMetrics,
    read_readiness: Callable[[], Readiness],
    read_status: Callable[[], Mapping[str, Any]],
) -> APIRouter:
    """The routes that operators and meters look at.

    Args:
        view: of the chain.
        metrics: this node's.
        read_readiness: as of now.
        read_status: the fields of /v1/status.
    """
    router = APIRouter()

    @router.get("/healthz")
    async def get_health() -> JSONResponse:
        """The process is alive."""
        return JSONResponse({"status": "ok"})

    @router.get("/readyz")
    async def get_readiness() -> JSONResponse:
        """200 when frames sent here will settle, else 503 with what is missing."""
        readiness = read_readiness()
        return JSONResponse(
            {"ready": readiness.is_ready, **asdict(readiness)}, 200 if readiness.is_ready else 503
        )

    @router.get("/metrics")
    async def get_metrics() -> Response:
        """Prometheus text."""
        return Response(metrics.render(), media_type=METRICS_TYPE)

    @router.get("/v1/status")
    async def get_status() -> JSONResponse:
        """This validator in one document."""
        return JSONResponse(dict(read_status()))

    @router.get("/v1/cursors")
    async def get_cursors(meters: str) -> JSONResponse:
        """Where meters stand at the newest final block followed."""
        cursors = {
            str(meter): asdict(view.cursors.get(meter, Cursor())) for meter in parse_meters(meters)
        }
        return JSONResponse({"block": view.head.number, "cursors": cursors})

    return router


def parse_meters(text: str) -> list[int]:
    """Meter ids from `1,2,3`.

    Raises:
        ParameterInvalid: anything else, or too many.
    """
    parts = text.split(",")
    if len(parts) > MAX_METERS or not all(part.isdecimal() and part.isascii() for part in parts):
        raise ParameterInvalid(
            "meters are ids with commas between",
            expected=f"such as 1,2; at most {MAX_METERS}",
            actual=text[:100],
        )
    return [int(part) for part in parts]
