"""The DuckDB file: opened, made anew where it is another network's, written in transactions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from tallystick.chain.network import Network
from tallystick.projection.chain_tables import BLOCK_TABLES
from tallystick.projection.errors import ProjectionUnreadable
from tallystick.projection.schema import META, SCHEMA_VERSION, TABLES
from tallystick.projection.settlements import Columns
from tallystick.projection.table import NUMPY_TYPES, Table


class Store:
    """Tables of this schema and network, empty where they had to be made.

    Args:
        path: the file; None = in memory.
        network: whose tables these are.

    Raises:
        ProjectionUnreadable: the file is damaged or another process has it open.
    """

    def __init__(self, path: Path | None, network: Network) -> None:
        try:
            self.connection = duckdb.connect(str(path) if path else ":memory:")
        except duckdb.Error as error:
            raise ProjectionUnreadable(
                "the index cannot be opened; when nobody else uses it: tallystick node rebuild",
                expected="a DuckDB file for this process alone",
                actual=str(error),
            ) from error
        wanted = _describe(network)
        if _read_meta(self.connection) != wanted:
            self._create_tables(wanted)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own to the same tables, for one thread."""
        return self.connection.cursor()

    def close(self) -> None:
        """The file is closed."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing for the statements inside."""
        self.connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def insert_rows(self, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """The table holds these rows too; values in the order of its columns."""
        if rows:
            by_column = zip(table.columns.items(), zip(*rows, strict=True), strict=True)
            self.insert_columns(
                table, {name: _as_array(values, kind) for (name, kind), values in by_column}
            )

    def insert_columns(self, table: Table, incoming: Columns) -> None:  # noqa: ARG002 - see below
        """As `insert_rows`, by arrays: DuckDB reads them in place, no row becomes an object."""
        # DuckDB finds `incoming` by its name among this function's variables.
        self.connection.execute(f"INSERT INTO {table.name} BY NAME FROM incoming")

    def replace_rows(self, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """The table holds these rows and no others."""
        self.connection.execute(f"DELETE FROM {table.name}")  # noqa: S608 - a name of ours
        self.insert_rows(table, rows)

    def delete_above(self, block: int) -> None:
        """No table holds a row of a block above this one."""
        for table in BLOCK_TABLES:
            statement = f"DELETE FROM {table.name} WHERE block > ?"  # noqa: S608 - a name of ours
            self.connection.execute(statement, [block])

    def _create_tables(self, meta: dict[str, str]) -> None:
        with self.transaction():
            found = self.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
            for (name,) in found:
                self.connection.execute(f'DROP TABLE "{name}"')
            for table in TABLES:
                self.connection.execute(table.create_statement())
            self.insert_rows(META, list(meta.items()))


def _describe(network: Network) -> dict[str, str]:
    """What a file must say about itself to be gone on with."""
    return {
        "schema": str(SCHEMA_VERSION),
        "chain_id": str(network.chain_id),
        "ledger": network.ledgers[0],
        "network_id": network.network_id.hex(),
        "genesis_hash": network.genesis_hash,
    }


def _read_meta(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What the file says about itself; nothing where it is new."""
    try:
        return dict(connection.execute("SELECT key, value FROM meta").fetchall())
    except duckdb.CatalogException:
        return {}


def _as_array(values: Sequence[Any], sql_type: str) -> NDArray[Any]:
    """One column as an array; text, huge integers and columns with gaps travel as text."""
    numpy_type = NUMPY_TYPES.get(sql_type)
    if numpy_type is not None and None not in values:
        return np.array(values, dtype=numpy_type)
    return np.array([None if value is None else str(value) for value in values], dtype=object)
