"""Tables as data: which columns a list shows, and in what words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Args:
        head: above it.
        kind: how a cell is shown; a macro of `cells.html`.
        key: of the row.
        style: `num` for figures, `wide` for what a narrow screen leaves out.
    """

    head: str
    kind: str
    key: str = ""
    style: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """One list as a table."""

    name: str
    """The list's, as the index knows it."""
    title: str
    columns: tuple[Column, ...]
    empty: str
    lead: str = ""
    states: tuple[str, ...] = ()
    """By which it can be narrowed."""


TIME = Column("Time", "when", "time_s")
PROJECT = Column("Project", "account", "project")
STATE = Column("State", "state", "state")


def amount(head: str, key: str, style: str = "") -> Column:
    """A column of credits."""
    return Column(head, "amount", key, f"num {style}".strip())


def number(head: str, key: str, style: str = "") -> Column:
    """A column of whole numbers."""
    return Column(head, "number", key, f"num {style}".strip())


def text(head: str, key: str, style: str = "") -> Column:
    """A column of short texts."""
    return Column(head, "text", key, style)
