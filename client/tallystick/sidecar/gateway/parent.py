"""A gateway in the foreground: checked, its meters registered, its workers run until the end."""

from __future__ import annotations

import asyncio
import fcntl
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from tallystick.local.files import make_private_folder
from tallystick.local.folder import NetworkFolder
from tallystick.meter.gateway.offers import Offer
from tallystick.sidecar.errors import ConfigInvalid, GatewayRunning
from tallystick.sidecar.gateway.key_file import KeyStore, find_key_file
from tallystick.sidecar.gateway.offers import build_offers
from tallystick.sidecar.gateway.orders import Orders
from tallystick.sidecar.gateway.ports import reserve_port
from tallystick.sidecar.gateway.settings import GatewayConfig, parse_listen
from tallystick.sidecar.gateway.workers import Workers
from tallystick.sidecar.lengths import parse_length_ms
from tallystick.sidecar.meters import ensure_named_meters
from tallystick.sidecar.site import open_site

MS_PER_S: Final = 1_000
SETTLE_S: Final = 30.0
"""What workers get beyond the drain of their calls: to declare leases and settle."""


class OfferView(msgspec.Struct, frozen=True):
    """A model that a gateway offers."""

    model: str
    upstream: str
    url: str
    has_key: bool
    """Whether a key for the upstream was found."""
    resource: str
    max_input_tokens: int
    max_output_tokens: int


class GatewayView(msgspec.Struct, frozen=True):
    """A gateway as it is about to run, or runs."""

    name: str
    account: str
    url: str
    """Empty where it does not run."""
    workers: int
    meters: tuple[str, ...]
    keys: int
    offers: tuple[OfferView, ...]


def check_gateway(
    path: Path, config: GatewayConfig, environment: Mapping[str, str]
) -> tuple[GatewayConfig, GatewayView]:
    """The configuration fits the network; gives it with its account, and what it will be.

    Args:
        path: the network's folder.
        config: see `complete_config`.
        environment: holds the upstreams' keys.

    Raises:
        ResourceUnknown, AccountUnknown, ConfigInvalid: it does not.
        NotRunning, ChainUnreachable: the network cannot be asked.
    """
    return asyncio.run(_check(path, config, environment))


def run_gateway(
    path: Path,
    config: GatewayConfig,
    environment: Mapping[str, str],
    on_ready: Callable[[GatewayView], None],
) -> None:
    """The gateway takes calls until the process is told to end (SIGTERM, SIGINT).

    Args:
        path: the network's folder.
        config: see `complete_config`.
        environment: holds the upstreams' keys; workers inherit the process's own.
        on_ready: called once calls are taken.

    Raises:
        GatewayRunning: another program runs it.
        PortInUse: another program listens where it should.
        WorkersFailing: a worker could not start.
    """
    known, view = check_gateway(path, config, environment)
    folder = NetworkFolder(path)
    host, port = parse_listen(known.listen)
    with ExitStack() as stack:
        stack.enter_context(_hold_name(folder, known.name))
        port = stack.enter_context(reserve_port(host, port))
        sockets = stack.enter_context(tempfile.TemporaryDirectory(prefix="tallystick-"))
        names = (*view.meters, f"{known.name}-events")
        *meters, event_meter = ensure_named_meters(path, known.account, names)
        orders = Orders(
            dir=str(path),
            config=known,
            host=host,
            port=port,
            meters=tuple(str(meter) for meter in meters),
            event_meter=str(event_meter),
            sockets=sockets,
        )
        shown = msgspec.structs.replace(view, url=format_url(host, port))
        asyncio.run(_run(orders, lambda: on_ready(shown)))


def format_url(host: str, port: int) -> str:
    """Where clients on this machine find what listens there."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - shown, not bound
    return f"http://{name}:{port}"


async def _check(
    path: Path, config: GatewayConfig, environment: Mapping[str, str]
) -> tuple[GatewayConfig, GatewayView]:
    async with open_site(path) as site:
        account = config.account.strip("/") or _choose_account(site.directory.organisations())
        site.directory.account(account)
        offers = build_offers(config, site.directory, environment)
        known = msgspec.structs.replace(config, account=account)
        view = GatewayView(
            name=known.name,
            account=account,
            url="",
            workers=known.workers,
            meters=tuple(f"{known.name}-{number}" for number in range(known.workers)),
            keys=len(KeyStore(find_key_file(site.folder, known.keys_file)).list()),
            offers=tuple(
                _describe(offer, site.directory.slug_of(offer.resource)) for offer in offers.all()
            ),
        )
    return known, view


def _choose_account(organisations: list[str]) -> str:
    if len(organisations) == 1:
        return organisations[0]
    raise ConfigInvalid(
        "whose projects does the gateway bill?",
        expected=f"--account, one of {', '.join(organisations)}"
        if organisations
        else "an account: `tallystick account create acme/team/project`",
    )


def _describe(offer: Offer, slug: str) -> OfferView:
    return OfferView(
        model=offer.model,
        upstream=offer.upstream.name,
        url=offer.upstream.url,
        has_key=bool(offer.upstream.api_key),
        resource=slug,
        max_input_tokens=offer.max_input_tokens,
        max_output_tokens=offer.max_output_tokens,
    )


@contextmanager
def _hold_name(folder: NetworkFolder, name: str) -> Iterator[None]:
    """Nobody else runs a gateway of this name inside the block.

    Raises:
        GatewayRunning: somebody does.
    """
    make_private_folder(folder.gateway)
    with (folder.gateway / f"{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise GatewayRunning(
                f"a gateway called {name} runs already", expected="another --name", actual=name
            ) from error
        yield


async def _run(orders: Orders, on_ready: Callable[[], None]) -> None:
    workers = Workers(orders, parse_length_ms(orders.config.drain) / MS_PER_S + SETTLE_S)
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(ending, workers.stop)
    await workers.run(on_ready)
