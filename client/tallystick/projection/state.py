"""What the writer keeps in memory, loaded from the tables at start and after an unwinding."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from typing import Final

import duckdb

from tallystick.chain.blocks import Block
from tallystick.core.facts import FactBook
from tallystick.core.settlement import Cursor, SegmentStatus
from tallystick.projection.fact_codec import decode_fact

TAIL_BLOCKS: Final = 128


@dataclass(slots=True)
class State:
    """What holds after the last block.

    The last blocks (number, hash) and the newest one's time, all facts, cursors by meter, soft
    thresholds by account.
    """

    blocks: deque[tuple[int, str]]
    time_s: int
    book: FactBook
    cursors: dict[int, Cursor]
    soft_ppm: dict[int, int]

    @property
    def height(self) -> int:
        """Number of the last block applied, -1 before the first."""
        return self.blocks[-1][0] if self.blocks else -1

    def announce(self, block: Block) -> None:
        """The block and what its events say are known."""
        self.blocks.append((block.number, block.hash))
        self.time_s = block.time_s
        self.book.announce(block.number, block.facts)
        for event in block.events:
            if event.name == "BudgetSet":
                self.soft_ppm[event.args["account"]] = event.args["softPpm"]

    def copy_book(self) -> FactBook:
        """A fact book of its own, with the same facts."""
        copy = FactBook()
        for block, fact in self.book.dump():
            copy.announce(block, (fact,))
        return copy


def load_state(connection: duckdb.DuckDBPyConnection) -> State:
    """The state that the tables stand for."""
    return State(
        _load_tail(connection),
        _load_time_s(connection),
        _load_book(connection),
        _load_cursors(connection),
        _load_soft_ppm(connection),
    )


def _load_tail(connection: duckdb.DuckDBPyConnection) -> deque[tuple[int, str]]:
    found = connection.execute(
        "SELECT block, hash FROM blocks ORDER BY block DESC LIMIT ?", [TAIL_BLOCKS]
    )
    return deque(reversed(found.fetchall()), maxlen=TAIL_BLOCKS)


def _load_time_s(connection: duckdb.DuckDBPyConnection) -> int:
    found = connection.execute("SELECT arg_max(time_s, block) FROM blocks").fetchone()
    return (found and found[0]) or 0


def _load_book(connection: duckdb.DuckDBPyConnection) -> FactBook:
    book = FactBook()
    found = connection.execute("SELECT block, kind, payload FROM facts ORDER BY ordinal")
    for block, kind, payload in found.fetchall():
        book.announce(block, (decode_fact(kind, payload),))
    return book


def _load_cursors(connection: duckdb.DuckDBPyConnection) -> dict[int, Cursor]:
    found = connection.execute(
        'SELECT meter, max(first_seq + "count"), arg_max(key_index, first_seq)'
        " FROM segments WHERE status = ? GROUP BY meter",
        [int(SegmentStatus.SETTLED)],
    )
    return {meter: Cursor(next_seq, key_index) for meter, next_seq, key_index in found.fetchall()}


def _load_soft_ppm(connection: duckdb.DuckDBPyConnection) -> dict[int, int]:
    found = connection.execute(
        "SELECT args FROM events WHERE contract = 'Budgets' AND name = 'BudgetSet'"
        " ORDER BY block, log_index"
    )
    budgets = (json.loads(args) for (args,) in found.fetchall())
    return {budget["account"]: budget["softPpm"] for budget in budgets}
