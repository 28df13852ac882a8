"""What the gateway answers itself: its models, its health, its metrics."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from typing import Final

import msgspec
from aiohttp import web

from tallystick.meter.gateway.demands import find_key
from tallystick.meter.gateway.gateway import Gateway
from tallystick.meter.gateway.metrics import render_metrics
from tallystick.meter.gateway.offers import Offer
from tallystick.meter.gateway.relay import Relay
from tallystick.meter.parse.dialects import Dialect
from tallystick.meter.parse.routes import find_dialect

_METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_LIST_PATHS: Final = ("/v1/models", "/models", "/v1beta/models", "/api/tags")
_LONG_AGO: Final = "1970-01-01T00:00:00Z"
"""When a model was made is not known here, and clients want a time."""


def guess_dialect(request: web.BaseRequest) -> Dialect:
    """What the client of an unknown route probably speaks."""
    path = request.path
    if path.startswith("/v1beta") or "x-goog-api-key" in request.headers:
        return find_dialect("gemini")
    if path.startswith("/api/"):
        return find_dialect("ollama")
    if "anthropic-version" in request.headers:
        return find_dialect("anthropic-messages")
    return find_dialect("openai-chat")


class Pages:
    """Answers requests that are no calls.

    Args:
        gateway: whose models.
        relay: whose counts.
    """

    def __init__(self, gateway: Gateway, relay: Relay) -> None:
        self._gateway = gateway
        self._relay = relay
        self._open_pages: dict[str, Callable[[], web.Response]] = {
            "/health": self._create_health,
            "/healthz": self._create_liveness,
            "/readyz": self._create_readiness,
        }

    def find(self, request: web.BaseRequest, query: str) -> web.Response | None:
        """The page asked for, None where there is none.

        Raises:
            GatewayKeyUnknown: models are listed for keys only.
        """
        if request.method not in ("GET", "HEAD"):
            return None
        path = request.path
        if (create := self._open_pages.get(path)) is not None:
            return create()
        if path == "/metrics" and _is_local(request.remote):
            body = render_metrics((self._relay.counts, *self._gateway.collectors))
            return web.Response(body=body, headers={"Content-Type": _METRICS_TYPE})
        if path in _LIST_PATHS:
            key = find_key(self._gateway, request, query)
            offers = [each for each in self._gateway.offers.all() if key.may_call(each.model)]
            return _create_json(_list_models(request, offers))
        return None

    def _create_health(self) -> web.Response:
        status = 503 if self._relay.is_stopping else 200
        word = "stopping" if self._relay.is_stopping else "ok"
        return _create_json({"status": word, "in_flight": self._relay.counts.in_flight}, status)

    def _create_liveness(self) -> web.Response:
        """200 while this process does its duties, else 503 with those that do not end."""
        wedged = list(self._gateway.find_wedged())
        word = "wedged" if wedged else "ok"
        return _create_json({"status": word, "wedged": wedged}, 503 if wedged else 200)

    def _create_readiness(self) -> web.Response:
        """200 when calls are taken and billed, else 503 with what is missing."""
        checks, is_draining = self._gateway.read_checks(), self._relay.is_stopping
        is_ready = all(checks.values()) and not is_draining
        document = {"ready": is_ready, **checks, "draining": is_draining}
        return _create_json(document, 200 if is_ready else 503)


def _list_models(request: web.BaseRequest, offers: Iterable[Offer]) -> object:
    """The models a key may call, as the client's own provider would list them."""
    path = request.path
    if path == "/api/tags":
        return {"models": [_format_ollama(each) for each in offers]}
    if path == "/v1beta/models":
        return {"models": [_format_gemini(each) for each in offers]}
    if "anthropic-version" in request.headers:
        models = [_format_anthropic(each) for each in offers]
        ids = [each["id"] for each in models]
        return {
            "data": models,
            "has_more": False,
            "first_id": ids[0] if ids else None,
            "last_id": ids[-1] if ids else None,
        }
    return {"object": "list", "data": [_format_openai(each) for each in offers]}


def _format_openai(offer: Offer) -> dict[str, object]:
    owner = offer.upstream.provider
    return {"id": offer.model, "object": "model", "created": 0, "owned_by": owner}


def _format_anthropic(offer: Offer) -> dict[str, object]:
    return {
        "type": "model",
        "id": offer.model,
        "display_name": offer.model,
        "created_at": _LONG_AGO,
    }


def _format_gemini(offer: Offer) -> dict[str, object]:
    return {
        "name": f"models/{offer.model}",
        "displayName": offer.model,
        "inputTokenLimit": offer.max_input_tokens,
        "outputTokenLimit": offer.max_output_tokens,
        "supportedGenerationMethods": ["generateContent"],
    }


def _format_ollama(offer: Offer) -> dict[str, object]:
    return {
        "name": offer.model,
        "model": offer.model,
        "modified_at": _LONG_AGO,
        "size": 0,
        "digest": "",
        "details": {},
    }


def _create_json(document: object, status: int = 200) -> web.Response:
    body = msgspec.json.encode(document)
    return web.Response(status=status, body=body, headers={"Content-Type": "application/json"})


def _is_local(address: str | None) -> bool:
    """Metrics name projects and models: only the machine itself reads them."""
    try:
        return address is None or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
