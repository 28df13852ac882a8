"""What can be wrong with reported use. Leaves of the core's tree."""

from __future__ import annotations

from tallystick.core.errors import InvalidInput


class EventRefused(InvalidInput):
    """An event is whole and still cannot be recorded, whatever is done about the network."""

    code = "event_refused"


class EventMalformed(InvalidInput):
    """A request's body is not what its route takes; nothing of it was recorded.

    Args:
        place: which event of the body, and what of it.
        expected: what would have been right.
        actual: what was found, shortened.
    """

    code = "event_malformed"

    def __init__(self, place: str, *, expected: str, actual: str) -> None:
        super().__init__(f"{place} cannot be read", expected=expected, actual=actual[:120])
        self.place = place


class EventProjectForbidden(InvalidInput):
    """An event names a project that its key may not bill."""

    code = "event_project_forbidden"
    http_status = 403


class EventModelForbidden(InvalidInput):
    """An event names a model that its key may not report."""

    code = "event_model_forbidden"
    http_status = 403


class EventKeyUnknown(InvalidInput):
    """The request shows no key, or one that does not exist."""

    code = "event_key_unknown"
    http_status = 401


class EventMethodUnsupported(InvalidInput):
    """Events are posted; nothing else can be done on their routes."""

    code = "event_method_unsupported"
    http_status = 405


class EventBodyTooLarge(InvalidInput):
    """The body, as sent or decompressed, is beyond what a route takes at once."""

    code = "event_body_too_large"
    http_status = 413


class EventTypeUnsupported(InvalidInput):
    """The body's content type or encoding is none that the route takes."""

    code = "event_type_unsupported"
    http_status = 415
