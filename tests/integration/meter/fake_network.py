"""A chain that is a cursor, and validators that are small HTTP servers of a chosen character."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from tallystick.core.errors import TemporaryFailure
from tallystick.core.frames import Frame, decode_frames
from tallystick.core.settlement import Cursor
from tallystick.core.usage import Records
from tallystick.meter.ports import ValidatorEndpoint

Answer = tuple[int, dict[str, str], bytes]
OK: Answer = (200, {}, b'{"accepted":1}')


def refuse(status: int, code: str, *, retry_after_s: int | None = None) -> Answer:
    """An error answer as the nodes give it."""
    headers = {} if retry_after_s is None else {"retry-after": str(retry_after_s)}
    return status, headers, json.dumps({"code": code, "message": "no", "accepted": 0}).encode()


@dataclass
class FakeChain:
    """One meter's cursor and what was settled; frames wait until their turn comes."""

    cursor: int = 0
    key_index: int = 0
    settled: list[Frame] = field(default_factory=list)
    waiting: dict[int, Frame] = field(default_factory=dict)
    is_reachable: bool = True

    async def read_cursors(self, meters: Sequence[int]) -> dict[int, Cursor]:
        if not self.is_reachable:
            raise TemporaryFailure("the chain is away")
        return dict.fromkeys(meters, Cursor(self.cursor, self.key_index))

    def settle(self, frame: Frame) -> None:
        """The frame passes if it starts at the cursor, and so do those that waited for it.

        Under the key in force only: another one's frame is dropped, as the ledger skips it.
        """
        if frame.key_index != self.key_index:
            return
        self.waiting[frame.first_seq] = frame
        while self.cursor in self.waiting:
            passed = self.waiting.pop(self.cursor)
            self.settled.append(passed)
            self.cursor = passed.end_seq

    def rotate(self) -> None:
        """The next key is in force from the cursor on."""
        self.key_index += 1
        self.waiting.clear()

    @property
    def users(self) -> list[int]:
        """Users of every settled record, in order."""
        return [user for frame in self.settled for user in _users(frame.records)]


@dataclass
class FakeValidator:
    """Answers by `behave`, which gets the frames of each request; None drops the connection."""

    index: int
    behave: Callable[[list[Frame]], Answer | None]
    requests: list[list[Frame]] = field(default_factory=list)
    delay_s: float = 0.0
    is_down: bool = False
    port: int = 0

    @property
    def endpoint(self) -> ValidatorEndpoint:
        name = f"validator-{self.index}"
        url = f"http://127.0.0.1:{self.port}"
        return ValidatorEndpoint(self.index, name, url, bytes([self.index]) * 32)

    @property
    def offered_end(self) -> int:
        """The number after the highest ever offered."""
        return max((frame.end_seq for frames in self.requests for frame in frames), default=0)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests on one connection until it ends."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                frames = list(decode_frames(await reader.readexactly(length), max_frames=40))
                self.requests.append(frames)
                await asyncio.sleep(self.delay_s)
                answer = self.behave(frames)
                if answer is None:
                    writer.transport.abort()
                    return
                writer.write(_encode(answer))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@dataclass
class FakeDirectory:
    """The set of those validators."""

    members: list[FakeValidator]

    def validators(self) -> Sequence[ValidatorEndpoint]:
        return [member.endpoint for member in self.members]


@asynccontextmanager
async def serving(validators: Sequence[FakeValidator]) -> AsyncIterator[FakeDirectory]:
    """The validators listen on free ports of the loopback."""
    async with AsyncExitStack() as stack:
        for validator in validators:
            server = await asyncio.start_server(validator.serve, "127.0.0.1", 0)
            validator.port = server.sockets[0].getsockname()[1]
            if validator.is_down:
                server.close()
            else:
                await stack.enter_async_context(server)
        yield FakeDirectory(list(validators))


def honest(chain: FakeChain) -> Callable[[list[Frame]], Answer | None]:
    """Settles what it gets."""

    def behave(frames: list[Frame]) -> Answer:
        for frame in frames:
            chain.settle(frame)
        return OK

    return behave


def _encode(answer: Answer) -> bytes:
    status, headers, body = answer
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _users(records: Records) -> list[int]:
    users: list[int] = records["user"].tolist()
    return users
