"""What operators see of a validator: health, readiness, gauges, status."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fastapi import APIRouter

from tallystick.chain.submitter import Submitter
from tallystick.core.errors import TemporaryFailure
from tallystick.core.quorum import compute_quorum
from tallystick_node.balances import BalanceWatch
from tallystick_node.basis import Basis
from tallystick_node.index_feed import IndexFeed
from tallystick_node.intake.acceptance import Intake, IntakeStores
from tallystick_node.loops import LoopWatch
from tallystick_node.membership import PeerWatch
from tallystick_node.settle.submit import Settler
from tallystick_node.status_api import Health, Readiness, create_status_router

MS_PER_S = 1_000
UNKNOWN = -1.0
"""What a gauge shows that was never read: 0 would be a reading."""

Gauges = Mapping[str, Callable[[], float]]


@dataclass(frozen=True, slots=True)
class Monitored:
    """The parts of a validator that are looked at."""

    basis: Basis
    stores: IntakeStores
    intake: Intake
    settler: Settler
    submitter: Submitter
    index: IndexFeed
    watch: PeerWatch
    loops: LoopWatch
    balances: BalanceWatch

    def read_health(self) -> Health:
        """As of now."""
        wedged = self.loops.find_wedged(self.basis.settings.server.wedged_s)
        return Health(self.basis.clock(), tuple(wedged))

    def read_readiness(self) -> Readiness:
        """As of now."""
        basis = self.basis
        synced_at_ms = basis.view.synced_at_ms
        stalled_ms = basis.settings.chain_stalled_s * MS_PER_S
        journal_full = self.stores.journal.size_bytes >= basis.settings.intake.journal_bytes
        return Readiness(
            follows=synced_at_ms is not None and basis.clock() - synced_at_ms <= stalled_ms,
            attests=basis.members.read().index is not None,
            quorum=self.watch.has_quorum(),
            disk=self.stores.disk.has_room and not journal_full,
            draining=not self.intake.is_open,
        )

    def read_status(self) -> dict[str, object]:
        """The fields of /v1/status."""
        pool, readiness = self.stores.pool, self.read_readiness()
        return {
            "name": self.basis.settings.name,
            "version": read_version(),
            "index": self.basis.members.read().index,
            "head": self.basis.view.head_number,
            "index_block": self.index.block,
            "ready": readiness.is_ready,
            "checks": asdict(readiness),
            "queue": {"frames": pool.frame_count, "bytes": pool.size_bytes},
            "in_flight": self.settler.in_flight,
        }

    def list_gauges(self) -> Gauges:
        """The reading of every gauge without labels, by name."""
        return self._list_chain() | self._list_queues() | self._list_peers()

    def read_checks(self) -> dict[str, float]:
        """1 for every check of readiness that passes, by its name."""
        checks = asdict(self.read_readiness())
        checks["draining"] = not checks["draining"]
        return {
            ("not_draining" if name == "draining" else name): float(holds)
            for name, holds in checks.items()
        }

    def _list_chain(self) -> dict[str, Callable[[], float]]:
        view, clock = self.basis.view, self.basis.clock
        index_file = self.basis.settings.data_dir / "index.duckdb"
        return {
            "tallystick_head_block": lambda: view.head_number,
            "tallystick_chain_lag_blocks": lambda: view.lag_blocks,
            "tallystick_chain_lag_seconds": lambda: _compute_age_s(view.synced_at_ms, clock()),
            "tallystick_block_age_seconds": lambda: _compute_age_s(self._read_block_ms(), clock()),
            "tallystick_index_lag_blocks": lambda: self.index.pending,
            "tallystick_index_bytes": lambda: _measure(index_file),
        }

    def _list_queues(self) -> dict[str, Callable[[], float]]:
        pool, journal, limits = self.stores.pool, self.stores.journal, self.basis.settings.intake
        return {
            "tallystick_queue_frames": lambda: pool.frame_count,
            "tallystick_queue_bytes": lambda: pool.size_bytes,
            "tallystick_queue_limit_bytes": lambda: limits.queue_bytes,
            "tallystick_journal_bytes": lambda: journal.size_bytes,
            "tallystick_journal_limit_bytes": lambda: limits.journal_bytes,
            "tallystick_disk_free_bytes": lambda: self.stores.disk.free_bytes,
            "tallystick_batches_in_flight": lambda: self.settler.in_flight,
            "tallystick_oldest_batch_seconds": self._read_oldest_batch_s,
            "tallystick_head_nonce_age_blocks": lambda: self.submitter.head_nonce_age_blocks,
        }

    def _list_peers(self) -> dict[str, Callable[[], float]]:
        watch, balances = self.watch, self.balances
        return {
            "tallystick_validators": self._count_validators,
            "tallystick_quorum": lambda: _compute_quorum(self._count_validators()),
            "tallystick_peers_reachable": watch.count_reachable,
            "tallystick_clock_offset_seconds": lambda: watch.read_clock_offset_ms() / MS_PER_S,
            "tallystick_gas_price_wei": lambda: self.basis.settings.gas_price_wei,
            "tallystick_attester_balance_wei": lambda: balances.attester_wei,
            "tallystick_sender_balance_wei": lambda: balances.sender_wei,
        }

    def _count_validators(self) -> int:
        return len(self.basis.members.read().validators)

    def _read_block_ms(self) -> int | None:
        try:
            return self.basis.view.head.time_s * MS_PER_S
        except TemporaryFailure:
            return None

    def _read_oldest_batch_s(self) -> float:
        proposed_at_ms = self.settler.oldest_proposed_at_ms
        return 0.0 if proposed_at_ms is None else _compute_age_s(proposed_at_ms, self.basis.clock())


def assemble_status_router(monitored: Monitored) -> APIRouter:
    """The routes of health, metrics and status, with every gauge watched."""
    basis, metrics = monitored.basis, monitored.basis.metrics
    for name, read in monitored.list_gauges().items():
        metrics.watch(name, read)
    metrics.watch_each("tallystick_ready", monitored.read_checks)
    metrics.watch_each("tallystick_loop_age_seconds", monitored.loops.read_ages_s)
    metrics.watch_each("tallystick_info", lambda: {read_version(): 1.0})
    return create_status_router(basis.view, metrics, monitored)


def read_version() -> str:
    """The version of what runs."""
    try:
        return version("tallystick")
    except PackageNotFoundError:
        return "unknown"


def _compute_age_s(since_ms: int | None, now_ms: int) -> float:
    """Seconds since then, never negative; unknown where there is no then."""
    return UNKNOWN if since_ms is None else max(now_ms - since_ms, 0) / MS_PER_S


def _compute_quorum(validators: int) -> int:
    return compute_quorum(validators) if validators else 0


def _measure(path: Path) -> float:
    try:
        return path.stat().st_size
    except OSError:
        return UNKNOWN
