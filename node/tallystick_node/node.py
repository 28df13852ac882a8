"""A validator, put together: the only place where the stages meet.

`run` reads the settings, `serve` builds everything in the order in which it depends on each other,
runs the loops until a signal, and takes all down again.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog
import uvicorn
import uvloop
from fastapi import APIRouter, FastAPI

from tallystick.chain.discovery import discover_network
from tallystick.chain.errors import AnswerMalformed, ChainUnreachable, RpcRefused
from tallystick.chain.follower import Follower
from tallystick.chain.rpc import MAX_ANSWER_BYTES, Rpc
from tallystick.chain.submission_effects import Outcome
from tallystick.chain.submitter import Submitter
from tallystick.core.errors import TallystickError, TemporaryFailure
from tallystick.projection import Projection, Queries
from tallystick.projection.reader import Reader
from tallystick_node.access import AccessGuard
from tallystick_node.acts.assembly import (
    assemble_act_peer_router,
    assemble_acts,
    assemble_correction_router,
)
from tallystick_node.alerts.assembly import assemble_webhook
from tallystick_node.answers import install_error_answers
from tallystick_node.attest.assembly import assemble_peer_router
from tallystick_node.balances import BalanceWatch
from tallystick_node.basis import Basis, create_basis
from tallystick_node.chain_view import SettledFrame
from tallystick_node.costs import CostWatch
from tallystick_node.credit_signers import RegistrySigners
from tallystick_node.explorer.app import create_explorer
from tallystick_node.following import Following
from tallystick_node.http_transport import PlainTransport
from tallystick_node.index.api import create_index_router
from tallystick_node.index.budgets import BudgetRefresher
from tallystick_node.index.chain_budgets import create_budget_reader
from tallystick_node.index_feed import IndexFeed, IndexListener
from tallystick_node.intake.acceptance import Intake
from tallystick_node.intake.assembly import assemble_intake, assemble_intake_router, open_stores
from tallystick_node.keys import KeysInUse, load_keys, load_secret
from tallystick_node.leases.assembly import assemble_lease_router
from tallystick_node.logs import configure_logs
from tallystick_node.loops import LoopWatch, Step, pace, run_loop
from tallystick_node.membership import PeerWatch
from tallystick_node.monitoring import Monitored, assemble_status_router
from tallystick_node.peer_gate import create_peer_gate
from tallystick_node.peers.client import MAX_PEER_ANSWER_BYTES, PeerClient
from tallystick_node.relay import CallRelay, create_simulation
from tallystick_node.rotation import RotationWatch
from tallystick_node.server import create_server, open_socket
from tallystick_node.settings import NodeSettings, load_settings
from tallystick_node.settle.assembly import assemble_settler, assemble_submitter
from tallystick_node.settle.submit import Settler
from tallystick_node.settled_records import SettledRecords

RETRY_CHAIN_S: Final = 1.0
BUDGETS_INTERVAL_S: Final = 0.5
DRAIN_POLL_S: Final = 0.05

log = structlog.get_logger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Node:
    """What runs."""

    server: uvicorn.Server
    loops: Mapping[str, Step]
    pulses: LoopWatch
    intake: Intake
    settler: Settler
    replaced: asyncio.Event
    """Set once another ledger is in place, or other keys of this validator are."""


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages that go by what settled."""

    intake: Intake
    settler: Settler
    relay: CallRelay

    def apply_settled(self, frames: Sequence[SettledFrame]) -> None:
        """Settled frames leave the node; quarantined records count against their meter."""
        self.intake.apply_settled(frames)

    def apply_outcomes(self, outcomes: Iterable[Outcome]) -> None:
        """Frames of batches that came to nothing are proposed anew; who waits for a call hears."""
        outcomes = list(outcomes)
        self.settler.apply_outcomes(outcomes)
        self.relay.apply_outcomes(outcomes)
        self.settler.apply_time()


def run(settings_path: Path) -> None:
    """One validator ran in the foreground until SIGTERM or SIGINT.

    Args:
        settings_path: JSON, see `settings.NodeSettings`.

    Raises:
        SettingsInvalid: before anything is opened.
        FatalFailure: a stage found what a person has to look at.
    """
    settings = load_settings(settings_path)
    keys = load_keys(settings)
    token = load_secret(settings.token_file) if settings.token_file else None
    configure_logs(settings.name)
    log.info("settings_loaded", **settings.redacted())
    try:
        uvloop.run(serve(settings, keys, token))
    except ExceptionGroup as group:
        failures, _ = group.split(TallystickError)
        raise _find_first(failures or group) from group


async def serve(settings: NodeSettings, keys: KeysInUse, token: str | None) -> None:
    """The validator runs until it is told to stop.

    It is built anew whenever a vote replaces the ledger or this validator's keys.

    Args:
        settings: complete.
        keys: the validator's; their connections are closed in the end.
        token: bearer token, None on loopback.
    """
    stopping, port = asyncio.Event(), settings.port
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    while not stopping.is_set():
        listening = open_socket(settings.host, port)
        port = listening.getsockname()[1]
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(listening.close)
            building = asyncio.ensure_future(_build(settings, keys, token, stack))
            if await _finishes_before(building, stopping):
                await _serve_until_done(await building, listening, stopping, settings)
    await keys.aclose()
    log.info("node_stopped")


async def _serve_until_done(
    node: Node, listening: socket.socket, stopping: asyncio.Event, settings: NodeSettings
) -> None:
    """The node served and its loops ran until it was told to stop, or is to be built anew."""
    host, port = listening.getsockname()[:2]
    log.info("node_started", url=f"http://{host}:{port}")
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(node.server.serve(sockets=[listening]))
        loops = [
            group.create_task(run_loop(name, step, node.pulses), name=name)
            for name, step in node.loops.items()
        ]
        replaced = asyncio.ensure_future(node.replaced.wait())
        if await _finishes_before(replaced, stopping):
            node.intake.close()  # what is on its way to the old ledger or set cannot arrive
        else:
            await _drain(node, settings.server.shutdown_s)
        for loop in loops:
            loop.cancel()
        node.server.should_exit = True
        await serving


async def _build(
    settings: NodeSettings, in_use: KeysInUse, token: str | None, stack: contextlib.AsyncExitStack
) -> Node:
    keys = in_use.keys
    rpc = Rpc(settings.rpc_urls, transport=PlainTransport(max_bytes=MAX_ANSWER_BYTES))
    stack.push_async_callback(rpc.aclose)
    network = await _retry(lambda: discover_network(rpc, settings.ledger))
    rpc.require_chain(network.chain_id, network.genesis_hash)
    basis = create_basis(settings, keys, network, rpc)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    projection = Projection(settings.data_dir / "index.duckdb", network)
    stack.callback(projection.close)

    loops: dict[str, Step] = {}
    index = IndexFeed(projection, _build_listeners(basis, projection, loops, stack))
    stores = open_stores(basis)
    stack.push_async_callback(stores.journal.close)
    intake = assemble_intake(basis, stores)
    peers = PeerClient(
        keys.transport_key,
        network.network_id,
        basis.clock,
        settings.peer_urls,
        timeout_s=settings.settle.attest_timeout_s,
        transport=PlainTransport(max_bytes=MAX_PEER_ANSWER_BYTES),
    )
    stack.push_async_callback(peers.aclose)
    submitter = assemble_submitter(basis, stack)
    settler = assemble_settler(basis, stores.pool, peers, submitter, stack)
    relay = CallRelay(submitter, create_simulation(rpc, submitter.address))
    stack.push_async_callback(relay.aclose)
    acts = assemble_acts(
        basis,
        SettledRecords(Reader(projection), basis.view.read_cursor),
        RegistrySigners(rpc, network.addresses.registry),
        peers,
        relay,
        stack,
    )
    stages = Stages(intake, settler, relay)
    following = _build_following(basis, projection, index, submitter, stages)
    await _retry(following.restore)
    await _retry(submitter.start)
    log.info("frames_recovered", frames=intake.recover())
    stores.proofs.subscribe(acts.freezer.note_proof)
    for one, other in stores.proofs:
        acts.freezer.note_proof(one, other)

    watch = PeerWatch(basis.members, peers)
    pulses = LoopWatch()
    balances = BalanceWatch(rpc, keys.attester, submitter.address)
    costs = CostWatch(rpc, lambda: settler.last_sent, basis.metrics)
    monitored = Monitored(basis, stores, intake, settler, submitter, index, watch, pulses, balances)
    queries = Queries(projection)
    gate = create_peer_gate(basis)
    app = _build_app(
        assemble_intake_router(basis, intake),
        assemble_peer_router(basis, gate),
        assemble_act_peer_router(basis, acts, gate),
        assemble_correction_router(basis, acts),
        assemble_lease_router(basis, relay),
        assemble_status_router(monitored),
        create_index_router(queries),
    )
    app.mount("/", create_explorer(queries, f"{settings.name}, chain {network.chain_id}"))
    loops |= {
        "follow": following.step,
        "tick": following.tick,
        "index": index.step,
        "propose": settler.propose,
        "submit": settler.submit,
        "freeze": acts.freezer.step,
        "probe": watch.step,
        "balances": balances.step,
        "costs": costs.step,
        "keys": RotationWatch(in_use, basis.members, basis.view, following.replaced).step,
    }
    server = create_server(AccessGuard(app, token), settings.server)
    return Node(server, loops, pulses, intake, settler, following.replaced)


def _build_listeners(
    basis: Basis,
    projection: Projection,
    loops: dict[str, Step],
    stack: contextlib.AsyncExitStack,
) -> list[IndexListener]:
    """Who goes by what the index holds; their loops are added to `loops`."""
    read_budgets = create_budget_reader(basis.rpc, basis.network.addresses.budgets)
    refresher = BudgetRefresher(projection, read_budgets)
    loops["budgets"] = pace(refresher.step, BUDGETS_INTERVAL_S)
    webhook = assemble_webhook(basis, projection)
    if webhook is None:
        return [refresher]
    stack.push_async_callback(webhook.aclose)
    loops["webhook"] = webhook.step
    return [refresher, webhook]


def _build_following(
    basis: Basis, projection: Projection, index: IndexFeed, submitter: Submitter, stages: Stages
) -> Following:
    settings = basis.settings
    follower = Follower(
        basis.rpc,
        basis.network,
        from_block=settings.start_block,
        known=projection.tail(),
        finality_tag=settings.finality_tag,
    )
    return Following(
        follower,
        basis.view,
        index,
        submitter,
        stages,
        basis.clock,
        interval_s=settings.poll_interval_ms / 1000,
        has_other_ledger=lambda block: _has_other_ledger(basis, block),
    )


async def _has_other_ledger(basis: Basis, block: int) -> bool:
    """Whether the chain as of a block names other ledgers than those this node was built for.

    Asked until an endpoint that knows the block answers: the blocks that wait for it are not read
    twice.
    """
    while True:
        try:
            found = await discover_network(basis.rpc, basis.settings.ledger, at_least=block)
        except (TemporaryFailure, RpcRefused, AnswerMalformed) as error:
            log.warning("chain_awaited", **error.as_dict())
            await asyncio.sleep(RETRY_CHAIN_S)
        else:
            return found.ledgers != basis.network.ledgers


def _build_app(*routers: APIRouter) -> FastAPI:
    app = FastAPI(title="Tallystick validator", openapi_url=None)
    install_error_answers(app)
    for router in routers:
        app.include_router(router)
    return app


async def _drain(node: Node, timeout_s: float) -> None:
    """Nothing new is taken, and what was taken has settled, if that does not take too long.

    What is left by then lies in the journal, and with its meter, which offers it to others.
    """
    node.intake.close()
    log.info("node_draining", is_empty=node.intake.is_empty, in_flight=node.settler.in_flight)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            # Two stages that know nothing of each other: nobody could set an event for both.
            while not node.intake.is_empty or node.settler.in_flight:  # noqa: ASYNC110
                await asyncio.sleep(DRAIN_POLL_S)
    log.info("node_drained", is_empty=node.intake.is_empty, in_flight=node.settler.in_flight)


async def _finishes_before(task: asyncio.Future[T], event: asyncio.Event) -> bool:
    """Whether the task ends before the event is set; otherwise it is cancelled."""
    waiting = asyncio.ensure_future(event.wait())
    either: list[asyncio.Future[Any]] = [task, waiting]
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        return True
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return False


async def _retry(step: Callable[[], Awaitable[T]]) -> T:
    """What `step` returns once the chain answers."""
    while True:
        try:
            return await step()
        except ChainUnreachable as error:
            log.warning("chain_awaited", **error.as_dict())
            await asyncio.sleep(RETRY_CHAIN_S)


def _find_first(group: ExceptionGroup[Exception]) -> Exception:
    """The first single failure of a group of groups."""
    first = group.exceptions[0]
    return _find_first(first) if isinstance(first, ExceptionGroup) else first
