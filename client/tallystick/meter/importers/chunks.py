"""What every format reader yields: two thousand rows or fewer, column by column, as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from tallystick.meter.importers.errors import RowMalformed

CHUNK_ROWS: Final = 2048


@dataclass(frozen=True, slots=True)
class Cells:
    """One column of some consecutive rows; a missing value is the empty string."""

    name: str
    """As the file calls it."""
    values: list[str]
    find_line: Callable[[int], int]
    """The file's line, from 1, of the row with this index."""

    def refuse(self, row: int, expected: str) -> NoReturn:
        """Name the row and what its value should have been."""
        raise RowMalformed(
            self.find_line(row), self.name, expected=expected, actual=self.values[row]
        )

    def with_default(self, default: str | None) -> Cells:
        """Missing values are the default's."""
        if default is None or "" not in self.values:
            return self
        return Cells(self.name, [value or default for value in self.values], self.find_line)


Chunk = Mapping[str, Cells]
"""By record field or convenience; all of the same length, never empty."""
