"""The intakes over HTTP: OTLP traces, CloudEvents, LiteLLM logs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

from tallystick.meter.events.book import EventBook
from tallystick.meter.events.ports import EventKeys

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

OTLP_PATH: Final = "/v1/traces"
CLOUDEVENTS_PATH: Final = "/api/v1/events"
LITELLM_PATH: Final = "/litellm/logs"


def create_event_routes(book: EventBook, keys: EventKeys) -> Mapping[str, Handler]:
    """Handlers by path: POST /v1/traces, /api/v1/events and /litellm/logs.

    Args:
        book: where events are recorded.
        keys: what requests must show, as calls do.
    """
    raise NotImplementedError
