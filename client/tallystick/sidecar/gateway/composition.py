"""One worker of a gateway, composed: its meter, its leases, its keys and offers, what it serves."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from prometheus_client.registry import Collector

from tallystick.core.units import parse_credits
from tallystick.local.pseudonyms import Pseudonyms
from tallystick.meter.admission.gate import Gate
from tallystick.meter.admission.keeper import LeaseKeeper
from tallystick.meter.events.book import EventBook
from tallystick.meter.events.routes import (
    CLOUDEVENTS_PATH,
    LITELLM_PATH,
    OTLP_PATH,
    create_event_routes,
)
from tallystick.meter.gateway.gateway import Gateway, GatewaySettings, Handler
from tallystick.meter.gateway.server import serve
from tallystick.sidecar.directory import NetworkDirectory
from tallystick.sidecar.gateway.caps import CapBook
from tallystick.sidecar.gateway.forwarding import Forwarder, MetricsPage, name_socket
from tallystick.sidecar.gateway.inside import serve_inside
from tallystick.sidecar.gateway.key_file import find_key_file
from tallystick.sidecar.gateway.lease_desk import ValidatorLeaseDesk, load_lease_key
from tallystick.sidecar.gateway.live_keys import KeyDefaults, LiveKeys
from tallystick.sidecar.gateway.offers import build_offers
from tallystick.sidecar.gateway.orders import Orders
from tallystick.sidecar.gateway.ports import bind
from tallystick.sidecar.gateway.settings import GatewayConfig
from tallystick.sidecar.gateway.spending import NetworkState, Spending
from tallystick.sidecar.gateway.upkeep import Upkeep
from tallystick.sidecar.lengths import parse_length_ms
from tallystick.sidecar.meter_metrics import MeterMetrics
from tallystick.sidecar.meters import MeterRun, run_meter
from tallystick.sidecar.prices import Prices
from tallystick.sidecar.site import Site, open_site

EVENT_PATHS: Final = (OTLP_PATH, CLOUDEVENTS_PATH, LITELLM_PATH)
EVENT_WORKER: Final = 0
"""Events are taken by one worker, so that each of them is recorded once."""
DECLARE_S: Final = 15.0
"""How long leases may take to be given back at the end; what is left then lapses by itself."""
MS_PER_S: Final = 1_000
WEDGED_S: Final = 300.0
"""A round of duties that takes longer is stuck."""


@dataclass(frozen=True, slots=True)
class NetworkPrices:
    """Prices as the gateway asks for them."""

    directory: NetworkDirectory

    def of(self, resource: int) -> Prices | None:
        """The rates of a resource in force now and announced, None where there are none."""
        return self.directory.prices(resource)


@asynccontextmanager
async def run_worker(orders: Orders, number: int) -> AsyncIterator[asyncio.Task[None]]:
    """The worker of this number takes calls inside the block; at the end they end and settle.

    What was opened last is closed first: no new calls, then no leases, then the meter drains.
    Gives the task without which nothing is admitted.

    Args:
        orders: of the gateway.
        number: 0 .. workers - 1.
    """
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(open_site(Path(orders.dir)))
        worker = await _open_worker(stack, site, orders, number)
        intakes = await _open_intakes(stack, worker, orders)
        gateway = Gateway(
            keys=worker.keys,
            offers=build_offers(orders.config, site.directory, os.environ),
            prices=NetworkPrices(site.directory),
            pseudonyms=worker.pseudonyms,
            clock=site.clock,
            gate=worker.gate,
            book=worker.run.recorder,
            settings=_choose_settings(orders.config),
            extra_routes={**intakes, "/metrics": worker.metrics_page},
            collectors=worker.collectors,
            read_checks=worker.read_checks,
            find_wedged=worker.find_wedged,
        )
        sock = bind(orders.host, orders.port, shares=True)
        server = await stack.enter_async_context(serve(gateway, sock))
        inside = intakes if number == EVENT_WORKER else {}
        socket_path = name_socket(Path(orders.sockets), number)
        await stack.enter_async_context(serve_inside(socket_path, inside, server.render_metrics))
        await stack.enter_async_context(worker.upkeep.running())
        yield worker.keeping


@dataclass(frozen=True, slots=True)
class Worker:
    """What every worker has open before it serves."""

    number: int
    site: Site
    run: MeterRun
    gate: Gate
    keys: LiveKeys
    pseudonyms: Pseudonyms
    metrics_page: MetricsPage
    upkeep: Upkeep
    keeper: LeaseKeeper
    keeping: asyncio.Task[None]
    """Ends only where nothing can be admitted any more."""
    collectors: list[Collector] = field(default_factory=list)

    def read_checks(self) -> dict[str, bool]:
        """What has to hold for calls to be taken and billed."""
        return {"records": self.run.recorder.is_taking, "sends": self.run.failure is None}

    def find_wedged(self) -> list[str]:
        """The duties beside calls, where a round of them does not end."""
        return ["upkeep"] if self.upkeep.age_s > WEDGED_S else []


async def _open_worker(stack: AsyncExitStack, site: Site, orders: Orders, number: int) -> Worker:
    """Meter, leases and keys are open until the stack closes."""
    config, folder = orders.config, Path(orders.meters[number])
    drain_s = parse_length_ms(config.drain) / MS_PER_S
    run = await stack.enter_async_context(run_meter(site, folder, drain_s=drain_s))
    gate, upkeep = Gate(), Upkeep()
    desk = ValidatorLeaseDesk(site, run.meter.id, load_lease_key(folder))
    keeper = LeaseKeeper(gate, desk, lambda: run.recorder.next_seq - 1, site.clock)
    caps = CapBook(folder / "caps.json", config.workers, site.clock)
    stack.callback(caps.save)
    keys = LiveKeys(
        find_key_file(site.folder, config.keys_file),
        site.directory,
        site.directory.meter_account(run.meter.id) or 0,
        KeyDefaults(
            config.record_users, config.when_unreachable, parse_credits(config.admit_bound)
        ),
        caps.make,
    )
    keeping = await stack.enter_async_context(_keep_leases(keeper, keys.projects()))
    upkeep.add(keys.refresh, caps.save)
    worker = Worker(
        number,
        site,
        run,
        gate,
        keys,
        Pseudonyms(site.folder.names_file),
        MetricsPage(Path(orders.sockets), config.workers),
        upkeep,
        keeper,
        keeping,
    )
    worker.collectors.extend((MeterMetrics(run, folder), NetworkState(keeper)))
    if number == EVENT_WORKER:  # one worker shows for all what the ledger says
        spending = Spending(site, keys.projects)
        upkeep.add(spending.refresh)
        worker.collectors.append(spending)
    return worker


@asynccontextmanager
async def _keep_leases(
    keeper: LeaseKeeper, projects: Sequence[int]
) -> AsyncIterator[asyncio.Task[None]]:
    """Leases are extended ahead of need inside the block; at its end they are given back."""
    task = asyncio.create_task(keeper.run(projects))
    try:
        yield task
    finally:
        await keeper.aclose(DECLARE_S)
        await asyncio.gather(task, return_exceptions=True)


async def _open_intakes(
    stack: AsyncExitStack, worker: Worker, orders: Orders
) -> Mapping[str, Handler]:
    """Handlers of the event intakes: this worker's own, or what passes them on to the one."""
    if worker.number != EVENT_WORKER:
        forwarder = Forwarder(name_socket(Path(orders.sockets), EVENT_WORKER))
        stack.push_async_callback(forwarder.aclose)
        return dict.fromkeys(EVENT_PATHS, forwarder)
    site = worker.site
    drain_s = parse_length_ms(orders.config.drain) / MS_PER_S
    run = await stack.enter_async_context(
        run_meter(site, Path(orders.event_meter), drain_s=drain_s)
    )
    worker.collectors.append(MeterMetrics(run, Path(orders.event_meter)))
    book = EventBook(
        site.directory,
        run.recorder,
        run.held,
        worker.pseudonyms,
        site.clock,
        _find_slugs(orders.config),
        granularity_ms=parse_length_ms(orders.config.granularity),
    )
    worker.upkeep.add(book.release)
    return create_event_routes(book, worker.keys)


def _find_slugs(config: GatewayConfig) -> Callable[[str, str], str | None]:
    """The slug of a model's name and price tier, as far as the configuration says so."""

    def find(model: str, tier: str) -> str | None:
        known = config.models.get(model)
        return None if known is None else known.variants.get(tier, known.resource)

    return find


def _choose_settings(config: GatewayConfig) -> GatewaySettings:
    """A worker's share of what the gateway may do at once."""
    return GatewaySettings(
        max_in_flight=max(config.max_in_flight // config.workers, 1),
        drain_s=parse_length_ms(config.drain) / MS_PER_S,
        cuts_off=config.cut_off,
        granularity_ms=parse_length_ms(config.granularity),
    )
