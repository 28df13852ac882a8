"""Log lines on their way out: gathered, and written a few times a second.

A line for each call, written by itself, costs a gateway more than reading the call's usage: not for
the bytes, but because every write lets another thread of the process take the interpreter.
"""

from __future__ import annotations

import atexit
import os
import time
from threading import Lock, Thread
from typing import Final

GATHER_S: Final = 0.2
"""How long a line waits at most; a process that is killed loses so much of its log."""
MAX_LINES: Final = 10_000
"""Beyond it whoever logs writes what has gathered."""


class LogLines:
    """A logger below structlog: takes rendered lines, and writes them to a file descriptor.

    Errors are written at once, with all that came before them.

    Args:
        descriptor: such as that of standard error.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lines: list[bytes] = []
        self._lock = Lock()
        Thread(target=self._write_on, name="log lines", daemon=True).start()
        atexit.register(self.flush)

    def msg(self, line: bytes) -> None:
        """The line will be written in a moment."""
        self._lines.append(line)
        if len(self._lines) > MAX_LINES:
            self.flush()

    def urgent(self, line: bytes) -> None:
        """The line is written, if the file takes it."""
        self._lines.append(line)
        self.flush()

    debug = info = warning = msg
    error = critical = exception = urgent

    def flush(self) -> None:
        """What has gathered is written; a log that nobody reads any more ends no program."""
        with self._lock:
            gathered = len(self._lines)  # more may come meanwhile, from any thread
            rest = memoryview(b"".join(line + b"\n" for line in self._lines[:gathered]))
            del self._lines[:gathered]
            try:
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
            except OSError:
                return

    def _write_on(self) -> None:
        while True:
            time.sleep(GATHER_S)
            if self._lines:
                self.flush()
