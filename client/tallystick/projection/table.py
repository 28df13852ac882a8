"""One table as data: what is created, and how its columns travel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

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
