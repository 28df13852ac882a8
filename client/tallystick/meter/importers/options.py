"""What is asked of an import, checked for contradictions before a byte is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tallystick.core.usage import QUANTITY_FIELDS, TOKEN_FIELDS
from tallystick.meter.importers.errors import OptionsInvalid

NAME_FIELDS: Final = ("project", "user", "resource")
CONVENIENCES: Final = {"in_total": "in_fresh", "compute_s": "compute_ms", "compute_h": "compute_ms"}
"""Fields that are not a record's, and which of a record's they fill."""
FIELDS: Final = ("time", *NAME_FIELDS, *QUANTITY_FIELDS, "step", *CONVENIENCES)
TIME_UNITS: Final = ("auto", "iso", "s", "ms", "us", "ns")


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a file is to be read.

    Args:
        columns: record field or convenience -> column of the file.
        defaults: field -> value where the column is not mapped or a row leaves it empty.
        time_unit: one of `TIME_UNITS`.
        limit: rows taken at most.

    Raises:
        OptionsInvalid: an unknown field or unit, or two columns for one field.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    time_unit: str = "auto"
    limit: int | None = None

    def __post_init__(self) -> None:
        for name in (*self.columns, *self.defaults):
            if name not in FIELDS:
                raise OptionsInvalid(
                    "no such field of a record", expected=", ".join(FIELDS), actual=name
                )
        if self.time_unit not in TIME_UNITS:
            raise OptionsInvalid(
                "no such unit of time", expected=", ".join(TIME_UNITS), actual=self.time_unit
            )
        if "time" in self.defaults:
            raise OptionsInvalid("time has no default", expected="a column", actual="a default")
        if self.limit is not None and self.limit < 1:
            raise OptionsInvalid("a limit takes rows", expected="at least 1", actual=self.limit)
        _check_conflicts(self.fields)

    @property
    def fields(self) -> set[str]:
        """Every field and convenience that has a column or a default."""
        return {*self.columns, *self.defaults}

    @property
    def counts_tokens(self) -> bool:
        """Whether any LLM tokens are read."""
        return bool(self.fields & {*TOKEN_FIELDS, "in_total"})


def merge_preset(preset: Mapping[str, str], options: ImportOptions) -> ImportOptions:
    """The options with a format's own columns, where they say nothing else.

    Args:
        preset: field -> column.
        options: what the caller asked for.
    """
    taken = {CONVENIENCES.get(name, name) for name in options.columns}
    columns = {name: column for name, column in preset.items() if name not in taken}
    return ImportOptions(
        {**columns, **options.columns}, options.defaults, options.time_unit, options.limit
    )


def check_complete(options: ImportOptions) -> None:
    """Every record will have a time, a project and a resource.

    Raises:
        OptionsInvalid: one of them has neither column nor default.
    """
    for name in ("time", "project", "resource"):
        if name not in options.fields:
            raise OptionsInvalid(
                f"nothing says what a record's {name} is",
                expected=f"a column for {name}" + (" or a default" if name != "time" else ""),
            )


def _check_conflicts(fields: set[str]) -> None:
    filled: dict[str, str] = {}
    for name in sorted(fields):
        target = CONVENIENCES.get(name, name)
        if target in filled:
            raise OptionsInvalid(
                f"two sources for {target}", expected="one", actual=f"{filled[target]} and {name}"
            )
        filled[target] = name
