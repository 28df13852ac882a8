"""What becomes of an answer's bytes: read for usage, and passed on."""

from __future__ import annotations

from tallystick.meter.gateway.client import Answer
from tallystick.meter.gateway.errors import UpstreamBroken
from tallystick.meter.gateway.unpacking import Unpacker, create_unpacker
from tallystick.meter.parse.dialects import AnswerReader, CallRequest


class PackedIntake:
    """Feeds a packed answer to its reader unpacked, and passes it on as it came.

    Where the reader leaves something out, what is passed on is unpacked: nobody can cut a piece
    from a packed stream.

    Args:
        reader: of the unpacked answer.
        unpacker: makes the copy.
        passes_unpacked: what the client gets.
    """

    def __init__(self, reader: AnswerReader, unpacker: Unpacker, *, passes_unpacked: bool) -> None:
        self._reader = reader
        self._unpacker = unpacker
        self.passes_unpacked = passes_unpacked

    def feed(self, data: bytes) -> bytes:
        """What to pass on of these bytes.

        Raises:
            UpstreamBroken: they were to be unpacked, and cannot be.
        """
        passed = self._reader.feed(self._unpacker.feed(data))
        if not self.passes_unpacked:
            return data
        if not self._unpacker.can_unpack:
            raise UpstreamBroken("the upstream's answer is not packed as it says")
        return passed

    def flush(self) -> bytes:
        """What was held back, at the answer's end."""
        held = self._reader.flush()
        return held if self.passes_unpacked else b""


def create_intake(
    answer: Answer, reader: AnswerReader, request: CallRequest, limit: int
) -> AnswerReader | PackedIntake:
    """Feeds an answer to its reader; the reader itself where the answer is not packed.

    Args:
        answer: its head.
        reader: reads its usage.
        request: what it answers.
        limit: bytes it may have unpacked.
    """
    unpacker = create_unpacker(answer.headers.get("Content-Encoding"), limit)
    if unpacker is None:
        return reader
    passes_unpacked = request.hides_usage and unpacker.can_unpack
    return PackedIntake(reader, unpacker, passes_unpacked=passes_unpacked)
