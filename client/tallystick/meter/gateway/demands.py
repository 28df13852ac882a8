"""Reads what a client asks for, and whether it may."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from tallystick.meter.gateway.bodies import HeldBody, read_body
from tallystick.meter.gateway.call import Demand
from tallystick.meter.gateway.credentials import read_secret
from tallystick.meter.gateway.errors import (
    ContentTypeUnsupported,
    GatewayKeyUnknown,
    ModelNotAllowed,
    ModelUnknown,
    StepInvalid,
)
from tallystick.meter.gateway.gateway import Gateway
from tallystick.meter.gateway.offers import Offer
from tallystick.meter.gateway.secrets import GatewayKey
from tallystick.meter.parse.dialects import CallRequest, Dialect, Route
from tallystick.meter.parse.routes import dialect_for

USER_HEADER: Final = "x-tallystick-user"
STEP_HEADER: Final = "x-tallystick-step"
_MAX_USER_CHARS: Final = 256
_MAX_STEP: Final = 2**16 - 1


async def read_demand(
    gateway: Gateway, request: web.BaseRequest, route: Route, query: str, held: HeldBody
) -> Demand:
    """What the client asks for.

    The key is checked before a byte of the body is read, the model before anything is reserved.

    Raises:
        GatewayKeyUnknown, ContentTypeUnsupported, BodyTooLarge, BodyTimedOut, BodyUnreadable,
        GatewayBusy, RequestMalformed, ModelUnknown, ModelNotAllowed, StepInvalid: see errors.py.
    """
    key = find_key(gateway, request, query)
    step = _read_step(request, key)
    _check_content_type(request, route)
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await read_body(request, gateway.settings, held)
    offer, dialect, call_request = _read_call(gateway, key, route, body)
    user = _find_user(gateway, request, key, call_request)
    return Demand(key, offer, route, dialect, call_request, user, step)


def find_key(gateway: Gateway, request: web.BaseRequest, query: str) -> GatewayKey:
    """The key that a request shows.

    Raises:
        GatewayKeyUnknown: none, or none of this gateway's.
    """
    secret = read_secret(request.headers, query)
    key = gateway.keys.find(secret) if secret else None
    if key is None:
        raise GatewayKeyUnknown(
            "the request shows a key that this gateway does not know"
            if secret
            else "the request shows no key",
            expected="a key of this gateway, where the client's library puts its API key",
        )
    return key


def _read_call(
    gateway: Gateway, key: GatewayKey, route: Route, body: bytes
) -> tuple[Offer, Dialect, CallRequest]:
    """Parsed once where the upstream takes the body as the usual one does, else once more."""
    request = route.dialect.read_request(route, body, injects_usage=True)
    offer = gateway.offers.find(request.model)
    if offer is None:
        raise ModelUnknown(request.model, gateway.offers.nearest(request.model))
    if not key.may_call(offer.model):
        raise ModelNotAllowed(
            "the key does not allow this model",
            expected=", ".join(sorted(key.models or ())[:20]),
            actual=offer.model,
        )
    upstream = offer.upstream
    dialect = dialect_for(route, upstream.provider)
    is_usual = dialect is route.dialect and (upstream.injects_usage or not request.hides_usage)
    if not is_usual or offer.upstream_model is not None:
        request = dialect.read_request(
            route, body, injects_usage=upstream.injects_usage, upstream_model=offer.upstream_model
        )
    return offer, dialect, request


def _check_content_type(request: web.BaseRequest, route: Route) -> None:
    """Ollama's own server takes any; `curl -d` says that its JSON is a form."""
    declared = request.headers.get("Content-Type", "")
    kind = declared.partition(";")[0].strip().lower()
    if kind in ("application/json", "") or kind.endswith("+json"):
        return
    if route.dialect.name != "ollama":
        raise ContentTypeUnsupported(
            "the body is not JSON by its own words",
            expected="application/json",
            actual=repr(declared[:80]),
        )


def _read_step(request: web.BaseRequest, key: GatewayKey) -> int:
    text = request.headers.get(STEP_HEADER)
    if text is None:
        return key.step
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_STEP))):
        raise StepInvalid(
            "this is no step", expected=f"a whole number up to {_MAX_STEP}", actual=repr(text[:40])
        )
    step = int(text)
    if step > _MAX_STEP:
        raise StepInvalid(
            "this is no step", expected=f"a whole number up to {_MAX_STEP}", actual=step
        )
    return step


def _find_user(
    gateway: Gateway, request: web.BaseRequest, key: GatewayKey, call_request: CallRequest
) -> int:
    """The pseudonym of whoever calls: the key's person, or whom the call names."""
    if not key.records_users:
        return 0
    name = key.user or request.headers.get(USER_HEADER) or call_request.user
    if not name:
        return 0
    now_ms = gateway.clock.now_ms()
    return gateway.pseudonyms.give(key.organisation, name[:_MAX_USER_CHARS], now_ms)
