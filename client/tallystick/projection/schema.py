"""The schema: every table.

Tables of blocks have a `block` column, so that forgetting blocks is deleting rows above one. The
directory is made anew when the facts change.
"""

from __future__ import annotations

from typing import Final

from tallystick.projection.chain_tables import BLOCK_TABLES
from tallystick.projection.directory_tables import DIRECTORY_TABLES
from tallystick.projection.table import Table

SCHEMA_VERSION: Final = 2
"""Raise it with every change of a table or of what fills it: older files are then made anew."""

META: Final = Table("meta", {"key": "VARCHAR", "value": "VARCHAR"})
TABLES: Final = (META, *BLOCK_TABLES, *DIRECTORY_TABLES)
