"""Raw pages of the chain: headers, our events, and the transactions that left them.

Logs, blocks and transactions are all that is asked for, so a node that keeps no historical state
will do. `UsageRecorded` is never asked for: a settled record is 130 bytes of JSON in its
transaction's calldata and 950 in a log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from tallystick.chain.decode import Event, EventDecoder
from tallystick.chain.errors import AnswerMalformed, ChainMoved, Refusal, RpcRefused
from tallystick.chain.network import Network
from tallystick.chain.rpc import Rpc

MAX_PAGE_SETTLEMENTS: Final = 128
"""About 30 MB of JSON: what one page may hold in memory."""
HEADERS_PER_CALL: Final = 100
TRANSACTIONS_PER_CALL: Final = 16
MAX_CALLS_AT_ONCE: Final = 4
SETTLED_EVENT: Final = "BatchSettled"
SKIPPED_EVENT: Final = "BatchSkipped"


@dataclass(frozen=True, slots=True)
class Header:
    """What a block says about itself."""

    number: int
    hash: str
    parent_hash: str
    time_s: int
    gas_used: int
    gas_limit: int
    transactions: int
    """How many it holds, whosever they are."""


@dataclass(frozen=True, slots=True)
class Page:
    """Consecutive blocks, everything in them that is ours."""

    headers: tuple[Header, ...]
    events: tuple[Event, ...]
    transactions: Mapping[str, Mapping[str, Any]]
    """As the node gave them, by hash; those that left an event."""


class PageReader:
    """Reads pages that fit into memory, however full the blocks are.

    Args:
        rpc: the chain.
        network: whose contracts to look at.
        page_blocks: blocks a page holds at most; Besu refuses logs of more than 5,000.
    """

    def __init__(self, rpc: Rpc, network: Network, page_blocks: int) -> None:
        self._rpc = rpc
        self._decoder = EventDecoder(network.addresses, network.former_ledgers)
        self._max_blocks = page_blocks
        self._blocks = page_blocks
        self._slots = asyncio.Semaphore(MAX_CALLS_AT_ONCE)

    async def read_header(self, block: int | str) -> Header | None:
        """The header of a block by number or tag, None where the node has none."""
        tag = hex(block) if isinstance(block, int) else block
        raw = await self._rpc.call("eth_getBlockByNumber", tag, False)
        return None if raw is None else parse_header(raw)

    async def read_headers(self, numbers: Sequence[int]) -> list[Header | None]:
        """The headers of blocks by number, None for each that the node has not."""
        calls = [("eth_getBlockByNumber", (hex(number), False)) for number in numbers]
        answers = await self._call_in_parts(calls, HEADERS_PER_CALL)
        return [None if raw is None else parse_header(raw) for raw in answers]

    async def read(self, first: int, last: int) -> Page:
        """Block `first` and those after it, up to `last` or to where the page is full.

        Raises:
            ChainMoved: blocks were replaced meanwhile.
            ChainUnreachable: no endpoint answered.
        """
        last = min(last, first + self._blocks - 1)
        raw_logs = await self._read_logs(first, last)
        if raw_logs is None:
            self._blocks = max(1, (last - first + 1) // 2)
            return await self.read(first, last)
        events = [self._decoder.decode(raw_log) for raw_log in raw_logs]
        end = _find_end(events, first, last)
        self._blocks = end - first + 1 if end < last else min(self._blocks * 2, self._max_blocks)
        events = [event for event in events if event.block <= end]
        hashes = list(dict.fromkeys(event.tx_hash for event in events))
        headers, transactions = await asyncio.gather(
            self.read_headers(range(first, end + 1)), self._read_transactions(hashes)
        )
        whole = _require_chain(headers)
        _require_same_blocks(whole, raw_logs[: len(events)])
        return Page(whole, tuple(events), transactions)

    async def _read_logs(self, first: int, last: int) -> list[dict[str, Any]] | None:
        """Our logs in chain order, None where the node finds the range too large."""
        wanted = {
            "fromBlock": hex(first),
            "toBlock": hex(last),
            "address": self._decoder.addresses(),
            "topics": [self._decoder.topics()],
        }
        try:
            raw_logs: list[dict[str, Any]] = await self._rpc.call("eth_getLogs", wanted)
        except RpcRefused as error:
            if error.refusal is Refusal.OVER_LIMIT and last > first:
                return None
            raise
        return sorted(raw_logs, key=_place_of)

    async def _read_transactions(self, hashes: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        calls = [("eth_getTransactionByHash", (tx_hash,)) for tx_hash in hashes]
        answers = await self._call_in_parts(calls, TRANSACTIONS_PER_CALL)
        if any(answer is None for answer in answers):
            raise ChainMoved("a transaction that left a log is gone")
        return dict(zip(hashes, answers, strict=True))

    async def _call_in_parts(self, calls: Sequence[tuple[str, tuple[Any, ...]]], size: int) -> Any:  # noqa: ANN401 - JSON
        """The answers in order, asked in parts of `size`, a few of them at once."""

        async def call_part(start: int) -> list[Any]:
            async with self._slots:
                return await self._rpc.call_many(calls[start : start + size])

        parts = await asyncio.gather(*map(call_part, range(0, len(calls), size)))
        answers = [answer for part in parts for answer in part]
        for answer in answers:
            if isinstance(answer, RpcRefused):
                raise answer
        return answers


def parse_header(raw: Mapping[str, Any]) -> Header:
    """A block's header in integers.

    Raises:
        AnswerMalformed: a field is missing or no hexadecimal.
    """
    try:
        return Header(
            number=int(raw["number"], 16),
            hash=raw["hash"].lower(),
            parent_hash=raw["parentHash"].lower(),
            time_s=int(raw["timestamp"], 16),
            gas_used=int(raw["gasUsed"], 16),
            gas_limit=int(raw["gasLimit"], 16),
            transactions=len(raw["transactions"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise AnswerMalformed("a block is malformed", actual=repr(raw)[:120]) from error


def _place_of(raw_log: Mapping[str, Any]) -> tuple[int, int]:
    return int(raw_log["blockNumber"], 16), int(raw_log["logIndex"], 16)


def _find_end(events: Sequence[Event], first: int, last: int) -> int:
    """The last block of a page that starts at `first`: the one in which it becomes full."""
    settlements = [event.block for event in events if event.name == SETTLED_EVENT]
    if len(settlements) <= MAX_PAGE_SETTLEMENTS:
        return last
    return max(first, settlements[MAX_PAGE_SETTLEMENTS] - 1)


def _require_chain(headers: Sequence[Header | None]) -> tuple[Header, ...]:
    whole = tuple(header for header in headers if header is not None)
    linked = all(after.parent_hash == before.hash for before, after in pairwise(whole))
    if len(whole) != len(headers) or not linked:
        raise ChainMoved("blocks were replaced while they were read")
    return whole


def _require_same_blocks(headers: Sequence[Header], raw_logs: Sequence[Mapping[str, Any]]) -> None:
    hash_by_number = {header.number: header.hash for header in headers}
    for raw_log in raw_logs:
        if hash_by_number.get(int(raw_log["blockNumber"], 16)) != raw_log["blockHash"].lower():
            raise ChainMoved("logs and blocks are of different chains")
