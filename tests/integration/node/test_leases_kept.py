"""A gateway's leases on a real network: validators that lie or vanish delay them, nothing more."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import pytest
from coincurve import PrivateKey
from tests.integration.anvil import run_anvil
from tests.integration.node.nodes import NodeGroup, run_nodes
from tests.integration.settling import found_network

from tallystick.chain.bindings.budgets import Budgets, PeriodKind
from tallystick.chain.bindings.leases import Lease, Leases
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.reader import read
from tallystick.chain.rpc import Rpc
from tallystick.core.attestation import compute_address
from tallystick.local.clock import NetworkClock
from tallystick.local.folder import NetworkFolder
from tallystick.meter.admission.errors import (
    BudgetExhausted,
    LeaseDelayed,
    LeaseDenied,
    NetworkUnreachable,
    Why,
)
from tallystick.meter.admission.gate import Gate, Reservation
from tallystick.meter.admission.keeper import LeaseKeeper
from tallystick.meter.ports import ValidatorEndpoint
from tallystick.sidecar.clock import SiteClock
from tallystick.sidecar.directory import NetworkDirectory
from tallystick.sidecar.following import DirectoryFollower
from tallystick.sidecar.gateway.lease_desk import ValidatorLeaseDesk
from tallystick.sidecar.site import Site

pytestmark = [pytest.mark.integration, pytest.mark.anyio, pytest.mark.timeout(600)]

KEY: Final = PrivateKey(bytes([7]) * 32)
METERS: Final = 10
MILLION: Final = 1_000_000
MONTH: Final = PeriodKind.MONTH


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeGroup]:
    """Four ready validators, and meters whose lease key is known."""
    folder = tmp_path_factory.mktemp("kept")
    with run_anvil(folder) as url:
        network = found_network(url, meters=METERS)
        registry = Registry(network.network.addresses.registry)
        for meter in network.meters:
            address = compute_address(KEY.public_key)
            network.registrar.send(registry.set_lease_key(meter.id, address))
        with run_nodes(network, folder) as group:
            yield group


class _Directory(NetworkDirectory):
    """Knows where the test's validators listen; the chain names other ports."""

    urls: Sequence[str] = ()

    def validators(self) -> Sequence[ValidatorEndpoint]:
        known = super().validators()
        return [
            ValidatorEndpoint(each.index, each.name, url, each.transport_key)
            for each, url in zip(known, self.urls, strict=True)
        ]


@dataclass
class Wire(httpx.AsyncBaseTransport):
    """The way to validators, with faults."""

    loses_answers: bool = False
    loses_requests: bool = False
    lies: bool = False
    """Whether validators say that all is done without doing anything."""
    sent: list[httpx.Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._real = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        if self.loses_requests:
            raise httpx.ConnectError("nobody is there")
        if self.lies:
            return httpx.Response(200, stream=httpx.ByteStream(b"{}"))
        answer = await self._real.handle_async_request(request)
        if self.loses_answers:
            await answer.aread()
            raise httpx.ReadTimeout("the answer was lost")
        return answer

    async def aclose(self) -> None:
        await self._real.aclose()


@asynccontextmanager
async def open_desk(
    nodes: NodeGroup, meter: int, wire: Wire | None = None, urls: Sequence[str] | None = None
) -> AsyncIterator[ValidatorLeaseDesk]:
    """The desk of the meter with this place."""
    network = nodes.network.network
    clock = SiteClock(NetworkClock(None))
    rpc = Rpc([nodes.network.url])
    directory = _Directory(clock)
    directory.urls = urls or [node.url for node in nodes.nodes]
    try:
        await DirectoryFollower(rpc, network, directory).poll()
        async with httpx.AsyncClient(transport=wire or Wire(), timeout=10) as http:
            site = Site(NetworkFolder(Path("unused")), network, rpc, clock, directory, http)
            yield ValidatorLeaseDesk(site, nodes.network.meters[meter].id, KEY)
    finally:
        await rpc.aclose()


def lease_of(nodes: NodeGroup, meter: int, place: int = 0) -> Lease:
    leases = Leases(nodes.network.network.addresses.leases)
    project, number = nodes.network.projects[place], nodes.network.meters[meter].id
    return read(nodes.network.w3, leases.lease_of(project, number))


def set_limit(nodes: NodeGroup, place: int, limit_ucr: int | None) -> None:
    budgets = Budgets(nodes.network.network.addresses.budgets)
    project = nodes.network.projects[place]
    terms = {} if limit_ucr is None else {"period_kind": MONTH}
    nodes.network.registrar.send(budgets.set_budget(project, limit_ucr=limit_ucr, **terms))


def relay(nodes: NodeGroup, request: httpx.Request) -> None:
    """What was on its way arrives at a validator after all."""
    answer = httpx.post(f"{nodes[1].url}/v1/leases", content=request.content, timeout=30)
    assert answer.is_success, answer.text


def soon_s(lasts_s: int = 300) -> int:
    return int(time.time()) + lasts_s


async def test_desk_opens_and_extends_a_lease(nodes: NodeGroup) -> None:
    project = nodes.network.projects[0]
    async with open_desk(nodes, 0) as desk:
        before = await desk.read(project)
        assert (before.is_open, before.nonce, before.granted_ucr) == (False, 0, 0)
        assert before.room_ucr > MILLION
        until_s = soon_s()
        state = await desk.extend(project, MILLION, until_s)
        assert (state.left_ucr, state.granted_ucr, state.nonce) == (MILLION, MILLION, 1)
        assert state.admit_until_s == until_s
        state = await desk.extend(project, MILLION, until_s)
        assert (state.left_ucr, state.granted_ucr, state.nonce) == (2 * MILLION, MILLION, 2)


async def test_desk_says_which_account_has_no_room_and_until_when(nodes: NodeGroup) -> None:
    project = nodes.network.projects[1]
    set_limit(nodes, 1, 5 * MILLION)
    try:
        async with open_desk(nodes, 1) as desk:
            with pytest.raises(LeaseDenied) as caught:
                await desk.extend(project, 5 * MILLION, soon_s())
            assert caught.value.why is Why.LIMIT
            assert caught.value.room_ucr == MILLION // 2
            assert caught.value.account == "acme/team/project-1"
            assert caught.value.reset_ms is not None
            assert time.time() * 1000 < caught.value.reset_ms < (time.time() + 32 * 86_400) * 1000
            state = await desk.read(project)
            assert (state.room_ucr, state.share_ppm) == (MILLION // 2, 100_000)
    finally:
        set_limit(nodes, 1, None)


async def test_desk_takes_the_latest_deadline_when_it_asked_for_a_later_one(
    nodes: NodeGroup,
) -> None:
    async with open_desk(nodes, 2) as desk:
        state = await desk.extend(nodes.network.projects[0], MILLION, soon_s(100_000))
        assert state.granted_ucr == MILLION
        assert state.admit_until_s <= soon_s(900)


async def test_desk_denies_when_the_meter_may_not_bill_the_project(nodes: NodeGroup) -> None:
    async with open_desk(nodes, 2) as desk:
        with pytest.raises(LeaseDenied) as caught:
            await desk.extend(1_000_000, MILLION, soon_s())
        assert caught.value.why is Why.METER


async def test_lease_is_granted_once_when_answers_are_lost(nodes: NodeGroup) -> None:
    async with open_desk(nodes, 3, Wire(loses_answers=True)) as desk:
        state = await desk.extend(nodes.network.projects[0], MILLION, soon_s())
        assert (state.granted_ucr, state.left_ucr) == (MILLION, MILLION)


async def test_lease_is_opened_when_all_validators_but_one_are_gone(nodes: NodeGroup) -> None:
    urls = ["http://127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:1", nodes[3].url]
    async with open_desk(nodes, 4, urls=urls) as desk:
        state = await desk.extend(nodes.network.projects[0], MILLION, soon_s())
        assert state.granted_ucr == MILLION


async def test_desk_believes_no_validator_that_says_all_is_done(
    nodes: NodeGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tallystick.sidecar.gateway.lease_desk.SEEN_TIMEOUT_S", 0.1)
    async with open_desk(nodes, 5, Wire(lies=True)) as desk:
        with pytest.raises(NetworkUnreachable):
            await desk.extend(nodes.network.projects[0], MILLION, soon_s())
    assert not lease_of(nodes, 5).is_open


async def test_word_that_lands_late_is_counted_once_and_as_what_it_said(nodes: NodeGroup) -> None:
    wire, project = Wire(loses_requests=True), nodes.network.projects[0]
    async with open_desk(nodes, 6, wire) as desk:
        for amount_ucr, lasts_s in ((3 * MILLION, 300), (MILLION, 301)):
            with pytest.raises(NetworkUnreachable):
                await desk.extend(project, amount_ucr, soon_s(lasts_s))
        relay(nodes, wire.sent[0])
        wire.loses_requests = False
        state = await desk.extend(project, 2 * MILLION, soon_s(302))
        assert (state.granted_ucr, state.left_ucr) == (3 * MILLION, 3 * MILLION)
        state = await desk.extend(project, 2 * MILLION, soon_s(303))
        assert (state.granted_ucr, state.left_ucr) == (2 * MILLION, 5 * MILLION)


async def test_word_of_an_earlier_process_is_not_admitted_from(nodes: NodeGroup) -> None:
    wire, project = Wire(loses_requests=True), nodes.network.projects[0]
    async with open_desk(nodes, 7, wire) as earlier:
        with pytest.raises(NetworkUnreachable):
            await earlier.extend(project, 3 * MILLION, soon_s(200))
    async with open_desk(nodes, 7, Wire(loses_requests=True)) as desk:
        with pytest.raises(NetworkUnreachable):
            await desk.extend(project, MILLION, soon_s(300))
        relay(nodes, wire.sent[0])
    async with open_desk(nodes, 7) as desk:
        state = await desk.extend(project, MILLION, soon_s(400))
        assert (state.granted_ucr, state.left_ucr) == (MILLION, 4 * MILLION)


async def test_gateways_together_admit_no_more_than_the_budget(nodes: NodeGroup) -> None:
    place, limit_ucr = 1, 10 * MILLION
    project = nodes.network.projects[place]
    set_limit(nodes, place, limit_ucr)
    clock = NetworkClock(None)

    async def call(gate: Gate) -> int:
        try:
            reservation: Reservation = await gate.admit_soon(
                project, (), 400_000, clock(), wait_s=120
            )
        except (BudgetExhausted, LeaseDelayed):
            return 0
        return reservation.amount_ucr

    async with open_desk(nodes, 8) as one, open_desk(nodes, 9) as other:
        gates = [Gate(), Gate()]
        keepers = [
            LeaseKeeper(gate, desk, lambda: -1, clock)
            for gate, desk in zip(gates, (one, other), strict=True)
        ]
        running = [asyncio.create_task(keeper.run()) for keeper in keepers]
        try:
            admitted = sum(await asyncio.gather(*(call(gates[n % 2]) for n in range(100))))
        finally:
            for keeper in keepers:
                await keeper.aclose()
            await asyncio.gather(*running)
            set_limit(nodes, place, None)
    leased_ucr = lease_of(nodes, 8, place).left_ucr + lease_of(nodes, 9, place).left_ucr
    assert admitted <= leased_ucr <= limit_ucr
    assert admitted >= limit_ucr * 3 // 4, "calls were refused although there was room"
