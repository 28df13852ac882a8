"""Whole exchanges, as Envoy and others post them."""

import base64
import json

import pytest
from tests.unit.meter.passive.wire import answer_call
from tests.upstream.orders import Order

from tallystick.core.usage import Flag
from tallystick.meter.passive.errors import ObservationMalformed
from tallystick.meter.passive.exchange import Exchange, read_exchange
from tallystick.meter.passive.tally import Tally
from tallystick.meter.passive.tap import read_document, read_envoy_tap

NOW_MS = 1_795_305_600_000
PATH = "/v1/chat/completions"
BODY = json.dumps({"model": "m", "messages": []})
ANSWER = answer_call(PATH, "m", Order(in_fresh=44, out_visible=3)).pieces[0]


def write_tap(*, is_text: bool, status: str = "200", truncated: bool = False) -> bytes:
    def body(data: bytes) -> dict[str, object]:
        kind = "as_string" if is_text else "as_bytes"
        value = data.decode() if is_text else base64.b64encode(data).decode()
        return {kind: value, "truncated": truncated}

    def headers(**values: str) -> list[dict[str, str]]:
        return [{"key": name.replace("_", ":"), "value": value} for name, value in values.items()]

    trace = {
        "request": {
            "headers": headers(_method="POST", _path=PATH, _authority="models.example"),
            "body": body(BODY.encode()),
        },
        "response": {"headers": headers(_status=status), "body": body(ANSWER)},
    }
    return json.dumps({"http_buffered_trace": trace}).encode()


def read_in_fresh(exchange: Exchange) -> int:
    seen = read_exchange(exchange, Tally())
    assert seen is not None
    assert seen.reading.flags == Flag.PASSIVE
    return seen.reading.in_fresh


@pytest.mark.parametrize("is_text", [False, True])
def test_tap_gives_what_the_upstream_reported(is_text: bool) -> None:
    exchange = read_envoy_tap(write_tap(is_text=is_text), NOW_MS)
    assert read_in_fresh(exchange) == 44
    assert exchange.headers["host"] == "models.example"
    assert exchange.answer is not None
    assert exchange.answer.is_whole


def test_truncated_tap_is_not_whole() -> None:
    exchange = read_envoy_tap(write_tap(is_text=True, truncated=True), NOW_MS)
    assert exchange.answer is not None
    assert not exchange.answer.is_whole


def test_tap_is_itself_however_often_it_is_read() -> None:
    text = write_tap(is_text=True)
    assert read_envoy_tap(text, NOW_MS).id == read_envoy_tap(text, NOW_MS + 5).id
    assert read_envoy_tap(text, NOW_MS).id != read_envoy_tap(text + b" ", NOW_MS).id


def test_document_gives_what_the_upstream_reported() -> None:
    document = {
        "request": {"method": "post", "target": PATH, "body": BODY},
        "answer": {"status": 200, "body": ANSWER.decode()},
        "id": "call-7",
        "time_ms": 5,
    }
    exchange = read_document(json.dumps(document).encode(), NOW_MS)
    assert (exchange.id, exchange.time_ms) == ("call-7", 5)
    assert read_in_fresh(exchange) == 44


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"http_buffered_trace": {}}',
        b'{"http_buffered_trace": {"request": {"body": {"as_bytes": "%%%"}}}}',
        b'{"request": {"method": "POST"}}',
    ],
)
def test_reading_refuses_what_is_neither(text: bytes) -> None:
    with pytest.raises(ObservationMalformed):
        read_envoy_tap(text, NOW_MS)
    with pytest.raises(ObservationMalformed):
        read_document(text, NOW_MS)
