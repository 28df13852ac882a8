"""A thread that waits for work, woken once and only while it sleeps.

A condition variable wakes its thread, and lets it ask for the interpreter, whenever it is told
that something changed; and it makes a lock for each time that somebody waits.
"""

from __future__ import annotations

from threading import Lock


class Sleeper:
    """Where one thread sleeps until another one wakes it.

    Args:
        guard: held wherever there is looked for work, or some is added; and for `lie_down`, `wake`.
    """

    def __init__(self, guard: Lock) -> None:
        self._guard = guard
        self._bell = Lock()
        self._bell.acquire()
        self.is_asleep = False
        self.is_fast_asleep = False
        """Sleeping for longer than somebody may want who could wait a little."""

    def lie_down(self, *, is_fast: bool = True) -> None:
        """From here on, `wake` ends the `sleep` that has to follow."""
        self.is_asleep, self.is_fast_asleep = True, is_fast

    def sleep(self, timeout_s: float | None = None) -> None:
        """It was woken, or the time is over; not to be called with the guard held."""
        is_woken = self._bell.acquire(timeout=-1 if timeout_s is None else timeout_s)
        if is_woken:
            return
        with self._guard:
            if self.is_asleep:
                self.is_asleep = self.is_fast_asleep = False
            else:
                self._bell.acquire()  # rung since

    def wake(self) -> None:
        """Whoever sleeps goes on."""
        if self.is_asleep:
            self.is_asleep = self.is_fast_asleep = False
            self._bell.release()
