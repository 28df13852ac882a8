"""Packets of a capture as TCP segments (pcap and pcapng, by way of dpkt)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, BinaryIO, Final

import dpkt

from tallystick.meter.passive.errors import CaptureUnreadable

_PCAPNG_MAGIC: Final = b"\x0a\x0d\x0d\x0a"
_MAGIC_BYTES: Final = 4
_MS_PER_S: Final = 1000

LINKS: Final[dict[int, Callable[[bytes], Any]]] = {
    dpkt.pcap.DLT_EN10MB: dpkt.ethernet.Ethernet,
    dpkt.pcap.DLT_NULL: dpkt.loopback.Loopback,
    dpkt.pcap.DLT_LOOP: dpkt.loopback.Loopback,
    dpkt.pcap.DLT_LINUX_SLL: dpkt.sll.SLL,
    dpkt.pcap.DLT_LINUX_SLL2: dpkt.sll2.SLL2,
}
RAW_LINKS: Final = frozenset({12, 14, 101, 228, 229})
"""DLT_RAW as several systems number it, and IPv4 and IPv6 alone."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One TCP segment.

    Args:
        time_ms: when it was captured, Unix ms.
        source: sender, "address:port".
        target: receiver, "address:port".
        seq: of its first byte, 32 bits.
        is_start: SYN.
        is_end: FIN or RST.
        payload: what it carries.
    """

    time_ms: int
    source: str
    target: str
    seq: int
    is_start: bool
    is_end: bool
    payload: bytes


def read_segments(stream: BinaryIO) -> Iterator[Segment]:
    """The TCP segments of a capture, in the order in which they were captured.

    Args:
        stream: a pcap or pcapng file or pipe; what is cut off at its end is not there.

    Raises:
        CaptureUnreadable: it is neither, or of a link that is not read.
    """
    reader, link = _open(stream)
    try:
        for time_s, packet in reader:
            segment = _read_packet(int(float(time_s) * _MS_PER_S), packet, link)
            if segment is not None:
                yield segment
    except dpkt.Error as error:
        raise CaptureUnreadable("the capture is broken", actual=type(error).__name__) from error


class _Peeked:
    """A stream of which the first bytes were looked at."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = head
        self._stream = stream
        self.name = "capture"

    def read(self, size: int = -1) -> bytes:
        """As of every stream; short only at the end."""
        head, self._head = self._head, b""
        if head and 0 <= size < len(head):
            self._head = head[size:]
            return head[:size]
        return head + self._stream.read(size if size < 0 else size - len(head))


def _open(stream: BinaryIO) -> tuple[Any, Callable[[bytes], Any]]:
    head = stream.read(_MAGIC_BYTES)
    is_pcapng = head == _PCAPNG_MAGIC
    try:
        reader = (dpkt.pcapng.Reader if is_pcapng else dpkt.pcap.Reader)(_Peeked(head, stream))
    except (ValueError, dpkt.Error) as error:
        raise CaptureUnreadable(
            "this is no capture", expected="pcap or pcapng", actual=repr(head)
        ) from error
    number = reader.datalink()
    if number in RAW_LINKS:
        return reader, _read_raw
    if number not in LINKS:
        raise CaptureUnreadable(
            "the capture is of a link that is not read",
            expected="Ethernet, Linux cooked, loopback or raw IP",
            actual=number,
        )
    return reader, LINKS[number]


def _read_raw(packet: bytes) -> Any:  # noqa: ANN401 - dpkt has no types
    return dpkt.ip6.IP6(packet) if packet[:1] and packet[0] >> 4 == 6 else dpkt.ip.IP(packet)  # noqa: PLR2004 - the version


def _read_packet(time_ms: int, packet: bytes, link: Callable[[bytes], Any]) -> Segment | None:
    """The packet's segment; None where it carries none, or is cut short."""
    try:
        frame = link(packet)
        inside = frame if isinstance(frame, dpkt.ip.IP | dpkt.ip6.IP6) else frame.data
        tcp = inside.data
        if not isinstance(inside, dpkt.ip.IP | dpkt.ip6.IP6) or not isinstance(tcp, dpkt.tcp.TCP):
            return None
        source, target = str(ip_address(inside.src)), str(ip_address(inside.dst))
    except (dpkt.Error, AttributeError, ValueError, IndexError):
        return None
    return Segment(
        time_ms=time_ms,
        source=f"{source}:{tcp.sport}",
        target=f"{target}:{tcp.dport}",
        seq=tcp.seq,
        is_start=bool(tcp.flags & dpkt.tcp.TH_SYN),
        is_end=bool(tcp.flags & (dpkt.tcp.TH_FIN | dpkt.tcp.TH_RST)),
        payload=bytes(tcp.data),
    )
