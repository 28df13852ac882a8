"""What operators see of a validator: gauges, readiness, status."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter

from tallystick.chain.submitter import Submitter
from tallystick_node.basis import Basis
from tallystick_node.index_feed import IndexFeed
from tallystick_node.intake.acceptance import IntakeStores
from tallystick_node.membership import PeerWatch
from tallystick_node.settle.submit import Settler
from tallystick_node.status_api import Readiness, create_status_router


@dataclass(frozen=True, slots=True)
class Monitored:
    """The parts of a validator that are looked at."""

    basis: Basis
    stores: IntakeStores
    settler: Settler
    submitter: Submitter
    index: IndexFeed
    watch: PeerWatch

    def read_readiness(self) -> Readiness:
        """As of now."""
        basis = self.basis
        synced_at_ms = basis.view.synced_at_ms
        stalled_ms = basis.settings.chain_stalled_s * 1000
        return Readiness(
            follows=synced_at_ms is not None and basis.clock() - synced_at_ms <= stalled_ms,
            attests=basis.members.read().index is not None,
            quorum=self.watch.has_quorum(),
        )

    def read_status(self) -> dict[str, object]:
        """The fields of /v1/status."""
        pool = self.stores.pool
        return {
            "name": self.basis.settings.name,
            "index": self.basis.members.read().index,
            "head": self.basis.view.head_number,
            "index_block": self.index.block,
            "ready": self.read_readiness().is_ready,
            "queue": {"frames": pool.frame_count, "bytes": pool.size_bytes},
            "in_flight": self.settler.in_flight,
        }

    def list_gauges(self) -> list[tuple[str, str, Callable[[], float]]]:
        """Name, explanation and reading of every gauge."""
        pool, journal = self.stores.pool, self.stores.journal
        return [
            ("head_block", "Newest block followed", lambda: self.basis.view.head_number),
            ("index_lag_blocks", "Blocks not in the index yet", lambda: self.index.pending),
            ("queue_frames", "Frames that wait", lambda: pool.frame_count),
            ("queue_bytes", "Size of the frames that wait", lambda: pool.size_bytes),
            ("journal_bytes", "Frames on disk", lambda: journal.size_bytes),
            ("batches_in_flight", "Batches without outcome", lambda: self.settler.in_flight),
            (
                "head_nonce_age_blocks",
                "For how many blocks the oldest submission has waited",
                lambda: self.submitter.head_nonce_age_blocks,
            ),
        ]


def assemble_status_router(monitored: Monitored) -> APIRouter:
    """The routes of health, metrics and status, with every gauge watched."""
    basis = monitored.basis
    for name, documentation, read in monitored.list_gauges():
        basis.metrics.watch(f"tallystick_{name}", documentation, read)
    return create_status_router(
        basis.view, basis.metrics, monitored.read_readiness, monitored.read_status
    )
