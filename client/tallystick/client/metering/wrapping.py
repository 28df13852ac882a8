"""Official clients, metered: the same class, the same connections, every call recorded."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final, TypeVar

from tallystick.client.metering.attribution import Attribution, get_current
from tallystick.client.metering.errors import ClientUnsupported
from tallystick.client.metering.exchange import Exchange, Refusal, open_exchange
from tallystick.client.metering.http_library import HttpClient, find_library
from tallystick.client.metering.ports import UseBook
from tallystick.client.metering.transport import AsyncTransport, Transport
from tallystick.meter.parse.dialects import Route

C = TypeVar("C")

PACKAGES: Final = frozenset({"openai", "anthropic"})


def wrap_client(meter: UseBook, client: C, attribution: Attribution) -> C:
    """A client of the same class that records what its calls use; see `Meter.wrap`."""
    official: Any = client
    http = getattr(official, "_client", None)
    library = find_library(http)
    packages = {kind.__module__.partition(".")[0] for kind in type(official).__mro__}
    if library is None or not packages & PACKAGES or not hasattr(official, "copy"):
        raise ClientUnsupported(
            "this is no client that can be wrapped",
            expected="one of the official openai or anthropic packages",
            actual=f"{type(official).__module__}.{type(official).__qualname__}",
        )
    metered: C = official.copy(http_client=_build_http(meter, attribution, http, *library))
    return metered


def _build_http(
    meter: UseBook,
    attribution: Attribution,
    http: HttpClient,
    library: ModuleType,
    is_async: bool,  # noqa: FBT001 - as found
) -> HttpClient:
    """An HTTP client with the other one's ways, whose network is the other one."""

    def open_call(route: Route, body: bytes) -> Exchange | Refusal:
        return open_exchange(meter, attribution.over(get_current()), route, body)

    kind = library.AsyncClient if is_async else library.Client
    transport = (AsyncTransport if is_async else Transport)(library, http, open_call)
    return kind(
        transport=transport,
        headers=http.headers,
        params=http.params,
        cookies=http.cookies,
        timeout=http.timeout,
        trust_env=False,  # proxies are the other one's; here they would lead around the meter
    )
