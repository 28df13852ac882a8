"""Waking: never missed, never kept for a sleep that nobody was in."""

from threading import Lock, Thread

from tallystick.meter.sleeper import Sleeper

MANY = 2000


def test_wake_ends_the_sleep_that_follows() -> None:
    guard = Lock()
    sleeper = Sleeper(guard)
    with guard:
        sleeper.lie_down()
        sleeper.wake()
        assert not sleeper.is_asleep
    sleeper.sleep()


def test_wake_does_nothing_when_nobody_sleeps() -> None:
    guard = Lock()
    sleeper = Sleeper(guard)
    with guard:
        sleeper.wake()
        sleeper.lie_down()
    sleeper.sleep(0)
    assert not sleeper.is_asleep
    with guard:
        sleeper.lie_down(is_fast=False)
        assert (sleeper.is_asleep, sleeper.is_fast_asleep) == (True, False)


def test_bell_is_silent_again_when_it_was_rung_too_late() -> None:
    class LateGuard:
        """Whoever slept too long gets it only after somebody else has rung."""

        def __enter__(self) -> None:
            sleeper.wake()

        def __exit__(self, *_: object) -> None:
            pass

    sleeper = Sleeper(LateGuard())  # type: ignore[arg-type]
    sleeper.lie_down()
    sleeper.sleep(0)
    sleeper._guard = Lock()
    sleeper.lie_down()
    sleeper.sleep(0)
    assert not sleeper.is_asleep


def test_no_work_is_missed_between_threads() -> None:
    guard = Lock()
    sleeper = Sleeper(guard)
    work: list[int] = []
    done: list[int] = []

    def run() -> None:
        while len(done) < MANY:
            with guard:
                found = list(work)
                work.clear()
                if not found:
                    sleeper.lie_down()
            if not found:
                sleeper.sleep(None if len(done) % 2 else 0.0001)
            done.extend(found)

    thread = Thread(target=run, daemon=True)
    thread.start()
    for number in range(MANY):
        with guard:
            work.append(number)
            sleeper.wake()
    thread.join(60)
    assert done == list(range(MANY))
