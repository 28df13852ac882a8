"""One HTTP call of a wrapped client: begun before it is sent, recorded before its answer ends."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import structlog

from tallystick.client.metering.attribution import Attribution
from tallystick.client.metering.ports import UseBook
from tallystick.client.metering.use import NS_PER_MS, Use
from tallystick.core.errors import InvalidInput
from tallystick.core.usage import Flag
from tallystick.meter.errors import RecordInvalid
from tallystick.meter.parse.dialects import AnswerReader, CallRequest, Route
from tallystick.meter.parse.errors import RequestMalformed
from tallystick.meter.parse.estimate import BYTES_PER_TOKEN, estimate_reading
from tallystick.meter.parse.reading import NO_FLAGS, Reading
from tallystick.meter.parse.routes import find_route

FIRST_ERROR: Final = 400
READ_ONLY: Final = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer in the provider's own shape to a call that is not sent."""

    status: int
    body: bytes


class Exchange:
    """A call that has been begun; `finish` records it, once.

    Args:
        meter: records it.
        attribution: whom and what to bill, as of when the call was made.
        route: where it goes.
        request: the call.
    """

    def __init__(
        self, meter: UseBook, attribution: Attribution, route: Route, request: CallRequest
    ) -> None:
        self.request = request
        self._meter = meter
        self._attribution = attribution
        self._route = route
        self._began_ns = time.monotonic_ns()
        self._status = 0
        self._reader: AnswerReader | None = None
        self._is_over = False
        estimate = Use.of_reading(_estimate_crash(request), self._list_models(""))
        self._payee = meter.find_payee(attribution, estimate)
        self._call = meter.begin(self._payee, estimate)

    def start(self, status: int, content_type: str) -> None:
        """The answer's head has come."""
        self._status = status
        self._reader = self._route.dialect.create_reader(self.request, content_type)

    def feed(self, data: bytes) -> bytes:
        """What of a piece of the answer is the caller's."""
        return self._reader.feed(data) if self._reader else data

    def flush(self) -> bytes:
        """What of the answer was held back, once it has ended."""
        return self._reader.flush() if self._reader else b""

    def finish(self, *, has_failed: bool = False) -> None:
        """The call is recorded, durably; more calls of this do nothing.

        Args:
            has_failed: the answer broke off.
        """
        if self._is_over:
            return
        self._is_over = True
        reading = self._read()
        if reading is None:
            self._meter.drop(self._call)
            return
        flags = reading.flags | (Flag.UPSTREAM_FAILED if has_failed else NO_FLAGS)
        use = Use.of_reading(replace(reading, flags=flags), self._list_models(reading.model))
        try:
            self._keep(use)
        except RecordInvalid:
            # More than any call can use: the number is broken, whatever it says.
            estimate = self._estimate()
            doubt = flags | estimate.flags | Flag.USAGE_MISMATCH
            self._keep(Use.of_reading(replace(estimate, flags=doubt, raw=reading.raw)))

    def _keep(self, use: Use) -> None:
        duration_ms = (time.monotonic_ns() - self._began_ns) // NS_PER_MS
        use = replace(use, status=self._status, duration_ms=duration_ms)
        payee = replace(self._payee, billing=replace(self._payee.billing, flags=int(use.flags)))
        if use.tier:
            payee = self._meter.find_payee(self._attribution, use)
        self._meter.keep(payee, use, self._meter.now_ms(), self._call)

    def _read(self) -> Reading | None:
        """What the answer says, else an estimate; None where nothing is billed."""
        reader = self._reader
        if reader is None:
            return None
        reading = reader.finish()
        if reading is not None:
            return reading
        if self._status >= FIRST_ERROR:
            return None
        estimate = self._estimate()
        doubt = Flag.USAGE_MISMATCH if reader.problem == "usage_malformed" else NO_FLAGS
        return replace(estimate, flags=estimate.flags | doubt, raw=reader.raw)

    def _estimate(self) -> Reading:
        output_bytes = self._reader.output_bytes if self._reader else 0
        request = self.request
        return estimate_reading(request.input_bytes, output_bytes, request.max_output_tokens)

    def _list_models(self, answered: str) -> tuple[str, ...]:
        """What the caller named: that is what was priced before the call was sent."""
        return tuple(dict.fromkeys(name for name in (self.request.model, answered) if name))


def open_exchange(
    meter: UseBook, attribution: Attribution, route: Route, body: bytes
) -> Exchange | Refusal:
    """The call, begun; or why it is not sent.

    Args:
        meter: records it.
        attribution: whom and what to bill.
        route: where it goes.
        body: of the call.

    Raises:
        MeterClosed, TemporaryFailure: it cannot be recorded now.
    """
    try:
        request = route.dialect.read_request(route, body, injects_usage=True)
        return Exchange(meter, attribution, route, request)
    except InvalidInput as error:
        return _refuse(route, error)


def find_call_route(method: str, path: str) -> Route | None:
    """The route of a call, also where a server puts something before its API's own paths.

    None where it is no call that can be metered; one that may cost something is logged.
    """
    method = method.upper()
    own = next((f"/v1{suffix}" for suffix in _SUFFIXES if path.endswith(suffix)), path)
    found = find_route(method, path) or find_route(method, own)
    if found is None and method not in READ_ONLY:
        _log.warning("call_not_metered", method=method, path=path)
    return found


def _estimate_crash(request: CallRequest) -> Reading:
    """What stands for the call should this process die while it is under way."""
    asked = (request.max_output_tokens or 0) * BYTES_PER_TOKEN
    return estimate_reading(request.input_bytes, asked, request.max_output_tokens)


def _refuse(route: Route, error: InvalidInput) -> Refusal:
    is_malformed = isinstance(error, RequestMalformed)
    status = FIRST_ERROR if is_malformed else error.http_status
    details: Mapping[str, int | str] = {"code": error.code}
    body = route.dialect.format_refusal(status, error.code, str(error), details)
    return Refusal(status, body)


_SUFFIXES: Final = ("/chat/completions", "/completions", "/responses", "/embeddings", "/messages")
"""Of OpenAI's and Anthropic's calls; Azure and many servers put a path of their own before."""
