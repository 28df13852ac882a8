"""Answers that come whole: held until their record is durable."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from aiohttp import web
from multidict import CIMultiDict

from tallystick.core.errors import TemporaryFailure
from tallystick.core.usage import Flag
from tallystick.meter.gateway.accounts import Accounts
from tallystick.meter.gateway.answer_headers import create_answer_headers
from tallystick.meter.gateway.call import Call
from tallystick.meter.gateway.client import Answer
from tallystick.meter.gateway.errors import UpstreamBroken
from tallystick.meter.gateway.gateway import Gateway
from tallystick.meter.gateway.intake import create_intake
from tallystick.meter.parse.dialects import AnswerReader

_STARS: Final = b"***"


async def relay_plain(
    gateway: Gateway, accounts: Accounts, call: Call, answer: Answer, reader: AnswerReader
) -> web.Response:
    """The client's answer; its record is durable.

    Raises:
        UpstreamBroken: the answer broke off, is too large, or must not be passed on.
        UpstreamTimedOut: the upstream fell silent.
        StorageFailed: the record may not be durable.
    """
    limit = gateway.settings.max_answer_bytes
    intake = create_intake(answer, reader, call.demand.request, limit)
    try:
        body = await _read_whole(answer, limit)
        intake.feed(body)
        intake.flush()
    except TemporaryFailure:
        await accounts.close(call, reader, flags=Flag.UPSTREAM_FAILED)
        raise
    if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
        await accounts.close_failed(call, reader)
        _check_may_pass(answer)
    else:
        await accounts.close(call, reader)
    left_ucr = gateway.gate.left_ucr(call.demand.key.project)
    headers = create_answer_headers(call, answer, left_ucr)
    secret = call.demand.offer.upstream.api_key.reveal()
    if secret:
        body = body.replace(secret.encode(), _STARS)
        _hide(headers, secret)
    return web.Response(status=answer.status, body=body, headers=headers)


async def _read_whole(answer: Answer, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := await answer.read():
        parts.append(part)
        size += len(part)
        if size > limit:
            raise UpstreamBroken("the upstream's answer is too large", expected=f"{limit} bytes")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _check_may_pass(answer: Answer) -> None:
    """A client would take the upstream's key for its own, or follow it past the gateway."""
    if answer.status == HTTPStatus.UNAUTHORIZED:
        raise UpstreamBroken("the upstream does not take the gateway's key")
    if answer.status < HTTPStatus.BAD_REQUEST and answer.status != HTTPStatus.NOT_MODIFIED:
        raise UpstreamBroken("the upstream redirects, and the gateway does not follow")


def _hide(headers: CIMultiDict[str], secret: str) -> None:
    """No answer holds the upstream's key, not even where the upstream repeats it."""
    for name, value in headers.items():
        if secret in value:
            headers[name] = value.replace(secret, "***")
            return _hide(headers, secret)
    return None
