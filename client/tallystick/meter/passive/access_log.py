"""An access log entered into the book, its position kept only behind what is durable."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Final

from tallystick.meter.passive.book import PassiveBook
from tallystick.meter.passive.exchange import Observation
from tallystick.meter.passive.line_map import LineMap, LineUnread, read_line
from tallystick.meter.passive.tail import Line, Tail, load_position, save_position

LINES_AT_ONCE: Final = 500
"""Entered between two savings of the position."""


class AccessLog:
    """One log and its observer.

    Args:
        path: of the log.
        line_map: how its lines are read.
        source: of its observations; another log of equal lines needs another source.
        position_file: says how far it was read.
        book: gets the observations.
    """

    def __init__(
        self, path: Path, line_map: LineMap, source: str, position_file: Path, book: PassiveBook
    ) -> None:
        self._map = line_map
        self._source = source
        self._position_file = position_file
        self._book = book
        self._tail = Tail(path, load_position(position_file), book.tally)

    def read(self) -> int:
        """Every whole line that is there is durable or counted; gives how many there were."""
        read = 0
        lines = self._tail.read()
        while batch := list(islice(lines, LINES_AT_ONCE)):
            self._book.enter([each for each in map(self._read, batch) if each is not None])
            save_position(self._position_file, batch[-1].position)
            read += len(batch)
        return read

    def close(self) -> None:
        """The log is closed."""
        self._tail.close()

    def _read(self, line: Line) -> Observation | None:
        if not line.text.strip():
            return None
        tally = self._book.tally
        tally.add("seen")
        try:
            return read_line(line.text, self._map, self._source, line.identity)
        except LineUnread as unread:
            tally.add(unread.why)
            return None
