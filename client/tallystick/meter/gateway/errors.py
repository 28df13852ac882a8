"""Why a call was not relayed, or not answered. Leaves of the core's tree."""

from __future__ import annotations

from collections.abc import Sequence

from tallystick.core.errors import FatalFailure, InvalidInput, TemporaryFailure


class GatewayKeyUnknown(InvalidInput):
    """The call shows no key of this gateway, or a revoked one."""

    code = "gateway_key_unknown"
    http_status = 401


class RouteUnknown(InvalidInput):
    """The gateway meters no such route, so it relays none."""

    code = "route_unknown"
    http_status = 404


class ModelUnknown(InvalidInput):
    """The gateway offers no model of this name; the nearest ones are listed.

    Args:
        model: as the call named it.
        nearest: names of offers, the likeliest first.
    """

    code = "model_unknown"
    http_status = 404

    def __init__(self, model: str, nearest: Sequence[str]) -> None:
        super().__init__(
            "this gateway offers no such model",
            expected=f"one such as {', '.join(nearest)}" if nearest else "a model it offers",
            actual=repr(model[:80]),
        )
        self.nearest = tuple(nearest)


class ModelNotAllowed(InvalidInput):
    """The key does not allow this model."""

    code = "model_not_allowed"
    http_status = 403


class ContentTypeUnsupported(InvalidInput):
    """The body is not JSON by its own words, or packed in a way the gateway does not unpack."""

    code = "content_type_unsupported"
    http_status = 415


class BodyTooLarge(InvalidInput):
    """The body is larger than the gateway takes, packed or unpacked."""

    code = "body_too_large"
    http_status = 413


class BodyUnreadable(InvalidInput):
    """The body broke off, or is not what its headers say."""

    code = "body_unreadable"


class BodyTimedOut(InvalidInput):
    """The body did not arrive in the time given."""

    code = "body_timed_out"
    http_status = 408


class StepInvalid(InvalidInput):
    """The step in `x-tallystick-step` is no whole number of 16 bits."""

    code = "step_invalid"


class GatewayBusy(TemporaryFailure):
    """As many calls as the gateway carries at once are under way, or it is stopping."""

    code = "gateway_busy"


class PriceUnknown(TemporaryFailure):
    """The rates of an offer's resource are not known, so no call of it can be reserved."""

    code = "price_unknown"


class UpstreamFailure(TemporaryFailure):
    """The upstream did not answer a call, or not to its end."""

    code = "upstream_failure"
    http_status = 502


class UpstreamUnreachable(UpstreamFailure):
    """No connection to the upstream stood, or it broke before a byte of the answer."""

    code = "upstream_unreachable"


class UpstreamTimedOut(UpstreamFailure):
    """The upstream took the call and stayed silent for too long."""

    code = "upstream_timed_out"
    http_status = 504


class UpstreamBroken(UpstreamFailure):
    """The upstream's answer broke off, or is one that the gateway must not pass on."""

    code = "upstream_broken"


class StreamCutOff(InvalidInput):
    """A stream was ended because it came to cost more than was reserved for it."""

    code = "stream_cut_off"
    http_status = 429


class InternalFailure(FatalFailure):
    """The gateway failed in a way that nobody expected; its log says how."""

    code = "internal_failure"
