"""Everything printed is printed here: what was asked for on stdout, the rest on stderr."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol, TextIO

import msgspec

from tallystick.core.errors import TallystickError

COLUMN_GAP: Final = "  "


@dataclass(frozen=True)
class Table:
    """Rows of text under headings; columns named in `right` are numbers and stand on the right."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    right: frozenset[str] = frozenset()
    title: str = ""


class Progress(Protocol):
    """How far something has come."""

    def __call__(self, done: int, total: int) -> None:
        """`done` of `total` are through."""


class Output:
    """Where a command's words go.

    Args:
        json: the document is printed instead of what people read.
        stdout: receives what was asked for, and nothing else.
        stderr: receives everything else.
    """

    def __init__(
        self, *, json: bool, stdout: TextIO | None = None, stderr: TextIO | None = None
    ) -> None:
        self.is_json = json
        self._stdout = stdout or sys.stdout
        self._stderr = stderr or sys.stderr

    @property
    def is_terminal(self) -> bool:
        """Whether a person reads along."""
        return not self.is_json and self._stdout.isatty()

    def show(self, document: object, *views: Table | str) -> None:
        """The document with --json; without, the views one below the other."""
        if self.is_json:
            self._print(msgspec.json.encode(document).decode())
            return
        for view in views:
            self._print(format_table(view) if isinstance(view, Table) else view)

    def show_csv(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Rows as CSV under a heading."""
        writer = csv.writer(self._stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)

    def show_text(self, text: str) -> None:
        """Text as it is, such as a log; not for documents."""
        self._stdout.write(text)
        self._stdout.flush()

    def note(self, text: str) -> None:
        """A remark beside what was asked for."""
        print(text, file=self._stderr, flush=True)

    def show_error(self, error: TallystickError) -> None:
        """What went wrong: the document with --json, else a sentence and what to do."""
        if self.is_json:
            self._print(msgspec.json.encode(error.as_dict()).decode())
            return
        self.note(f"{error.code}: {error}")

    def confirm(self, *, is_sure: bool) -> bool:
        """Whether to go on: asks only on a terminal, and only who has not said --yes."""
        if is_sure or not (sys.stdin.isatty() and self._stderr.isatty()):
            return True
        self._stderr.write("Go on? [y/N] ")
        self._stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    @contextmanager
    def progress(self, what: str) -> Iterator[Progress]:
        """A bar on stderr while the block runs, on a terminal only."""
        if not self._stderr.isatty():
            yield lambda done, total: None  # noqa: ARG005 - the protocol's names
            return
        from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
        from rich.progress import Progress as Bar  # noqa: PLC0415

        with Bar(console=Console(file=self._stderr), transient=True) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)

    def _print(self, text: str) -> None:
        print(text, file=self._stdout, flush=True)


def format_table(table: Table) -> str:
    """The table as text, each column as wide as its widest cell; without rows, a dash."""
    lines = [table.title, ""] if table.title else []
    cells = [table.columns, *table.rows] if table.rows else [table.columns, ["-"]]
    widths = [max(len(row[i]) for row in cells if i < len(row)) for i in range(len(table.columns))]
    for row in cells:
        parts = [
            cell.rjust(width) if column in table.right else cell.ljust(width)
            for cell, width, column in zip(row, widths, table.columns, strict=False)
        ]
        lines.append(COLUMN_GAP.join(parts).rstrip())
    return "\n".join(lines)
