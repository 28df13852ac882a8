"""What can be wrong with an imported file."""

from __future__ import annotations

from tallystick.core.errors import InvalidInput


class OptionsInvalid(InvalidInput):
    """The columns, defaults or units asked for contradict each other or leave something open."""

    code = "import_options_invalid"


class ColumnMissing(InvalidInput):
    """The file has no column of that name."""

    code = "column_missing"


class SourceUnreadable(InvalidInput):
    """The file cannot be read or decompressed."""

    code = "source_unreadable"


class SourceEmpty(InvalidInput):
    """The file holds no rows."""

    code = "source_empty"


class TimeUnitUnclear(InvalidInput):
    """Numbers that could be times of more than one kind."""

    code = "time_unit_unclear"


class RowMalformed(InvalidInput):
    """One row is wrong, so nothing of the file is taken.

    Args:
        line: of the file, from 1.
        column: as the file calls it, or what was being read.
        expected: what would have been right.
        actual: what the row holds.
    """

    code = "row_malformed"

    def __init__(self, line: int, column: str, *, expected: str, actual: str) -> None:
        super().__init__(
            f"line {line}, {column}, cannot be read", expected=expected, actual=repr(actual[:80])
        )
        self.line = line
        self.column = column
