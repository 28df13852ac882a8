"""One request with frames to one validator, and what its answer means for the sender."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import httpx
import msgspec

from tallystick.meter.ports import ValidatorEndpoint

MAX_ANSWER_BYTES: Final = 65_536
MAX_RETRY_AFTER_S: Final = 60.0

_NOT_NOW_STATUSES: Final = frozenset({408, 425, 429})
_NOT_NOW_CODES: Final = frozenset({"sequence_gap"})


class ErrorBody(msgspec.Struct, frozen=True):
    """The document with which a validator explains itself."""

    code: str = ""
    message: str = ""
    expected: str | int | None = None
    actual: str | int | None = None
    accepted: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """The validator has the frames. That it settles them is for the cursor to say."""


@dataclass(frozen=True, slots=True)
class NotNow:
    """Try again: nothing is wrong with the frames."""

    code: str
    retry_after_s: float | None = None
    is_reachable: bool = True
    """Whether the validator, or anybody in its place, answered at all."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The validator will not have one of the frames: the one after the first `accepted`."""

    error: ErrorBody
    accepted: int


Answer = Taken | NotNow | Refused


async def post_frames(
    http: httpx.AsyncClient, validator: ValidatorEndpoint, body: bytes, *, timeout_s: float
) -> Answer:
    """The validator's answer to the concatenated frames in `body`; never raises for the network."""
    try:
        async with asyncio.timeout(timeout_s):
            return await _exchange(http, validator.url, body)
    except TimeoutError:
        return NotNow("no_answer")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return NotNow(f"unreachable: {type(error).__name__}", is_reachable=False)


async def _exchange(http: httpx.AsyncClient, url: str, body: bytes) -> Answer:
    headers = {"content-type": "application/octet-stream"}
    request = http.stream("POST", f"{url}/v1/frames", content=body, headers=headers)
    async with request as response:
        if response.is_success:
            return Taken()
        return _interpret(response, await _read_bounded(response))


def _interpret(response: httpx.Response, content: bytes) -> Answer:
    try:
        error = msgspec.json.decode(content, type=ErrorBody)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        error = ErrorBody()
    status = response.status_code
    is_our_fault = response.is_client_error and status not in _NOT_NOW_STATUSES
    if not is_our_fault or error.code in _NOT_NOW_CODES:
        return NotNow(error.code or f"http_{status}", _parse_retry_after(response))
    if not error.code:
        error = ErrorBody(code=f"http_{status}", message="the validator gave no reason")
    return Refused(error, max(error.accepted, 0))


def _parse_retry_after(response: httpx.Response) -> float | None:
    """Seconds, bounded; dates are not used by our nodes and count as absent."""
    text = response.headers.get("retry-after", "")
    return min(float(text), MAX_RETRY_AFTER_S) if text.isascii() and text.isdigit() else None


async def _read_bounded(response: httpx.Response) -> bytes:
    content = b""
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > MAX_ANSWER_BYTES:
            return b""
    return content
