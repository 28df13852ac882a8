"""What the chain carries, one table per kind of thing. Each has a `block` column.

Forgetting blocks is deleting rows above one.
"""

from __future__ import annotations

from typing import Final

from tallystick.core.usage import QUANTITY_FIELDS
from tallystick.projection.table import Table

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
        "subject": "VARCHAR",
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
        "carried_ucr": "HUGEINT",
        "rate_ucr": "HUGEINT",
        "rate_window_s": "UINTEGER",
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
