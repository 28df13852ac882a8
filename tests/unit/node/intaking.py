"""An intake on real stores, in front of a chain that stands still, and its API."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from tests.unit.core.builders import NETWORK_ID, NOW_MS
from tests.unit.node.builders import FakeChain

from tallystick.core.frames import Frame, encode_frame
from tallystick_node.answers import install_error_answers
from tallystick_node.intake.acceptance import Intake, IntakeStores, IntakeTerms
from tallystick_node.intake.api import create_intake_router
from tallystick_node.intake.disk import DiskWatch
from tallystick_node.intake.equivocation import EquivocationLog
from tallystick_node.intake.journal import FrameJournal
from tallystick_node.intake.meter_rates import MeterRates, RateLimits
from tallystick_node.intake.pool import FramePool
from tallystick_node.metrics import NodeMetrics

WIDE_RATES = RateLimits(10**9, 10**9, 10**9, 10**9, 100_000, 1_000)
STALLED_AFTER_MS = 1_000
BODY_BYTES = 1_048_576


class Intaking:
    """Opened in a folder; `send` answers like a node would."""

    def __init__(
        self,
        folder: Path,
        *,
        journal_bytes: int = 10**7,
        rates: RateLimits = WIDE_RATES,
        body_timeout_s: float = 5.0,
        disk_reserve_bytes: int = 0,
    ) -> None:
        self.now_ms = NOW_MS
        self.is_member = True
        self.chain = FakeChain()
        self.folder = folder
        self.pool = FramePool(self.chain.read_cursor, max_bytes=10**7, look_ahead=1_000)
        self.journal = FrameJournal(folder / "journal", max_bytes=journal_bytes)
        self.metrics = NodeMetrics()
        self.intake = Intake(
            self.chain,
            IntakeTerms(NETWORK_ID, STALLED_AFTER_MS, max_frames=40),
            IntakeStores(
                self.pool,
                self.journal,
                EquivocationLog(folder / "proofs"),
                DiskWatch(folder, reserve_bytes=disk_reserve_bytes),
            ),
            MeterRates(rates),
            lambda: self.now_ms,
            self.metrics,
            is_member=lambda: self.is_member,
        )
        app = FastAPI()
        install_error_answers(app)
        app.include_router(
            create_intake_router(self.intake, body_bytes=BODY_BYTES, body_timeout_s=body_timeout_s)
        )
        self.http = AsyncClient(
            transport=ASGITransport(app, raise_app_exceptions=False), base_url="http://node"
        )

    async def send(self, *frames: Frame) -> Response:
        return await self.post(b"".join(map(encode_frame, frames)))

    async def post(self, body: bytes) -> Response:
        return await self.http.post("/v1/frames", content=body)

    def first_seqs(self) -> list[int]:
        """What could be settled now."""
        return [place.frame.first_seq for run in self.pool.runs() for place in run]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()
        await self.journal.close()
