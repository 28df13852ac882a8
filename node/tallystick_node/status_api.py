"""How this validator is: health, readiness, metrics, status, and cursors as it follows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from tallystick.core.settlement import Cursor
from tallystick_node.chain_view import ChainView
from tallystick_node.errors import ParameterInvalid
from tallystick_node.metrics import NodeMetrics

MAX_METERS = 1_000
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Health:
    """Whether this process works at all; a chain that is away is no illness."""

    time_ms: int
    """This node's clock, for its peers to compare with theirs."""
    wedged: tuple[str, ...] = ()
    """Loops whose step does not end."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether this validator can settle what it takes, and why not."""

    follows: bool
    """It stood at the chain's head a moment ago."""
    attests: bool
    """Its keys are in the validator set in force."""
    quorum: bool
    """Enough peers answered when last asked."""
    disk: bool
    """There is room for more frames."""
    draining: bool
    """It is stopping: this one must not hold."""

    @property
    def is_ready(self) -> bool:
        """All of it."""
        return self.follows and self.attests and self.quorum and self.disk and not self.draining


class Readings(Protocol):
    """What the routes show."""

    def read_health(self) -> Health:
        """As of now."""

    def read_readiness(self) -> Readiness:
        """As of now."""

    def read_status(self) -> Mapping[str, Any]:
        """The fields of /v1/status."""


def create_status_router(view: ChainView, metrics: NodeMetrics, readings: Readings) -> APIRouter:
    """The routes that operators and meters look at.

    Args:
        view: of the chain.
        metrics: this node's.
        readings: see there.
    """
    router = APIRouter()

    @router.get("/healthz")
    async def get_health() -> JSONResponse:
        """200 while every loop moves, else 503 with those that do not: restart the process."""
        health = readings.read_health()
        word = "wedged" if health.wedged else "ok"
        return JSONResponse({"status": word, **asdict(health)}, 503 if health.wedged else 200)

    @router.get("/readyz")
    async def get_readiness() -> JSONResponse:
        """200 when frames sent here will settle, else 503 with what is missing."""
        readiness = readings.read_readiness()
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
        return JSONResponse(dict(readings.read_status()))

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
