"""What a mock upstream reported is what is read from the packets of its answers."""

import io
from collections.abc import Sequence
from dataclasses import replace

import dpkt
import pytest
from tests.unit.meter.passive.wire import (
    BEGIN_MS,
    CLIENT,
    Wire,
    answer_call,
    encode_answer,
    encode_request,
    wrap,
    write_capture,
)
from tests.upstream.answers import FIELDS
from tests.upstream.orders import Order

from tallystick.core.usage import Flag
from tallystick.meter.passive.capture import find_exchanges
from tallystick.meter.passive.errors import CaptureUnreadable
from tallystick.meter.passive.exchange import Observation, read_exchange
from tallystick.meter.passive.packets import Segment, read_segments
from tallystick.meter.passive.tally import Tally

CHAT = "/v1/chat/completions"
USED = Order(in_fresh=120, in_cached=30, in_written=4, out_visible=50, out_reasoning=11, chunks=40)
CALLS: list[tuple[str, dict[str, object]]] = [
    (CHAT, {"model": "m", "messages": [{"role": "user", "content": "x"}]}),
    ("/v1/responses", {"model": "m", "input": "x"}),
    ("/v1/messages", {"model": "m", "max_tokens": 900, "messages": []}),
    ("/api/chat", {"model": "m", "messages": []}),
    ("/v1/embeddings", {"model": "m", "input": "x"}),
]


def observe(segments: Sequence[Segment], tally: Tally | None = None) -> list[Observation]:
    counts = tally or Tally()
    exchanges = find_exchanges(segments, counts)
    return [each for each in (read_exchange(found, counts) for found in exchanges) if each]


def read_fields(observation: Observation) -> dict[str, int]:
    return {name: getattr(observation.reading, name) for name in FIELDS}


def capture_call(
    path: str = CHAT, order: Order = USED, *, is_stream: bool = False, wants_usage: bool = False
) -> Wire:
    body: dict[str, object] = {**dict(CALLS)[path], "stream": is_stream}
    if wants_usage:
        body["stream_options"] = {"include_usage": True}
    answer = answer_call(path, "m", order, is_stream=is_stream)
    return Wire().open().send(encode_request(path, body)).answer(encode_answer(answer))


@pytest.mark.parametrize(
    ("path", "is_stream"),
    [
        (path, is_stream)
        for path, _ in CALLS
        for is_stream in (False, True)
        if not (is_stream and path == "/v1/embeddings")
    ],
)
def test_capture_gives_what_the_upstream_reported(path: str, is_stream: bool) -> None:
    answer = answer_call(path, "m", USED, is_stream=is_stream)
    (seen,) = observe(capture_call(path, is_stream=is_stream).end().segments)
    assert seen.models[0] == "m"
    assert seen.reading.flags & Flag.PASSIVE
    assert seen.time_ms == BEGIN_MS + 3
    if answer.reported is None:
        assert seen.reading.flags & Flag.ESTIMATED
    else:
        assert read_fields(seen) == answer.reported
        assert not seen.reading.flags & Flag.ESTIMATED


def test_stream_that_reports_nothing_is_estimated_from_its_bytes() -> None:
    order = Order(chunks=10, chunk_text="four")
    (seen,) = observe(capture_call(order=order, is_stream=True).end().segments)
    assert seen.reading.flags & Flag.ESTIMATED
    assert seen.reading.out_visible == 10


def test_packed_answers_are_read() -> None:
    order = Order(in_fresh=77, compresses=True)
    answer = answer_call(CHAT, "m", order)
    wire = Wire().open().send(encode_request(CHAT, CALLS[0][1]))
    wire.answer(encode_answer(answer, "Content-Encoding: gzip\r\n")).end()
    (seen,) = observe(wire.segments)
    assert seen.reading.in_fresh == 77


def test_calls_that_follow_each_other_are_told_apart() -> None:
    wire = Wire().open()
    for count in (1, 2, 3):
        wire.send(encode_request(CHAT, CALLS[0][1]))
        wire.answer(encode_answer(answer_call(CHAT, "m", Order(in_fresh=count))))
    found = observe(wire.end().segments)
    assert [seen.reading.in_fresh for seen in found] == [1, 2, 3]
    assert len({seen.id for seen in found}) == 3


def test_capture_may_begin_in_the_middle_of_a_connection() -> None:
    wire = capture_call()
    later = Wire(seqs=dict(wire.seqs), time_ms=wire.time_ms)
    later.answer(b"rest of an answer")
    later.send(encode_request(CHAT, CALLS[0][1]))
    later.answer(encode_answer(answer_call(CHAT, "m", Order(in_fresh=5))))
    tally = Tally()
    assert [seen.reading.in_fresh for seen in observe(later.segments, tally)] == [5]


def test_lost_packet_of_an_answer_leaves_an_estimate_and_is_counted() -> None:
    wire = capture_call(order=replace_chunks(USED, 400), is_stream=True)
    answers = [each for each in wire.segments if each.source != CLIENT and each.payload]
    assert len(answers) > 4
    lost = answers[2]
    tally = Tally()
    (seen,) = observe([each for each in wire.segments if each is not lost], tally)
    assert seen.reading.flags & Flag.ESTIMATED
    assert (tally["gaps"], tally["missing_bytes"]) == (1, len(lost.payload))


def test_connection_goes_on_after_a_lost_packet() -> None:
    wire = capture_call(order=replace_chunks(USED, 400), is_stream=True)
    lost = [each for each in wire.segments if each.source != CLIENT and each.payload][2]
    wire.send(encode_request(CHAT, CALLS[0][1]))
    wire.answer(encode_answer(answer_call(CHAT, "m", Order(in_fresh=8)))).end()
    found = observe([each for each in wire.segments if each is not lost])
    assert [bool(seen.reading.flags & Flag.ESTIMATED) for seen in found] == [True, False]
    assert found[1].reading.in_fresh == 8


def test_request_without_an_answer_is_counted_and_estimated() -> None:
    wire = Wire().open().send(encode_request(CHAT, CALLS[0][1]))
    tally = Tally()
    (seen,) = observe(wire.segments, tally)
    assert tally["unpaired"] == 1
    assert seen.reading.flags == Flag.ESTIMATED | Flag.PASSIVE
    assert seen.reading.out_total == 0


def test_answers_are_looked_for_in_what_the_server_sends_alone() -> None:
    text = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    wire = Wire().open()
    wire.send(encode_request(CHAT, CALLS[0][1]) + b"PUT /x HTTP/1.1\r\n")
    wire.send(b"Content-Length: %d\r\n\r\n" % len(text) + text)
    wire.answer(encode_answer(answer_call(CHAT, "m", Order(in_fresh=6)))).end()
    assert [seen.reading.in_fresh for seen in observe(wire.segments)] == [6]


def test_pictures_are_not_estimated_as_text() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 90_000}}
    text = {"type": "text", "text": "What is this? " * 20}
    body = {"model": "m", "messages": [{"role": "user", "content": [text, picture]}]}
    (seen,) = observe(Wire().open().send(encode_request(CHAT, body)).segments)
    assert 70 <= seen.reading.in_fresh <= 200


def test_failed_calls_and_other_requests_use_nothing() -> None:
    wire = Wire().open().send(encode_request(CHAT, CALLS[0][1]))
    wire.answer(encode_answer(answer_call(CHAT, "m", Order(status=500))))
    wire.send(encode_request("/v1/files", {})).answer(b"HTTP/1.1 200 OK\r\n\r\n")
    tally = Tally()
    assert observe(wire.end().segments, tally) == []
    assert (tally["failed"], tally["other_routes"], tally["seen"]) == (1, 1, 2)


def test_packed_or_foreign_traffic_is_counted_as_unreadable() -> None:
    wire = Wire().open().send(b"\x16\x03\x01\x02" * 50).answer(b"\x16\x03\x03" * 50).end()
    tally = Tally()
    assert observe(wire.segments, tally) == []
    assert tally["unreadable"] == 1


def test_same_capture_gives_the_same_identities() -> None:
    segments = capture_call(is_stream=True).end().segments
    assert [seen.id for seen in observe(segments)] == [seen.id for seen in observe(segments)]


@pytest.mark.parametrize("is_pcapng", [False, True])
def test_file_gives_the_segments_that_were_written(is_pcapng: bool) -> None:
    segments = capture_call(is_stream=True).end().segments
    found = list(read_segments(write_capture(segments, is_pcapng=is_pcapng)))
    assert [replace(each, time_ms=0) for each in found] == [
        replace(each, time_ms=0) for each in segments
    ]
    assert all(abs(a.time_ms - b.time_ms) <= 1 for a, b in zip(found, segments, strict=True))


def test_cut_capture_gives_what_lies_before_the_cut() -> None:
    stream = write_capture(capture_call().end().segments)
    cut = io.BytesIO(stream.getvalue()[:-30])
    assert len(list(read_segments(cut))) >= 4


def test_packets_that_carry_no_tcp_are_passed_over() -> None:
    packet = wrap(capture_call().segments[0])
    packet.data.p = 17
    packet.data.data = b"datagram"
    stream = io.BytesIO()
    writer = dpkt.pcap.Writer(stream)
    for data in (bytes(packet), b"\x00" * 9):
        writer.writepkt(data, ts=1.0)
    stream.seek(0)
    assert list(read_segments(stream)) == []


@pytest.mark.parametrize("content", [b"", b"GIF89a, no capture at all"])
def test_capture_is_refused_when_it_is_none(content: bytes) -> None:
    with pytest.raises(CaptureUnreadable):
        list(read_segments(io.BytesIO(content)))


def replace_chunks(order: Order, chunks: int) -> Order:
    return Order(in_fresh=order.in_fresh, out_visible=order.out_visible, chunks=chunks)
