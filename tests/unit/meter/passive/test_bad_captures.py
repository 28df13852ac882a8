"""Whatever a capture holds, reading it ends, and refuses only what is no capture at all."""

import io

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.meter.passive.wire import (
    Wire,
    answer_call,
    encode_answer,
    encode_request,
    write_capture,
)
from tests.upstream.orders import Order

from tallystick.meter.passive.capture import find_exchanges
from tallystick.meter.passive.errors import CaptureUnreadable
from tallystick.meter.passive.exchange import read_exchange
from tallystick.meter.passive.packets import read_segments
from tallystick.meter.passive.tally import Tally

BODY = {"model": "m", "messages": []}
WIRE = (
    Wire()
    .open()
    .send(encode_request("/v1/chat/completions", BODY))
    .answer(encode_answer(answer_call("/v1/chat/completions", "m", Order(), is_stream=True)))
    .end()
)
FILES = [write_capture(WIRE.segments, is_pcapng=each).getvalue() for each in (False, True)]


def read_all(content: bytes) -> Tally:
    tally = Tally()
    try:
        for exchange in find_exchanges(read_segments(io.BytesIO(content)), tally):
            read_exchange(exchange, tally)
    except CaptureUnreadable:
        pass
    return tally


@given(
    st.sampled_from(FILES),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=12),
)
def test_capture_with_wrong_bytes_is_read_or_refused(
    content: bytes, changes: list[tuple[float, int]]
) -> None:
    changed = bytearray(content)
    for share, value in changes:
        changed[int(share * len(changed))] = value
    read_all(bytes(changed))


@given(st.sampled_from(FILES), st.floats(0, 1))
def test_capture_that_ends_anywhere_is_read_or_refused(content: bytes, share: float) -> None:
    read_all(content[: int(share * len(content))])


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=200)), max_size=20))
def test_any_bytes_on_a_connection_are_read(parts: list[tuple[bool, bytes]]) -> None:
    wire = Wire().open()
    for is_answer, data in parts:
        (wire.answer if is_answer else wire.send)(data)
    tally = Tally()
    for exchange in find_exchanges(wire.end().segments, tally):
        read_exchange(exchange, tally)


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_any_body_of_a_call_is_read(asked: bytes, answered: bytes) -> None:
    wire = Wire().open()
    wire.send(b"POST /v1/messages HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(asked), asked))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    wire.answer(head % len(answered) + answered)
    (exchange,) = find_exchanges(wire.segments, Tally())
    assert exchange.body == asked
    read_exchange(exchange, Tally())
