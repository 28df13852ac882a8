"""Requests that one worker answers for all: passed on to it over a socket in a private folder."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp import web

from tallystick.core.metric_table import METRIC_BY_NAME
from tallystick.sidecar.gateway.exposition import merge_expositions

MAX_BODY_BYTES: Final = 32 << 20
MAX_PAGE_BYTES: Final = 8 << 20
BODY_TIMEOUT_S: Final = 30.0
TIMEOUT_S: Final = 60.0
SCRAPE_TIMEOUT_S: Final = 5.0
RETRY_AFTER_S: Final = "1"
UP: Final = METRIC_BY_NAME["tallystick_worker_up"]
_REQUEST_HEADERS: Final = (
    *("Authorization", "x-api-key", "api-key", "x-goog-api-key"),
    *("Content-Type", "Content-Encoding", "Accept", "x-tallystick-project", "x-tallystick-user"),
    "x-tallystick-step",
)
_ANSWER_HEADERS: Final = ("Content-Type", "Retry-After", "WWW-Authenticate")
_NOT_NOW: Final = b'{"code":"worker_away","message":"the worker that takes events restarts"}'
_TOO_SLOW: Final = b'{"code":"body_timed_out","message":"the body did not arrive within 30 s"}'
_TOO_LARGE: Final = b'{"code":"body_too_large","message":"the body is larger than 32 MiB"}'


def name_socket(folder: Path, number: int) -> Path:
    """Where a worker listens for the others."""
    return folder / f"{number}.sock"


class Forwarder:
    """Passes requests on to another worker of the gateway, and its answers back.

    Args:
        path: the other's socket.
    """

    def __init__(self, path: Path) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(str(path)),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
        )

    async def aclose(self) -> None:
        """Its connections are closed."""
        await self._session.close()

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """The other worker's answer; 503 while there is none."""
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                body = await _read_bounded(request.content, MAX_BODY_BYTES)
        except TimeoutError:
            return _refuse(408, _TOO_SLOW)
        if body is None:
            return _refuse(413, _TOO_LARGE)
        headers = {
            name: request.headers[name] for name in _REQUEST_HEADERS if name in request.headers
        }
        try:
            async with self._session.request(
                request.method, f"http://worker{request.path}", headers=headers, data=body
            ) as answer:
                found = await _read_bounded(answer.content, MAX_PAGE_BYTES)
                kept = {k: answer.headers[k] for k in _ANSWER_HEADERS if k in answer.headers}
                return web.Response(status=answer.status, body=found, headers=kept)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return _refuse(503, _NOT_NOW)


class MetricsPage:
    """The metrics of all workers, for readers on this machine alone.

    Args:
        sockets: the folder of the workers' sockets.
        workers: how many there are.
    """

    def __init__(self, sockets: Path, workers: int) -> None:
        self._sockets = sockets
        self._workers = workers

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """One page; of a worker that does not answer it says so, in `tallystick_worker_up`."""
        if not _is_local(request):
            return web.Response(status=404)
        pages: dict[str, str] = {}
        for number in range(self._workers):
            page = await self._scrape(number)
            up = f"# HELP {UP.name} {UP.help}\n# TYPE {UP.name} {UP.kind}\n{UP.name} "
            pages[str(number)] = f"{up}{int(page is not None)}\n{page or ''}"
        return web.Response(
            text=merge_expositions(pages), headers={"Content-Type": "text/plain; version=0.0.4"}
        )

    async def _scrape(self, number: int) -> str | None:
        connector = aiohttp.UnixConnector(str(name_socket(self._sockets, number)))
        timeout = aiohttp.ClientTimeout(total=SCRAPE_TIMEOUT_S)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
                session.get("http://worker/metrics") as answer,
            ):
                page = await _read_bounded(answer.content, MAX_PAGE_BYTES)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None
        return page.decode() if page is not None and answer.status == 200 else None  # noqa: PLR2004 - OK


async def _read_bounded(content: aiohttp.StreamReader, limit: int) -> bytes | None:
    """The whole body, None where it is larger than the limit."""
    parts: list[bytes] = []
    size = 0
    async for part in content.iter_any():
        size += len(part)
        if size > limit:
            return None
        parts.append(part)
    return b"".join(parts)


def _is_local(request: web.BaseRequest) -> bool:
    """Whether the reader is on this machine, and not behind a proxy that is."""
    is_relayed = "Forwarded" in request.headers or "X-Forwarded-For" in request.headers
    remote = request.remote or ""
    return not is_relayed and (remote in ("::1", "") or remote.startswith("127."))


def _refuse(status: int, body: bytes) -> web.Response:
    headers = {"Retry-After": RETRY_AFTER_S} if status == 503 else {}  # noqa: PLR2004 - not now
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)
