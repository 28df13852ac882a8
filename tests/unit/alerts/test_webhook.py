"""The webhook against a receiver in this process: order, repetition, signature."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tallystick_node.alerts.cursor import AlertCursor, CursorUnreadable
from tallystick_node.alerts.webhook import Webhook, WebhookFailed, WebhookTarget

SECRET = "a secret of sixteen characters or more"
TARGET = WebhookTarget("http://receiver.test/hook", SECRET, "ab" * 32)


class Alerts:
    """Alerts by place, as the index holds them."""

    def __init__(self, count: int) -> None:
        self.rows = [self.row(block, 0) for block in range(count)]

    def row(self, block: int, ordinal: int, tx_hash: str = "0x1") -> dict[str, Any]:
        return {"kind": "late", "account": "acme", "value": 2**70, "threshold": 1, "time": 5,
                "block": block, "ordinal": ordinal, "tx_hash": tx_hash}  # fmt: skip

    def alerts_after(self, place: tuple[int, int], *, limit: int) -> list[dict[str, Any]]:
        later = [row for row in self.rows if (row["block"], row["ordinal"]) > place]
        return later[:limit]


class Receiver:
    """Answers with the statuses it was given, then with 200."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 0:
            raise httpx.ConnectError("nobody there")
        self.requests.append(request)
        return httpx.Response(status, headers={"Location": "http://elsewhere.test/"})

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def blocks(self) -> list[list[int]]:
        bodies = [json.loads(request.content) for request in self.requests]
        return [[alert["block"] for alert in body["alerts"]] for body in bodies]


def create_webhook(
    alerts: Alerts, receiver: Receiver, path: Path, start: tuple[int, int] = (-1, -1)
) -> Webhook:
    webhook = Webhook(
        TARGET, alerts, AlertCursor(path), lambda: 1234, start=start, sleep=receiver.pause
    )
    webhook._client = httpx.AsyncClient(transport=httpx.MockTransport(receiver.answer))
    return webhook


async def run_until_quiet(webhook: Webhook) -> int:
    """Steps until nothing is left; returns how many failed."""
    failures = 0
    while True:
        try:
            await asyncio.wait_for(webhook.step(), 1)
        except WebhookFailed:
            failures += 1
        except TimeoutError:
            return failures


def test_webhook_sends_pages_in_order_and_signed(tmp_path: Path) -> None:
    alerts, receiver = Alerts(120), Receiver()
    asyncio.run(run_until_quiet(create_webhook(alerts, receiver, tmp_path / "cursor.json")))
    assert receiver.blocks() == [list(range(50)), list(range(50, 100)), list(range(100, 120))]
    for request in receiver.requests:
        message = request.headers["Tallystick-Time"].encode() + b"." + request.content
        expected = hmac.new(SECRET.encode(), message, hashlib.sha256).hexdigest()
        assert request.headers["Tallystick-Signature"] == expected
        assert request.headers["Tallystick-Time"] == "1234"
    assert json.loads(receiver.requests[0].content)["alerts"][0]["value"] == 2**70


@pytest.mark.parametrize("status", [500, 404, 301, 0])
def test_webhook_tries_the_same_page_again_when_refused(tmp_path: Path, status: int) -> None:
    alerts, receiver = Alerts(3), Receiver(status, status, status)
    webhook = create_webhook(alerts, receiver, tmp_path / "cursor.json")
    assert asyncio.run(run_until_quiet(webhook)) == 3
    assert receiver.pauses == [0.0, 1.0, 2.0, 4.0]
    assert receiver.blocks()[-1] == [0, 1, 2]
    assert AlertCursor(tmp_path / "cursor.json").read() == (2, 0)


def test_webhook_goes_on_where_it_stood_when_restarted(tmp_path: Path) -> None:
    alerts, receiver = Alerts(2), Receiver()
    asyncio.run(run_until_quiet(create_webhook(alerts, receiver, tmp_path / "cursor.json")))
    alerts.rows.append(alerts.row(2, 0))
    asyncio.run(run_until_quiet(create_webhook(alerts, receiver, tmp_path / "cursor.json")))
    assert receiver.blocks() == [[0, 1], [2]]


def test_webhook_begins_after_its_start_when_it_is_new(tmp_path: Path) -> None:
    alerts, receiver = Alerts(5), Receiver()
    webhook = create_webhook(alerts, receiver, tmp_path / "cursor.json", start=(3, -1))
    asyncio.run(run_until_quiet(webhook))
    assert receiver.blocks() == [[3, 4]]


def test_webhook_sends_what_replaced_blocks_taken_back(tmp_path: Path) -> None:
    alerts, receiver = Alerts(4), Receiver()
    webhook = create_webhook(alerts, receiver, tmp_path / "cursor.json")

    async def replace() -> None:
        await run_until_quiet(webhook)
        alerts.rows = [*alerts.rows[:2], alerts.row(2, 0, tx_hash="0x2")]
        webhook.note_unwound(1)
        webhook.note_applied(())
        await run_until_quiet(webhook)

    asyncio.run(replace())
    assert receiver.blocks() == [[0, 1, 2, 3], [2]]
    first, second = (json.loads(request.content)["alerts"] for request in receiver.requests)
    assert first[2]["id"] != second[0]["id"]


def test_cursor_file_is_refused_when_damaged(tmp_path: Path) -> None:
    path = tmp_path / "cursor.json"
    path.write_text('{"block": 1')
    with pytest.raises(CursorUnreadable, match="delete it"):
        AlertCursor(path).read()
