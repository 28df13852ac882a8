"""Who makes room when there are more connections than a server bears."""

import asyncio
import resource

import pytest

from tallystick.meter.connections import OTHER_DESCRIPTORS, ConnectionRoom, fit_descriptors


class Line(asyncio.Transport):
    """A connection that only knows whether it was cut."""

    def __init__(self) -> None:
        super().__init__()
        self.is_cut = False

    def abort(self) -> None:
        self.is_cut = True

    def is_closing(self) -> bool:
        return self.is_cut


def enter(room: ConnectionRoom, count: int) -> list[Line]:
    lines = [Line() for _ in range(count)]
    for line in lines:
        room.enter(line)
    return lines


def list_cut(lines: list[Line]) -> list[int]:
    return [place for place, line in enumerate(lines) if line.is_cut]


def test_oldest_waiting_connections_make_room() -> None:
    room = ConnectionRoom(3)
    lines = enter(room, 5)
    assert list_cut(lines) == [0, 1]


def test_connection_whose_request_is_answered_is_not_cut() -> None:
    room = ConnectionRoom(2)
    lines = enter(room, 2)
    room.serve(lines[0])
    lines += enter(room, 1)
    assert list_cut(lines) == [1]


def test_connection_that_was_answered_is_the_newest_to_wait() -> None:
    room = ConnectionRoom(2)
    lines = enter(room, 2)
    room.serve(lines[0])
    room.wait(lines[0])
    lines += enter(room, 1)
    assert list_cut(lines) == [1]


def test_connection_that_ended_while_it_was_answered_waits_for_nothing() -> None:
    room = ConnectionRoom(1)
    (line,) = enter(room, 1)
    room.serve(line)
    line.abort()
    room.leave(line)
    room.wait(line)
    lines = enter(room, 2)
    assert list_cut(lines) == [0]


def test_nobody_is_cut_while_there_is_room_again() -> None:
    room = ConnectionRoom(2)
    lines = enter(room, 2)
    room.leave(lines[1])
    lines += enter(room, 1)
    assert list_cut(lines) == []


def test_nobody_is_cut_when_all_are_being_answered() -> None:
    room = ConnectionRoom(2)
    lines = enter(room, 2)
    for line in lines:
        room.serve(line)
    lines += enter(room, 1)
    assert list_cut(lines) == []


@pytest.mark.parametrize(
    ("soft", "hard", "fits", "raised"),
    [
        (100_000, 100_000, 2_000, None),
        (1_024, 100_000, 2_000, 2_000 + OTHER_DESCRIPTORS),
        (1_024, 1_024, 1_024 - OTHER_DESCRIPTORS, 1_024),
        (256, 256, 128, 256),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, 2_000, None),
    ],
)
def test_connections_fit_into_the_descriptors_there_are(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, fits: int, raised: int | None
) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))
    assert fit_descriptors(2_000) == fits
    assert [found[0] for found in asked] == ([] if raised is None else [raised])
