"""Captures for tests: calls as a mock upstream answers them, as packets of a connection."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import dpkt
from tests.upstream.answers import Answer
from tests.upstream.orders import Order
from tests.upstream.routes import find_answer

from tallystick.meter.passive.packets import Segment

CLIENT = "10.0.0.1:40000"
SERVER = "10.0.0.2:11434"
BEGIN_MS = 1_795_305_600_000


def encode_request(path: str, body: object, headers: str = "") -> bytes:
    content = json.dumps(body).encode()
    return (
        f"POST {path} HTTP/1.1\r\nHost: models\r\n{headers}"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    ).encode() + content


def encode_answer(answer: Answer, headers: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {answer.status} OK\r\nContent-Type: {answer.content_type}\r\n{headers}"
    ).encode()
    if not answer.is_stream:
        body = b"".join(answer.pieces)
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in answer.pieces)
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


def answer_call(path: str, model: str, order: Order, *, is_stream: bool = False) -> Answer:
    return find_answer(path, "", model, order, is_stream, None, 1)


@dataclass
class Wire:
    """One connection's segments, in the order in which they were sent."""

    client: str = CLIENT
    server: str = SERVER
    segments: list[Segment] = field(default_factory=list)
    seqs: dict[str, int] = field(default_factory=dict)
    time_ms: int = BEGIN_MS

    def open(self, first_seq: int = 2**32 - 20) -> Wire:
        """Numbers wrap around soon, as they do once in four gigabytes."""
        for source, target in ((self.client, self.server), (self.server, self.client)):
            self.seqs[source] = first_seq
            self._add(source, target, b"", is_start=True)
            self.seqs[source] = (first_seq + 1) % 2**32
        return self

    def send(self, data: bytes, size: int = 1400) -> Wire:
        return self._send(self.client, self.server, data, size)

    def answer(self, data: bytes, size: int = 1400) -> Wire:
        return self._send(self.server, self.client, data, size)

    def end(self) -> Wire:
        self._add(self.server, self.client, b"", is_end=True)
        self._add(self.client, self.server, b"", is_end=True)
        return self

    def _send(self, source: str, target: str, data: bytes, size: int) -> Wire:
        for start in range(0, len(data), size):
            part = data[start : start + size]
            self._add(source, target, part)
            self.seqs[source] = (self.seqs[source] + len(part)) % 2**32
        return self

    def _add(
        self,
        source: str,
        target: str,
        payload: bytes,
        *,
        is_start: bool = False,
        is_end: bool = False,
    ) -> None:
        self.time_ms += 1
        seq = self.seqs[source]
        self.segments.append(Segment(self.time_ms, source, target, seq, is_start, is_end, payload))


def write_capture(segments: Iterable[Segment], *, is_pcapng: bool = False) -> io.BytesIO:
    """The segments as Ethernet frames in a file."""
    stream = io.BytesIO()
    writer = (dpkt.pcapng.Writer if is_pcapng else dpkt.pcap.Writer)(stream)
    for segment in segments:
        writer.writepkt(bytes(wrap(segment)), ts=segment.time_ms / 1000)
    stream.seek(0)
    return stream


def wrap(segment: Segment) -> dpkt.ethernet.Ethernet:
    tcp = dpkt.tcp.TCP(
        sport=int(segment.source.rpartition(":")[2]),
        dport=int(segment.target.rpartition(":")[2]),
        seq=segment.seq,
        flags=(dpkt.tcp.TH_SYN if segment.is_start else 0)
        | (dpkt.tcp.TH_FIN if segment.is_end else 0)
        | dpkt.tcp.TH_ACK,
        data=segment.payload,
    )
    packet = dpkt.ip.IP(
        src=bytes(map(int, segment.source.rpartition(":")[0].split("."))),
        dst=bytes(map(int, segment.target.rpartition(":")[0].split("."))),
        p=dpkt.ip.IP_PROTO_TCP,
        data=tcp,
    )
    packet.len = len(packet)
    return dpkt.ethernet.Ethernet(data=packet, type=dpkt.ethernet.ETH_TYPE_IP)


def join(parts: Sequence[object]) -> bytes:
    return b"".join(part for part in parts if isinstance(part, bytes))
