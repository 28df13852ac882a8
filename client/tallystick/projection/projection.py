"""The writer: blocks in, tables out, one DuckDB transaction per call."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from tallystick.chain.blocks import Block
from tallystick.chain.network import Network
from tallystick.chain.pages import SETTLED_EVENT
from tallystick.core.facts import FactBook, Facts
from tallystick.core.settlement import Cursor
from tallystick.projection import rows
from tallystick.projection.alerts import MAX_VALUE, find_record_alerts
from tallystick.projection.budgets import Budget
from tallystick.projection.chain_tables import (
    ALERTS,
    ATTESTATIONS,
    BATCHES,
    BLOCKS,
    BUDGETS,
    EVENTS,
    FACTS,
    RECORDS,
    SEGMENTS,
    SKIPS,
    TRANSACTIONS,
)
from tallystick.projection.directory import DIRECTORY
from tallystick.projection.errors import ProjectionDisagrees
from tallystick.projection.fact_codec import encode_fact
from tallystick.projection.settlements import SettledBatch, read_settlement
from tallystick.projection.state import METER_KEY_EVENT, State, load_state
from tallystick.projection.store import Store


class Projection:
    """The chain as tables. One writer; `Queries` read beside it, from any thread.

    Args:
        path: the DuckDB file, made where it is missing, and made anew where it belongs to another
            network or an older schema; None = in memory.
        network: whose chain it is.

    Raises:
        ProjectionUnreadable: the file is damaged or another process has it open.
    """

    def __init__(self, path: Path | None, network: Network) -> None:
        self.network = network
        self._store = Store(path, network)
        self._writing = threading.Lock()
        self._contract_by_address = {
            address: contract for contract, address in network.addresses.by_contract().items()
        }
        self._state = self._load_state()
        self._publish_facts()
        self._publish()

    def close(self) -> None:
        """The file is closed; queries fail from now on."""
        with self._writing:
            self._store.close()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own to the same tables, for one reader."""
        return self._store.cursor()

    @property
    def position(self) -> tuple[int, str] | None:
        """Number and hash of the last block applied, None before the first."""
        return self._tail[-1] if self._tail else None

    @property
    def time_ms(self) -> int:
        """The newest applied block's time, Unix ms; 0 before the first."""
        return self._time_ms

    @property
    def fact_book(self) -> FactBook:
        """The facts of every block applied; replaced, never changed, when there are more."""
        return self._fact_book

    @property
    def facts(self) -> Facts:
        """What is known at the last block applied; replaced, never changed."""
        return self._facts

    @property
    def cursors(self) -> Mapping[int, Cursor]:
        """Where each meter stands that has settled something; replaced, never changed."""
        return self._cursors

    def tail(self) -> list[tuple[int, str]]:
        """Number and hash of the last 128 blocks, oldest first: where a follower goes on."""
        return list(self._tail)

    def apply(self, blocks: Sequence[Block]) -> frozenset[int]:
        """The tables hold these blocks too; all of them or, after an error, none.

        Args:
            blocks: in the chain's order. Those not above the position are known, and left alone.

        Returns:
            The accounts whose budgets have to be read again, ancestors included.

        Raises:
            ProjectionDisagrees: a known block has another hash, or a settlement does not fit.
        """
        with self._writing:
            fresh = self._select_fresh(blocks)
            if not fresh:
                return frozenset()
            facts_before = len(self._state.book)
            try:
                with self._store.transaction():
                    self._apply_fresh(fresh)
            except BaseException:
                self._state = self._load_state()
                raise
            if len(self._state.book) > facts_before:
                self._publish_facts()
            self._publish()
            return self._find_touched(fresh)

    def unwind(self, to_block: int) -> None:
        """The tables are as if no block after `to_block` had ever been applied.

        Budgets read since are gone too and have to be read again, those of all accounts.
        """
        with self._writing:
            with self._store.transaction():
                self._store.delete_above(to_block)
                self._state = self._load_state()
                self._write_directory()
            self._publish_facts()
            self._publish()

    def put_budgets(self, block: int, budgets: Iterable[Budget]) -> None:
        """The accounts' budgets are these, as read at `block`."""
        values = [(block, *astuple(budget)) for budget in budgets]
        accounts = [account for _, account, *_ in values]
        with self._writing, self._store.transaction():
            self._store.connection.execute(
                "DELETE FROM budgets WHERE account IN (SELECT unnest(?))", [accounts]
            )
            self._store.insert_rows(BUDGETS, values)

    def _load_state(self) -> State:
        return load_state(self._store.connection, self._contract_by_address)

    def _select_fresh(self, blocks: Sequence[Block]) -> list[Block]:
        """The blocks above the position, after a look at the known ones."""
        known = dict(self._state.blocks)
        for block in blocks:
            if known.get(block.number, block.hash) != block.hash:
                raise ProjectionDisagrees(
                    f"block {block.number} is known by another hash",
                    expected=known[block.number],
                    actual=block.hash,
                )
        height = self._state.height
        return [block for block in blocks if block.number > height]

    def _apply_fresh(self, blocks: Sequence[Block]) -> None:
        facts_before = len(self._state.book)
        alerts: list[tuple[Any, ...]] = []
        batches: list[SettledBatch] = []
        for block in blocks:
            self._state.announce(block)
            settled = list(self._read_settlements(block))
            alerts.extend(_list_alerts(block, settled, self._state))
            batches.extend(settled)
        self._insert_blocks(blocks)
        self._insert_batches(batches)
        self._store.insert_rows(ALERTS, alerts)
        if len(self._state.book) > facts_before:
            self._insert_facts(facts_before)
            self._write_directory()

    def _read_settlements(self, block: Block) -> Iterator[SettledBatch]:
        """Each in its place among the block's key changes, which decide what may settle."""
        settlements = {settlement.number: settlement for settlement in block.settlements}
        for event in block.events:
            if event.name == METER_KEY_EVENT:
                self._state.apply_rotation(event)
            elif event.name == SETTLED_EVENT and event.args["number"] in settlements:
                settlement = settlements[event.args["number"]]
                batch = read_settlement(settlement, self._state.cursors, self._state.book)
                self._state.cursors.update(batch.moved)
                yield batch

    def _find_touched(self, blocks: Sequence[Block]) -> frozenset[int]:
        named = {node for block in blocks for node in rows.find_touched_accounts(block.events)}
        return frozenset(node for account in named for node in self._facts.path_ids(account))

    def _insert_blocks(self, blocks: Sequence[Block]) -> None:
        self._store.insert_rows(BLOCKS, [rows.block_row(block) for block in blocks])
        for table, list_rows in (
            (TRANSACTIONS, rows.transaction_rows),
            (EVENTS, rows.event_rows),
            (SKIPS, rows.skip_rows),
        ):
            self._store.insert_rows(table, [row for block in blocks for row in list_rows(block)])

    def _insert_batches(self, batches: Sequence[SettledBatch]) -> None:
        if not batches:
            return
        self._store.insert_rows(BATCHES, [rows.batch_row(batch) for batch in batches])
        for table, list_rows in (
            (SEGMENTS, rows.segment_rows),
            (ATTESTATIONS, rows.attestation_rows),
        ):
            self._store.insert_rows(table, [row for batch in batches for row in list_rows(batch)])
        columns = {
            name: np.concatenate([batch.columns[name] for batch in batches])
            for name in RECORDS.columns
        }
        self._store.insert_columns(RECORDS, columns)

    def _insert_facts(self, first: int) -> None:
        announced = list(enumerate(self._state.book.dump()))[first:]
        self._store.insert_rows(
            FACTS, [(block, ordinal, *encode_fact(fact)) for ordinal, (block, fact) in announced]
        )

    def _write_directory(self) -> None:
        """Accounts, meters and the rest are as the facts say; written anew, for they are few."""
        facts = self._state.book.at(self._state.height)
        for table, list_rows in DIRECTORY:
            self._store.replace_rows(table, list(list_rows(facts)))

    def _publish_facts(self) -> None:
        """Readers get a book of their own: the writer's changes under its hands."""
        self._fact_book = self._state.copy_book()
        self._facts = self._fact_book.at(self._state.height)

    def _publish(self) -> None:
        """Readers see where the chain stands as of now."""
        self._tail = tuple(self._state.blocks)
        self._time_ms = self._state.time_s * 1000
        self._cursors = dict(self._state.cursors)


def _list_alerts(
    block: Block, batches: Sequence[SettledBatch], state: State
) -> Iterator[tuple[Any, ...]]:
    """The block's alerts as rows: its events' first, then its batches'."""
    alerts = [
        *state.alerts.read_block(block),
        *(alert for batch in batches for alert in find_record_alerts(batch)),
    ]
    for ordinal, alert in enumerate(alerts):
        yield (
            block.number,
            ordinal,
            block.time_s * 1000,
            alert.kind,
            alert.account,
            min(alert.value, MAX_VALUE),
            min(alert.threshold, MAX_VALUE),
            alert.meter,
            alert.batch,
            alert.tx_hash,
            alert.subject,
        )
