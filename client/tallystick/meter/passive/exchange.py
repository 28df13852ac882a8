"""A request and its answer as somebody beside them saw it, and what the call used."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from tallystick.core.usage import Flag
from tallystick.meter.parse.dialects import AnswerReader, CallRequest
from tallystick.meter.parse.errors import RequestMalformed
from tallystick.meter.parse.estimate import BYTES_PER_TOKEN, estimate_reading
from tallystick.meter.parse.reading import Reading
from tallystick.meter.parse.routes import find_route
from tallystick.meter.passive.tally import Tally

MAX_UNPACKED_BYTES: Final = 32 << 20
_FIRST_ERROR: Final = 400
_PACKED: Final = re.compile(rb"[A-Za-z0-9+/=_-]{512,}")
"""Base64, as pictures and files are sent: no text has words that long."""
_WBITS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, as far as it was seen.

    Args:
        status: of HTTP.
        headers: names in lower case.
        body: without its transfer encoding; packed as its headers say.
        is_whole: nothing of it was missed.
        end_ms: when its last byte was seen, Unix ms.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool
    end_ms: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call that went past us.

    Args:
        source: who saw it.
        id: what tells it from every other call of that source, however often it is read.
        time_ms: when the request was seen, Unix ms.
        method: of HTTP.
        target: as it was asked for, with its query.
        client: the caller's address, "" where unknown.
        headers: of the request, names in lower case.
        body: of the request, packed as its headers say.
        answer: None where only the request was seen.
    """

    source: str
    id: str
    time_ms: int
    method: str
    target: str
    client: str
    headers: Mapping[str, str]
    body: bytes
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class Observation:
    """What a call used, or is estimated to have used.

    Args:
        source: see `Exchange`.
        id: see `Exchange`.
        time_ms: see `Exchange`.
        models: names it may be priced under, the one that was asked for first.
        reading: flagged as passive.
        labels: what a rule may find the project by: host, client, path, and headers.
        user: as the body names who calls, None where it does not.
        status: of the answer, 0 where none was seen.
        duration_ms: until the answer's last byte, None where that was not seen.
    """

    source: str
    id: str
    time_ms: int
    models: tuple[str, ...]
    reading: Reading
    labels: Mapping[str, str]
    user: str | None = None
    status: int = 0
    duration_ms: int | None = None


def read_exchange(
    exchange: Exchange, tally: Tally, *, assumed_output_tokens: int = 0
) -> Observation | None:
    """What the call used; None where it is no metered call or used nothing, which is counted.

    Args:
        exchange: as it was seen.
        tally: counts it as seen, and why it is left out if it is.
        assumed_output_tokens: of a call whose answer nobody saw, at most what it asked for.
    """
    tally.add("seen")
    path = urlsplit(exchange.target).path
    route = find_route(exchange.method, path)
    if route is None:
        tally.add("other_routes")
        return None
    body = unpack(exchange.body, exchange.headers.get("content-encoding", ""))
    try:
        request = route.dialect.read_request(route, body, injects_usage=False)
    except RequestMalformed:
        tally.add("malformed")
        return None
    answer = exchange.answer
    content_type = answer.headers.get("content-type", "") if answer else ""
    if answer is None:
        reading = _assume(request, assumed_output_tokens)
    else:
        reading = _read_answer(answer, request, route.dialect.create_reader(request, content_type))
    if reading is None:
        tally.add("failed")
        return None
    return Observation(
        source=exchange.source,
        id=exchange.id,
        time_ms=exchange.time_ms,
        models=tuple(dict.fromkeys(name for name in (request.model, reading.model) if name)),
        reading=replace(reading, flags=reading.flags | Flag.PASSIVE),
        labels={**exchange.headers, "path": path, "client": exchange.client},
        user=request.user,
        status=answer.status if answer else 0,
        duration_ms=max(answer.end_ms - exchange.time_ms, 0) if answer else None,
    )


def _assume(request: CallRequest, output_tokens: int) -> Reading | None:
    """What was sent, estimated; nothing but the setting says what came back."""
    output_bytes = output_tokens * BYTES_PER_TOKEN
    return estimate_reading(_count_text(request), output_bytes, request.max_output_tokens)


def _count_text(request: CallRequest) -> int:
    """Bytes that the model reads as text: those of pictures and files say nothing of tokens."""
    if not request.has_opaque_input:
        return request.input_bytes
    packed = sum(len(found.group()) for found in _PACKED.finditer(request.body))
    return max(request.input_bytes - packed, 0)


def _read_answer(answer: Answer, request: CallRequest, reader: AnswerReader) -> Reading | None:
    """The answer's usage, else an estimate; None where the upstream failed and says nothing."""
    reader.feed(unpack(answer.body, answer.headers.get("content-encoding", "")))
    reader.flush()
    reading = reader.finish()
    if reading is not None:
        return reading
    if answer.status >= _FIRST_ERROR:
        return None
    estimate = estimate_reading(
        _count_text(request), reader.output_bytes, request.max_output_tokens
    )
    doubt = Flag.USAGE_MISMATCH if reader.problem == "usage_malformed" else Flag(0)
    return replace(estimate, flags=estimate.flags | doubt, raw=reader.raw)


def unpack(body: bytes, encoding: str) -> bytes:
    """The body unpacked as far as it can be, within 32 MiB; nothing of what cannot be."""
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"}:
        return body
    if encoding not in _WBITS:
        return b""
    unpacker = zlib.decompressobj(_WBITS[encoding])
    parts: list[bytes] = []
    left = MAX_UNPACKED_BYTES
    try:
        # Bit by bit: what lies before a break is kept.
        while body and left > 0:
            part = unpacker.decompress(body, min(left, 1 << 16))
            parts.append(part)
            left -= len(part)
            body = unpacker.unconsumed_tail
    except zlib.error:
        pass
    return b"".join(parts)


def compute_content_id(*parts: bytes) -> str:
    """A name made of content: SHA-256 of the parts, each behind its length, in hex."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
