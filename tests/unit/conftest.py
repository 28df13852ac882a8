"""Unit tests reach no network and read no wall clock: both are arguments of what they test."""

import socket
import sys
import time
from collections.abc import Callable
from typing import NoReturn, TypeVar

import pytest

Reading = TypeVar("Reading", int, float)
OURS = ("tallystick", "tests", "test_")


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections and look-ups; the socket pair inside an event loop still works."""

    def refuse(*args: object, **_: object) -> NoReturn:
        raise RuntimeError(f"a unit test reached for the network: {args[1:]}")

    for method in ("bind", "connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, method, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(autouse=True)
def no_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse the wall clock to our own code; pytest, hypothesis and logging keep theirs."""

    def guard(read_clock: Callable[[], Reading]) -> Callable[[], Reading]:
        def read_if_foreign() -> Reading:
            caller = sys._getframe(1).f_globals.get("__name__", "")
            if caller.startswith(OURS):
                raise RuntimeError(f"{caller} read the wall clock: take the time as an argument")
            return read_clock()

        return read_if_foreign

    monkeypatch.setattr(time, "time", guard(time.time))
    monkeypatch.setattr(time, "time_ns", guard(time.time_ns))
