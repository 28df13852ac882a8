"""Who and what there is, made anew when the facts change: accounts, meters, resources and so on."""

from __future__ import annotations

from typing import Final

from tallystick.projection.table import Table

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
