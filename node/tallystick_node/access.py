"""Who may talk to this node: with a token whoever has it, without one only this machine.

Browsers cannot be made to send a bearer token, so the token is taken as a Basic password as well.
Health and peer routes are open: the first say nothing, the second are signed. So is what meters
bring: any member's meter may send to any validator, and nobody hands out tokens for that.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from tallystick.core.errors import TallystickError
from tallystick_node.answers import answer_error
from tallystick_node.errors import HostRefused, TokenMissing
from tallystick_node.peers.question import (
    BATCHES_PATH,
    CREDITS_PATH,
    FREEZES_PATH,
    RELEASES_PATH,
)
from tallystick_node.settings import is_loopback

OPEN_PATHS: Final = frozenset(
    {"/healthz", "/readyz", BATCHES_PATH, RELEASES_PATH, CREDITS_PATH, FREEZES_PATH}
)


SIGNED_PATHS: Final = frozenset(
    {"/v1/frames", "/v1/leases", "/v1/leases/declarations", "/v1/leases/releases"}
)
"""What is posted here is signed by a registered key, or may be done by anybody on the chain; bodies
and rates are bounded behind it."""


class AccessGuard:
    """Refuses requests before any route sees them.

    Args:
        app: what is guarded.
        token: None = only requests that name this machine, which a page of another origin that
            points its name here does not.
    """

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands the request on, or answers it with the refusal."""
        if scope["type"] == "http" and not self._is_open(scope):
            try:
                self._check(Headers(scope=scope))
            except TallystickError as error:
                response = answer_error(error)
                if isinstance(error, TokenMissing):
                    response.headers["WWW-Authenticate"] = 'Basic realm="tallystick"'
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_open(self, scope: Scope) -> bool:
        """Whether the route asks for no token; without one, only this machine is heard anyway."""
        if scope["path"] in OPEN_PATHS:
            return True
        is_signed = scope["method"] == "POST" and scope["path"] in SIGNED_PATHS
        return self._token is not None and is_signed

    def _check(self, headers: Headers) -> None:
        if self._token is None:
            check_host(headers.get("host", ""))
        else:
            check_token(headers.get("authorization", ""), self._token)


def check_token(authorization: str, token: str) -> None:
    """The header carries the token, as bearer or as password.

    Raises:
        TokenMissing: it does not.
    """
    scheme, _, value = authorization.partition(" ")
    given = value.strip()
    if scheme.lower() == "basic":
        given = _read_password(given)
    if not hmac.compare_digest(given.encode(), token.encode()):
        raise TokenMissing(
            "this validator asks for its token", expected="Authorization: Bearer TOKEN"
        )


def check_host(host: str) -> None:
    """The request names this machine.

    Raises:
        HostRefused: it names another.
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        name = ""
    if not is_loopback(name):
        raise HostRefused(
            "without a token, this validator answers to this machine's own names alone",
            expected="localhost or a loopback address",
            actual=host[:100],
        )


def _read_password(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
