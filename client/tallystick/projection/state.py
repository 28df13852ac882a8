"""What the writer keeps in memory, loaded from the tables at start and after an unwinding."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import duckdb

from tallystick.chain.blocks import Block
from tallystick.chain.decode import Event
from tallystick.core.facts import FactBook, MeterKey
from tallystick.core.settlement import Cursor, SegmentStatus, apply_meter_key
from tallystick.projection.alert_book import AlertBook
from tallystick.projection.fact_codec import decode_fact

TAIL_BLOCKS: Final = 128
METER_KEY_SET: Final = "MeterKeySet"
METER_KEY_EVENT: Final = "MeterKeySet"


@dataclass(slots=True)
class State:
    """What holds after the last block.

    The last blocks (number, hash) and the newest one's time, all facts, cursors by meter, and what
    alerts depend on.
    """

    blocks: deque[tuple[int, str]]
    time_s: int
    book: FactBook
    cursors: dict[int, Cursor]
    alerts: AlertBook

    @property
    def height(self) -> int:
        """Number of the last block applied, -1 before the first."""
        return self.blocks[-1][0] if self.blocks else -1

    def announce(self, block: Block) -> None:
        """The block and what its events say are known."""
        self.blocks.append((block.number, block.hash))
        self.time_s = block.time_s
        self.book.announce(block.number, block.facts)
        for fact in block.facts:
            if isinstance(fact, MeterKey) and fact.key_index == 0:
                self.cursors[fact.meter] = apply_meter_key(self.cursors.get(fact.meter), fact)

    def apply_rotation(self, event: Event) -> None:
        """The meter stands under the key that the event announces."""
        meter = event.args["meter"]
        before = self.cursors.get(meter) or Cursor()
        self.cursors[meter] = Cursor(before.next_seq, event.args["keyIndex"])

    def copy_book(self) -> FactBook:
        """A fact book of its own, with the same facts."""
        copy = FactBook()
        for block, fact in self.book.dump():
            copy.announce(block, (fact,))
        return copy


def load_state(
    connection: duckdb.DuckDBPyConnection, contract_by_address: Mapping[str, str]
) -> State:
    """The state that the tables stand for.

    Args:
        connection: to the tables.
        contract_by_address: the network's contracts.
    """
    book, time_s = _load_book(connection), _load_time_s(connection)
    alerts = AlertBook(contract_by_address)
    alerts.restore(_load_events(connection, alerts.restored_by), time_s)
    return State(
        _load_tail(connection),
        time_s,
        book,
        _load_cursors(connection, book),
        alerts,
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


def _load_cursors(connection: duckdb.DuckDBPyConnection, book: FactBook) -> dict[int, Cursor]:
    """Where every meter stands: its last settled segment, under its newest key."""
    cursors: dict[int, Cursor] = {}
    for _, fact in book.dump():
        if isinstance(fact, MeterKey):
            cursors[fact.meter] = apply_meter_key(cursors.get(fact.meter), fact)
    found = connection.execute(
        'SELECT meter, max(first_seq + "count") FROM segments WHERE status = ? GROUP BY meter',
        [int(SegmentStatus.SETTLED)],
    )
    for meter, next_seq in found.fetchall():
        cursor = cursors[meter]
        cursors[meter] = Cursor(max(cursor.next_seq, next_seq), cursor.key_index)
    return cursors


def _load_events(
    connection: duckdb.DuckDBPyConnection, wanted: Collection[tuple[str, str]]
) -> Iterator[tuple[Event, int]]:
    """Events by contract and name, with their blocks' times, in order."""
    contracts, names = zip(*wanted, strict=True)
    found = connection.execute(
        "SELECT name, contract, args, events.block, tx_hash, log_index, time_s FROM events"
        " JOIN blocks ON blocks.block = events.block"
        " WHERE contract IN (SELECT unnest(?)) AND name IN (SELECT unnest(?))"
        " ORDER BY events.block, log_index",
        [list(contracts), list(names)],
    )
    for name, contract, args, block, tx_hash, log_index, time_s in found.fetchall():
        yield Event(name, contract, json.loads(args), block, tx_hash, 0, log_index), time_s
