"""The tables, as data: what is created, what is inserted, and what an unwinding deletes.

Every table has a `block` column, and forgetting blocks is deleting rows above one. Exceptions are
`meta` and the directory (accounts, meters, resources and so on), made anew when the facts change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tallystick.core.usage import QUANTITY_FIELDS

SCHEMA_VERSION: Final = 1
"""Raise it with every change of a table or of what fills it: older files are then made anew."""

NUMPY_TYPES: Final[Mapping[str, type[Any]]] = {
    "BIGINT": np.int64,
    "INTEGER": np.int32,
    "UTINYINT": np.uint8,
    "USMALLINT": np.uint16,
    "UINTEGER": np.uint32,
    "UBIGINT": np.uint64,
    "BOOLEAN": np.bool_,
}
"""Types that travel as typed arrays; all others (VARCHAR, HUGEINT) travel as text."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its name, and the SQL type of each column."""

    name: str
    columns: Mapping[str, str]

    def create_statement(self) -> str:
        """The statement that makes the table."""
        columns = ", ".join(f'"{name}" {sql_type}' for name, sql_type in self.columns.items())
        return f"CREATE TABLE {self.name} ({columns})"


BLOCKS: Final = Table(
    "blocks",
    {
        "block": "BIGINT",
        "hash": "VARCHAR",
        "parent_hash": "VARCHAR",
        "time_s": "BIGINT",
        "gas_used": "BIGINT",
        "gas_limit": "BIGINT",
    },
)
TRANSACTIONS: Final = Table(
    "transactions",
    {
        "block": "BIGINT",
        "position": "INTEGER",
        "hash": "VARCHAR",
        "sender": "VARCHAR",
        "recipient": "VARCHAR",
        "method": "VARCHAR",
        "gas_used": "BIGINT",
        "succeeded": "BOOLEAN",
    },
)
EVENTS: Final = Table(
    "events",
    {
        "block": "BIGINT",
        "log_index": "INTEGER",
        "tx_hash": "VARCHAR",
        "contract": "VARCHAR",
        "name": "VARCHAR",
        "args": "VARCHAR",
    },
)
FACTS: Final = Table(
    "facts", {"block": "BIGINT", "ordinal": "BIGINT", "kind": "VARCHAR", "payload": "VARCHAR"}
)
BATCHES: Final = Table(
    "batches",
    {
        "block": "BIGINT",
        "number": "BIGINT",
        "tx_hash": "VARCHAR",
        "tx_index": "INTEGER",
        "sender": "VARCHAR",
        "data_hash": "VARCHAR",
        "accumulator": "VARCHAR",
        "signer_bitmap": "VARCHAR",
        "settled_bitmap": "BIGINT",
        "set_version": "UINTEGER",
        "rules_version": "UINTEGER",
        "reference_block": "BIGINT",
        "reference_hash": "VARCHAR",
        "batch_time_ms": "BIGINT",
        "valid_until_ms": "BIGINT",
        "segments": "INTEGER",
        "records": "INTEGER",
        "quarantined": "INTEGER",
        "cost_ucr": "HUGEINT",
        "bytes": "INTEGER",
    },
)
SEGMENTS: Final = Table(
    "segments",
    {
        "block": "BIGINT",
        "batch": "BIGINT",
        "position": "INTEGER",
        "start": "INTEGER",
        "status": "UTINYINT",
        "version": "UTINYINT",
        "meter": "UINTEGER",
        "key_index": "USMALLINT",
        "first_seq": "BIGINT",
        "count": "INTEGER",
        "signature": "VARCHAR",
    },
)
ATTESTATIONS: Final = Table(
    "attestations",
    {
        "block": "BIGINT",
        "batch": "BIGINT",
        "validator": "INTEGER",
        "signature": "VARCHAR",
    },
)
RECORDS: Final = Table(
    "records",
    {
        "block": "BIGINT",
        "batch": "BIGINT",
        "position": "USMALLINT",
        "meter": "UINTEGER",
        "seq": "BIGINT",
        "time_ms": "BIGINT",
        "charged_ms": "BIGINT",
        "mark": "UTINYINT",
        "project": "UINTEGER",
        "user": "UBIGINT",
        "resource": "USMALLINT",
        "flags": "USMALLINT",
        **dict.fromkeys(QUANTITY_FIELDS, "UINTEGER"),
        "step": "USMALLINT",
        "reason": "UTINYINT",
        "cost_ucr": "BIGINT",
        "tariff_version": "UINTEGER",
    },
)
SKIPS: Final = Table(
    "skips",
    {
        "block": "BIGINT",
        "tx_hash": "VARCHAR",
        "sender": "VARCHAR",
        "data_hash": "VARCHAR",
        "reason": "UTINYINT",
    },
)
ALERTS: Final = Table(
    "alerts",
    {
        "block": "BIGINT",
        "ordinal": "INTEGER",
        "time_ms": "BIGINT",
        "kind": "VARCHAR",
        "account": "UINTEGER",
        "value": "HUGEINT",
        "threshold": "HUGEINT",
        "meter": "UINTEGER",
        "batch": "BIGINT",
        "tx_hash": "VARCHAR",
    },
)
BUDGETS: Final = Table(
    "budgets",
    {
        "block": "BIGINT",
        "account": "UINTEGER",
        "limit_ucr": "HUGEINT",
        "spent_ucr": "HUGEINT",
        "spent_lifetime_ucr": "HUGEINT",
        "leased_ucr": "HUGEINT",
        "balance_ucr": "HUGEINT",
        "overdraft_ucr": "HUGEINT",
        "soft_ppm": "UINTEGER",
        "frozen": "BOOLEAN",
        "frozen_why": "VARCHAR",
        "period": "VARCHAR",
        "period_start_ms": "BIGINT",
        "period_end_ms": "BIGINT",
    },
)

BLOCK_TABLES: Final = (
    BLOCKS,
    TRANSACTIONS,
    EVENTS,
    FACTS,
    BATCHES,
    SEGMENTS,
    ATTESTATIONS,
    RECORDS,
    SKIPS,
    ALERTS,
    BUDGETS,
)

_BOUNDS: Final = {
    "max_context": "UINTEGER",
    "max_compute_ms": "UINTEGER",
    "max_memory_gib_s": "UINTEGER",
    "max_transfer_kib": "UINTEGER",
    "max_cost_ucr": "UBIGINT",
}

ACCOUNTS: Final = Table(
    "accounts",
    {
        "account": "UINTEGER",
        "parent": "UINTEGER",
        "organisation": "UINTEGER",
        "team": "UINTEGER",
        "depth": "UTINYINT",
        "name": "VARCHAR",
        "path": "VARCHAR",
        "controller": "VARCHAR",
        "active": "BOOLEAN",
        "from_ms": "BIGINT",
    },
)
ANCESTORS: Final = Table("ancestors", {"account": "UINTEGER", "ancestor": "UINTEGER"})
METERS: Final = Table(
    "meters",
    {
        "meter": "UINTEGER",
        "name": "VARCHAR",
        "account": "UINTEGER",
        "lease_key": "VARCHAR",
        "key_index": "USMALLINT",
        "key": "VARCHAR",
        "active": "BOOLEAN",
        "frozen": "BOOLEAN",
        "from_ms": "BIGINT",
        **_BOUNDS,
    },
)
RESOURCES: Final = Table(
    "resources",
    {
        "resource": "USMALLINT",
        "slug": "VARCHAR",
        "kind": "VARCHAR",
        "basis": "VARCHAR",
        "index_class": "VARCHAR",
        "active": "BOOLEAN",
        "from_ms": "BIGINT",
        **_BOUNDS,
    },
)
RATES: Final = Table(
    "rates",
    {
        "version": "UINTEGER",
        "resource": "USMALLINT",
        "from_ms": "BIGINT",
        "w_in": "UINTEGER",
        "w_cached": "UINTEGER",
        "w_written": "UINTEGER",
        "w_out": "UINTEGER",
        "w_reason": "UINTEGER",
        "compute_ncr": "UINTEGER",
        "gpu_multiplier_ppm": "UINTEGER",
        "memory_ncr": "UINTEGER",
        "transfer_ncr": "UINTEGER",
        "bandwidth_factor_ppm": "UINTEGER",
        "mci_base": "UBIGINT",
        "mci_quad": "UINTEGER",
    },
)
INDICES: Final = Table(
    "indices",
    {"index_class": "VARCHAR", "epoch": "UINTEGER", "index_ppm": "UBIGINT", "from_ms": "BIGINT"},
)
VALIDATORS: Final = Table(
    "validators",
    {
        "set_version": "UINTEGER",
        "validator": "INTEGER",
        "name": "VARCHAR",
        "url": "VARCHAR",
        "attester": "VARCHAR",
        "sender": "VARCHAR",
        "transport_key": "VARCHAR",
        "from_ms": "BIGINT",
    },
)

DIRECTORY_TABLES: Final = (ACCOUNTS, ANCESTORS, METERS, RESOURCES, RATES, INDICES, VALIDATORS)
META: Final = Table("meta", {"key": "VARCHAR", "value": "VARCHAR"})
