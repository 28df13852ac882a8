"""Reading: one short-lived cursor per query, so that any thread may ask beside the writer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tallystick.projection.projection import Projection

Row = dict[str, Any]
"""One row by column: int, str, bool or None."""

Place = tuple[int, int]
"""Where a row stands in its order, for paging: (block, ordinal) or (batch, position)."""


class Reader:
    """Rows of the projection's tables. Every value in a statement is a parameter."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection

    def fetch_all(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """All rows of the answer, by column name."""
        cursor = self._projection.cursor()
        try:
            cursor.execute(statement, dict(parameters or {}))
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
        finally:
            cursor.close()

    def fetch_one(self, statement: str, parameters: Mapping[str, Any] | None = None) -> Row | None:
        """The first row of the answer, None where there is none."""
        return next(iter(self.fetch_all(statement, parameters)), None)
