"""Calls in captured traffic: requests paired with their answers, connection by connection."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from tallystick.meter.passive.exchange import Answer, Exchange, compute_content_id
from tallystick.meter.passive.http1 import Message, MessageReader
from tallystick.meter.passive.packets import Segment
from tallystick.meter.passive.reassembly import Direction, Hole
from tallystick.meter.passive.tally import Tally

SOURCE: Final = "capture"
MAX_CONNECTIONS: Final = 4_096
"""Open at once; the one that was silent longest is closed for another."""
MAX_KEPT_BYTES: Final = 256 << 20
"""Of all connections together."""
MAX_PIPELINED: Final = 64


@dataclass(slots=True)
class _Side:
    """One sender of a connection."""

    reader: MessageReader
    direction: Direction = field(default_factory=Direction)


class _Connection:
    """One connection; `client` is who sends requests, once that is known."""

    def __init__(self, ends: tuple[str, str], tally: Tally) -> None:
        self._ends = ends
        self._tally = tally
        # Whoever sends a request first is the client: a capture may begin in the middle.
        self._requests = {end: _Side(MessageReader(is_request=True)) for end in ends}
        self._answers = {end: MessageReader(is_request=False) for end in ends}
        self._client: str | None = None
        self._asked: deque[Message] = deque()

    @property
    def size(self) -> int:
        """Bytes that are kept now."""
        sides = sum(side.reader.size + side.direction.size for side in self._requests.values())
        answers = sum(reader.size for reader in self._answers.values())
        return sides + answers + sum(len(message.body) for message in self._asked)

    @property
    def is_open(self) -> bool:
        """Whether a call would be cut short by closing it now."""
        return bool(self._asked) or self.size > 0

    def feed(self, segment: Segment) -> list[Exchange]:
        """Calls that end in this segment."""
        side = self._requests[segment.source]
        if segment.is_start:
            side.direction.start(segment.seq)
            return []
        parts = side.direction.feed(segment.seq, segment.payload)
        found = self._read(segment.source, parts, segment.time_ms)
        if segment.is_end:
            found += self._end(segment.source, segment.time_ms)
        return found

    def close(self, time_ms: int) -> list[Exchange]:
        """What was left open, both ways."""
        found = [call for end in self._ends for call in self._end(end, time_ms)]
        while self._asked:
            self._tally.add("unpaired")
            found.append(self._pair(self._asked.popleft(), None))
        if self._client is None:
            read = [side.reader for side in self._requests.values()] + [*self._answers.values()]
            if any(reader.skipped for reader in read) and not any(reader.found for reader in read):
                self._tally.add("unreadable")
        return found

    def _end(self, end: str, time_ms: int) -> list[Exchange]:
        """The sender has ended: answers without a length end here."""
        found = self._read(end, self._requests[end].direction.flush(), time_ms)
        return found + self._cut(end)

    def _read(self, end: str, parts: Iterable[bytes | Hole], time_ms: int) -> list[Exchange]:
        found: list[Exchange] = []
        for part in parts:
            if isinstance(part, Hole):
                self._tally.add("gaps")
                self._tally.add("missing_bytes", part.size)
                found += self._cut(end)
            else:
                found += self._take(end, part, time_ms)
        return found

    def _take(self, end: str, data: bytes, time_ms: int) -> list[Exchange]:
        if self._client in {None, end}:
            for message in self._requests[end].reader.feed(data, time_ms):
                self._ask(end, message)
        if self._client != end:
            return self._answer(self._answers[end].feed(data, time_ms))
        return []

    def _cut(self, end: str) -> list[Exchange]:
        """What the sender had begun ends here."""
        for message in self._requests[end].reader.break_off():
            self._ask(end, message)
        return self._answer(self._answers[end].break_off())

    def _ask(self, end: str, message: Message) -> None:
        self._client = end
        if len(self._asked) == MAX_PIPELINED:
            self._asked.popleft()
            self._tally.add("unpaired")
        self._asked.append(message)

    def _answer(self, messages: Iterable[Message]) -> list[Exchange]:
        found: list[Exchange] = []
        for message in messages:
            if self._asked:
                found.append(self._pair(self._asked.popleft(), message))
            else:
                self._tally.add("unpaired")
        return found

    def _pair(self, request: Message, answer: Message | None) -> Exchange:
        client = self._client or self._ends[0]
        server = self._ends[1] if client == self._ends[0] else self._ends[0]
        return Exchange(
            source=SOURCE,
            id=compute_content_id(
                client.encode(),
                server.encode(),
                str(request.begin_ms).encode(),
                request.target.encode(),
                request.body,
            ),
            time_ms=request.begin_ms,
            method=request.method,
            target=request.target,
            client=client.rpartition(":")[0],
            headers=request.headers,
            body=request.body,
            answer=None
            if answer is None
            else Answer(answer.status, answer.headers, answer.body, answer.is_whole, answer.end_ms),
        )


def find_exchanges(segments: Iterable[Segment], tally: Tally) -> Iterator[Exchange]:
    """The calls in a capture; what was lost is counted.

    Args:
        segments: in the order in which they were captured.
        tally: gets the losses.
    """
    connections: OrderedDict[tuple[str, str], _Connection] = OrderedDict()
    time_ms = kept_bytes = 0
    for segment in segments:
        time_ms = segment.time_ms
        ends = min(segment.source, segment.target), max(segment.source, segment.target)
        if ends not in connections:
            connections[ends] = _Connection(ends, tally)
        connections.move_to_end(ends)
        connection = connections[ends]
        before = connection.size
        yield from connection.feed(segment)
        kept_bytes += connection.size - before
        while len(connections) > MAX_CONNECTIONS or kept_bytes > MAX_KEPT_BYTES:
            _, silent = connections.popitem(last=False)
            kept_bytes -= silent.size
            tally.add("dropped", int(silent.is_open))
            yield from silent.close(time_ms)
    for connection in connections.values():
        yield from connection.close(time_ms)
