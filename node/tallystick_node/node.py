"""A validator, put together: the only place where the stages meet.

`run` reads the settings, `serve` builds everything in the order in which it depends on each other,
runs the loops until a signal, and takes all down again.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog
import uvicorn
import uvloop
from fastapi import APIRouter, FastAPI

from tallystick.chain.discovery import discover_network
from tallystick.chain.errors import ChainUnreachable
from tallystick.chain.follower import Follower
from tallystick.chain.network import Network
from tallystick.chain.rpc import Rpc
from tallystick.chain.submission_effects import Outcome
from tallystick.chain.submissions import LevelSubmissionStore
from tallystick.chain.submitter import Submitter
from tallystick.core.errors import TallystickError
from tallystick.projection import Projection, Queries
from tallystick_node.access import AccessGuard
from tallystick_node.alerts.cursor import AlertCursor
from tallystick_node.alerts.webhook import Webhook, WebhookTarget
from tallystick_node.answers import install_error_answers
from tallystick_node.attest.attester import Attester
from tallystick_node.attest.peer_api import PeerGate, create_peer_router
from tallystick_node.chain_view import ChainView, SettledFrame
from tallystick_node.clock import create_clock
from tallystick_node.errors import SettingsInvalid
from tallystick_node.explorer.app import create_explorer
from tallystick_node.following import Following, read_header
from tallystick_node.index.api import create_index_router
from tallystick_node.index.budgets import BudgetRefresher
from tallystick_node.index.chain_budgets import create_budget_reader
from tallystick_node.index_feed import IndexFeed
from tallystick_node.intake.acceptance import Intake, IntakeStores, IntakeTerms
from tallystick_node.intake.api import create_intake_router
from tallystick_node.intake.equivocation import EquivocationLog
from tallystick_node.intake.journal import FrameJournal
from tallystick_node.intake.meter_rates import MeterRates, RateLimits
from tallystick_node.intake.pool import FramePool
from tallystick_node.keys import NodeKeys, load_node_keys, load_secret
from tallystick_node.logs import configure_logs
from tallystick_node.loops import Step, run_loop
from tallystick_node.membership import MembershipReader, PeerWatch
from tallystick_node.metrics import NodeMetrics
from tallystick_node.peers.client import PeerClient
from tallystick_node.peers.signing import SeenNonces
from tallystick_node.rates import TokenBuckets
from tallystick_node.server import create_server, open_socket
from tallystick_node.settings import NodeSettings, load_settings
from tallystick_node.settle.collect import Collector
from tallystick_node.settle.submit import Settler, SettleSettings
from tallystick_node.status_api import Readiness, create_status_router

RETRY_CHAIN_S = 1.0

log = structlog.get_logger(__name__)

T = TypeVar("T")


def run(settings_path: Path) -> None:
    """One validator ran in the foreground until SIGTERM or SIGINT.

    Args:
        settings_path: JSON, see `settings.NodeSettings`.

    Raises:
        SettingsInvalid: before anything is opened.
        FatalFailure: a stage found what a person has to look at.
    """
    settings = load_settings(settings_path)
    keys = load_node_keys(settings.keys_file)
    token = load_secret(settings.token_file) if settings.token_file else None
    configure_logs(settings.name)
    log.info("settings_loaded", **settings.redacted())
    try:
        uvloop.run(serve(settings, keys, token))
    except ExceptionGroup as group:
        failures, _ = group.split(TallystickError)
        raise _find_first(failures or group) from group


async def serve(settings: NodeSettings, keys: NodeKeys, token: str | None) -> None:
    """The validator runs until it is told to stop.

    Args:
        settings: complete.
        keys: the validator's.
        token: bearer token, None on loopback.
    """
    listening = open_socket(settings.host, settings.port)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(listening.close)
        node = await _build(_Basis(settings, keys), token, stack)
        host, port = listening.getsockname()[:2]
        log.info("node_started", url=f"http://{host}:{port}")
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(node.server.serve(sockets=[listening]))
            loops = [
                group.create_task(run_loop(name, step), name=name)
                for name, step in node.loops.items()
            ]
            await stopping.wait()
            await _finish(node, settings.server.shutdown_s)
            for loop in loops:
                loop.cancel()
            node.server.should_exit = True
            await serving
    log.info("node_stopped")


@dataclass(frozen=True, slots=True)
class Node:
    """What runs."""

    server: uvicorn.Server
    loops: Mapping[str, Step]
    intake: Intake
    settler: Settler


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages that go by what settled."""

    intake: Intake
    settler: Settler

    def apply_settled(self, frames: Sequence[SettledFrame]) -> None:
        """Settled frames leave the node; quarantined records count against their meter."""
        self.intake.apply_settled(frames)

    def apply_outcomes(self, outcomes: Iterable[Outcome]) -> None:
        """Frames of batches that came to nothing are proposed anew."""
        self.settler.apply_outcomes(outcomes)
        self.settler.apply_time()


class _Basis:
    """What every stage stands on."""

    def __init__(self, settings: NodeSettings, keys: NodeKeys) -> None:
        self.settings = settings
        self.keys = keys
        self.clock = create_clock(settings.clock_offset_ms)
        self.metrics = NodeMetrics()
        self.rpc = Rpc(settings.rpc_urls)
        self.view = ChainView(self.clock, partial(read_header, self.rpc, clock=self.clock))
        self.members = MembershipReader(self.view, keys.attester, self.clock)


async def _build(basis: _Basis, token: str | None, stack: contextlib.AsyncExitStack) -> Node:
    settings = basis.settings
    stack.push_async_callback(basis.rpc.aclose)
    network = await _retry(lambda: discover_network(basis.rpc, settings.ledger))
    basis.rpc.require_chain(network.chain_id, network.genesis_hash)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)

    projection = Projection(settings.data_dir / "index.duckdb", network)
    stack.callback(projection.close)
    refresher = BudgetRefresher(
        projection, create_budget_reader(basis.rpc, network.addresses.budgets)
    )
    webhook = _build_webhook(basis, network, projection)
    if webhook is not None:
        stack.push_async_callback(webhook.aclose)
    index = IndexFeed(projection, [refresher, *([webhook] if webhook else [])])
    stores = _open_stores(basis)
    stack.push_async_callback(stores.journal.close)
    intake = _build_intake(basis, network, stores)
    peers = PeerClient(
        basis.keys.transport_key,
        network.network_id,
        basis.clock,
        settings.peer_urls,
        timeout_s=settings.settle.attest_timeout_s,
    )
    stack.push_async_callback(peers.aclose)
    submitter = _build_submitter(basis, network, stack)
    collector = Collector(basis.keys.attest_key, peers, timeout_s=settings.settle.attest_timeout_s)
    stack.push_async_callback(collector.aclose)
    settler = _build_settler(basis, network, stores.pool, collector, submitter)
    following = Following(
        Follower(
            basis.rpc,
            network,
            from_block=settings.start_block,
            known=projection.tail(),
            finality_tag=settings.finality_tag,
        ),
        basis.view,
        index,
        submitter,
        Stages(intake, settler),
        basis.clock,
        interval_s=settings.poll_interval_ms / 1000,
    )
    await _retry(following.restore)
    await _retry(submitter.start)
    log.info("frames_recovered", frames=intake.recover())

    watch = PeerWatch(basis.members, peers)
    app = FastAPI(title="Tallystick validator", openapi_url=None)
    install_error_answers(app)
    app.include_router(
        create_intake_router(
            intake,
            body_bytes=settings.intake.body_bytes,
            body_timeout_s=settings.intake.body_timeout_s,
        )
    )
    app.include_router(_build_peer_router(basis, network))
    app.include_router(_build_status_router(basis, watch, index, stores, submitter, settler))
    queries = Queries(projection)
    app.include_router(create_index_router(queries))
    app.mount("/", create_explorer(queries, f"{settings.name}, chain {network.chain_id}"))
    return Node(
        create_server(AccessGuard(app, token), settings.server),
        {
            "follow": following.step,
            "tick": following.tick,
            "index": index.step,
            "budgets": refresher.step,
            **({"webhook": webhook.step} if webhook else {}),
            "propose": settler.propose,
            "submit": settler.submit,
            "probe": watch.step,
        },
        intake,
        settler,
    )


def _build_webhook(basis: _Basis, network: Network, projection: Projection) -> Webhook | None:
    """The webhook, None where none is configured. It begins with what happens from now on."""
    settings = basis.settings
    if settings.webhook_url is None:
        return None
    if settings.webhook_secret_file is None:
        raise SettingsInvalid("webhook_url needs webhook_secret_file", expected="a secret's file")
    secret = load_secret(settings.webhook_secret_file)
    start = projection.position
    return Webhook(
        WebhookTarget(settings.webhook_url, secret, network.network_id.hex()),
        Queries(projection),
        AlertCursor(settings.data_dir / "webhook.json"),
        basis.clock,
        start=(start[0] + 1, -1) if start else (-1, -1),
    )


def _open_stores(basis: _Basis) -> IntakeStores:
    limits, folder = basis.settings.intake, basis.settings.data_dir
    return IntakeStores(
        FramePool(
            basis.view.read_cursor,
            max_bytes=limits.queue_bytes,
            look_ahead=limits.look_ahead_records,
        ),
        FrameJournal(folder / "journal", max_bytes=limits.journal_bytes),
        EquivocationLog(folder / "equivocations"),
    )


def _build_intake(basis: _Basis, network: Network, stores: IntakeStores) -> Intake:
    limits = basis.settings.intake
    rates = MeterRates(
        RateLimits(
            limits.records_per_s,
            limits.burst_records,
            limits.frames_per_s,
            limits.burst_frames,
            limits.quarantine_pause_ppm,
            limits.quarantine_sample,
        )
    )
    return Intake(
        basis.view,
        IntakeTerms(
            network.network_id,
            int(basis.settings.chain_stalled_s * 1000),
            limits.frames_per_body,
        ),
        stores,
        rates,
        basis.clock,
        basis.metrics,
    )


def _build_submitter(
    basis: _Basis, network: Network, stack: contextlib.AsyncExitStack
) -> Submitter:
    store = LevelSubmissionStore(basis.settings.data_dir / "submissions")
    stack.callback(store.close)
    return Submitter(
        basis.rpc,
        basis.keys.send_key,
        network.addresses.ledger,
        network.chain_id,
        store,
        gas_price_wei=basis.settings.gas_price_wei,
        window=basis.settings.settle.batches_in_flight,
    )


def _build_settler(
    basis: _Basis,
    network: Network,
    pool: FramePool,
    collector: Collector,
    submitter: Submitter,
) -> Settler:
    limits = basis.settings.settle
    return Settler(
        pool,
        basis.view,
        collector,
        submitter,
        SettleSettings(
            network.network_id,
            network.chain_id,
            _read_ledger(network),
            limits.linger_ms,
            limits.reference_age_ms,
            limits.validity_ms,
            limits.batches_in_flight,
        ),
        basis.clock,
        basis.metrics,
    )


def _build_peer_router(basis: _Basis, network: Network) -> APIRouter:
    limits = basis.settings.peers
    attester = Attester(
        basis.keys.attest_key,
        basis.view,
        network_id=network.network_id,
        chain_id=network.chain_id,
        ledger=_read_ledger(network),
        clock=basis.clock,
        reference_wait_s=limits.reference_wait_s,
    )
    gate = PeerGate(
        network.network_id,
        basis.members.read,
        TokenBuckets(limits.requests_per_s, limits.burst_requests),
        basis.clock,
        SeenNonces(),
    )
    return create_peer_router(attester, gate, basis.metrics)


def _build_status_router(
    basis: _Basis,
    watch: PeerWatch,
    index: IndexFeed,
    stores: IntakeStores,
    submitter: Submitter,
    settler: Settler,
) -> APIRouter:
    view, pool, metrics = basis.view, stores.pool, basis.metrics

    def read_readiness() -> Readiness:
        synced_at_ms = view.synced_at_ms
        stalled_ms = basis.settings.chain_stalled_s * 1000
        return Readiness(
            follows=synced_at_ms is not None and basis.clock() - synced_at_ms <= stalled_ms,
            attests=basis.members.read().index is not None,
            quorum=watch.has_quorum(),
        )

    def read_status() -> dict[str, object]:
        return {
            "name": basis.settings.name,
            "index": basis.members.read().index,
            "head": view.head_number,
            "index_block": index.block,
            "ready": read_readiness().is_ready,
            "queue": {"frames": pool.frame_count, "bytes": pool.size_bytes},
            "in_flight": settler.in_flight,
        }

    for name, documentation, read in (
        ("tallystick_head_block", "Newest block followed", lambda: view.head_number),
        ("tallystick_index_lag_blocks", "Blocks not in the index yet", lambda: index.pending),
        ("tallystick_queue_frames", "Frames that wait", lambda: pool.frame_count),
        ("tallystick_queue_bytes", "Their size", lambda: pool.size_bytes),
        ("tallystick_journal_bytes", "Frames on disk", lambda: stores.journal.size_bytes),
        ("tallystick_batches_in_flight", "Batches without outcome", lambda: settler.in_flight),
        (
            "tallystick_head_nonce_age_blocks",
            "How long the oldest submission waits",
            lambda: submitter.head_nonce_age_blocks,
        ),
    ):
        metrics.watch(name, documentation, read)
    return create_status_router(view, metrics, read_readiness, read_status)


async def _finish(node: Node, timeout_s: float) -> None:
    """Nothing new is taken, and batches on their way get a moment to arrive."""
    node.intake.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await node.settler.wait_idle()


async def _retry(step: Callable[[], Awaitable[T]]) -> T:
    """What `step` returns once the chain answers."""
    while True:
        try:
            return await step()
        except ChainUnreachable as error:
            log.warning("chain_awaited", **error.as_dict())
            await asyncio.sleep(RETRY_CHAIN_S)


def _read_ledger(network: Network) -> bytes:
    return bytes.fromhex(network.addresses.ledger.removeprefix("0x"))


def _find_first(group: ExceptionGroup[Exception]) -> Exception:
    """The first single failure of a group of groups."""
    first = group.exceptions[0]
    return _find_first(first) if isinstance(first, ExceptionGroup) else first
