"""The webhook: alerts go out in order, each at least once, a page at a time.

Nothing is queued in memory: the index holds the alerts, a cursor on disk says which of them the
receiver took. When it fails, the cursor stands and the same page is tried again, ever more rarely.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any, Final, Protocol

import httpx
import msgspec
import structlog

from tallystick.core.errors import TemporaryFailure
from tallystick_node.alerts.cursor import AlertCursor, Place
from tallystick_node.alerts.signing import sign_webhook
from tallystick_node.clock import Clock
from tallystick_node.loops import resting

ALERTS_PER_REQUEST: Final = 50
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 300.0
_LAST_OF_BLOCK: Final = 2**31
_SUCCESS: Final = range(200, 300)

log = structlog.get_logger(__name__)

Sleep = Callable[[float], Awaitable[None]]


class AlertSource(Protocol):
    """The index, as far as the webhook goes."""

    def alerts_after(self, place: Place, *, limit: int) -> list[dict[str, Any]]:
        """Alerts after a place, oldest first."""


class WebhookFailed(TemporaryFailure):
    """The receiver did not take the alerts."""

    code = "webhook_failed"


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """Where alerts go, and what they are signed with."""

    url: str
    secret: str
    network_id: str
    timeout_s: float = 10.0


class Webhook:
    """Sends alerts to one receiver. Run `step` in a loop; the index says when there may be more.

    Args:
        target: the receiver.
        source: of alerts.
        cursor: what the receiver took last.
        clock: this node's.
        start: the place to begin after where the cursor was never written.
        sleep: how a pause is made.
    """

    def __init__(
        self,
        target: WebhookTarget,
        source: AlertSource,
        cursor: AlertCursor,
        clock: Clock,
        *,
        start: Place,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._target = target
        self._source = source
        self._cursor = cursor
        self._clock = clock
        self._sleep = sleep
        self._place = cursor.read() or start
        self._pause_s = 0.0
        self._awake = asyncio.Event()
        self._awake.set()
        self._client = httpx.AsyncClient(timeout=target.timeout_s, follow_redirects=False)

    async def aclose(self) -> None:
        """Connections are closed."""
        await self._client.aclose()

    def note_applied(self, accounts: Collection[int]) -> None:  # noqa: ARG002 - any may alert
        """The index holds more blocks: there may be new alerts."""
        self._awake.set()

    def note_unwound(self, to_block: int) -> None:
        """Blocks after `to_block` were taken back: what replaces them is sent as well."""
        if self._place[0] > to_block:
            self._keep((to_block, _LAST_OF_BLOCK))
        self._awake.set()

    async def step(self) -> None:
        """The next page of alerts is with the receiver; waits while there is none.

        Raises:
            WebhookFailed: the receiver refused or did not answer; the same page is next again.
        """
        with resting():
            await self._awake.wait()
        self._awake.clear()
        place = self._place
        alerts = await asyncio.to_thread(self._source.alerts_after, place, limit=ALERTS_PER_REQUEST)
        if not alerts:
            return
        self._awake.set()
        with resting():
            await self._sleep(self._pause_s)
        await self._send(alerts)
        self._pause_s = 0.0
        if self._place == place:  # else the chain took these blocks back meanwhile
            self._keep((alerts[-1]["block"], alerts[-1]["ordinal"]))
        log.info("alerts_sent", alerts=len(alerts), block=self._place[0])

    async def _send(self, alerts: list[dict[str, Any]]) -> None:
        documents = [{"id": compute_alert_id(alert), **alert} for alert in alerts]
        body = msgspec.json.encode({"network_id": self._target.network_id, "alerts": documents})
        headers = sign_webhook(self._target.secret, self._clock(), body)
        headers["Content-Type"] = "application/json"
        try:
            # Only the status matters; a body of any size is left unread.
            async with self._client.stream(
                "POST", self._target.url, content=body, headers=headers
            ) as response:
                status = response.status_code
        except httpx.HTTPError as error:
            self._slow_down()
            raise WebhookFailed(
                "the webhook's receiver did not answer", actual=type(error).__name__
            ) from error
        if status not in _SUCCESS:
            self._slow_down()
            raise WebhookFailed(
                "the webhook's receiver refused the alerts", expected="2xx", actual=status
            )

    def _slow_down(self) -> None:
        self._pause_s = min(max(self._pause_s * 2, FIRST_PAUSE_S), LONGEST_PAUSE_S)

    def _keep(self, place: Place) -> None:
        self._cursor.write(place)
        self._place = place


def compute_alert_id(alert: dict[str, Any]) -> str:
    """What stays the same when an alert is sent twice: a hash of what and where it is."""
    names = ("kind", "account", "block", "ordinal", "tx_hash")
    text = "\x00".join(str(alert[name]) for name in names)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
