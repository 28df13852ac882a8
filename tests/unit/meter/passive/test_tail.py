"""A log is read to its end, over rotations and restarts, each line once."""

from pathlib import Path

import pytest

from tallystick.meter.passive.errors import PositionInvalid
from tallystick.meter.passive.tail import (
    MAX_LINE_BYTES,
    Position,
    Tail,
    load_position,
    save_position,
)
from tallystick.meter.passive.tally import Tally


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def read_texts(tail: Tail) -> list[str]:
    return [line.text.decode() for line in tail.read()]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "access.log"


def test_tail_waits_for_files_and_for_whole_lines(log: Path) -> None:
    tail = Tail(log, None, Tally())
    assert read_texts(tail) == []
    append(log, "one\r\ntw")
    assert read_texts(tail) == ["one"]
    append(log, "o\nthree\n")
    assert read_texts(tail) == ["two", "three"]
    tail.close()


def test_equal_lines_have_identities_of_their_own_and_keep_them(log: Path) -> None:
    append(log, "same\nsame\n")
    tail = Tail(log, None, Tally())
    first = [line.identity for line in tail.read()]
    tail.close()
    again = Tail(log, None, Tally())
    assert [line.identity for line in again.read()] == first
    assert len(set(first)) == 2
    again.close()


def test_rotation_loses_and_repeats_nothing(log: Path) -> None:
    append(log, "1\n2\n")
    tail = Tail(log, None, Tally())
    assert read_texts(tail) == ["1", "2"]
    append(log, "3\n")
    log.rename(log.with_suffix(".log.1"))
    append(log.with_suffix(".log.1"), "4\nno end")
    append(log, "5\n")
    assert read_texts(tail) == ["3", "4", "no end", "5"]
    tail.close()


def test_emptied_file_begins_anew(log: Path) -> None:
    append(log, "1\n2\n")
    tail = Tail(log, None, Tally())
    assert read_texts(tail) == ["1", "2"]
    log.write_text("3\n")
    assert read_texts(tail) == ["3"]
    tail.close()


def test_restart_goes_on_where_it_was_left_even_in_a_rotated_file(log: Path) -> None:
    append(log, "1\n2\n3\n")
    tail = Tail(log, None, Tally())
    lines = list(tail.read())
    tail.close()
    log.rename(log.parent / "access.log.1")
    append(log, "4\n")
    again = Tail(log, lines[0].position, Tally())
    found = list(again.read())
    assert [line.text for line in found] == [b"2", b"3", b"4"]
    assert [line.identity for line in found[:2]] == [line.identity for line in lines[1:]]
    again.close()


def test_file_that_is_gone_is_counted(log: Path) -> None:
    append(log, "1\n2\n")
    tail = Tail(log, None, Tally())
    position = next(iter(tail.read())).position
    tail.close()
    log.unlink()
    append(log, "another file\n")
    tally = Tally()
    again = Tail(log, position, tally)
    assert read_texts(again) == ["another file"]
    assert tally["rotated_away"] == 1
    again.close()


def test_line_beyond_the_bound_is_left_out_and_counted(log: Path) -> None:
    append(log, "1\n" + "x" * (2 * MAX_LINE_BYTES) + "\n2\n")
    tally = Tally()
    tail = Tail(log, None, tally)
    assert read_texts(tail) == ["1", "2"]
    assert tally["too_large"] == 1
    tail.close()


def test_position_is_kept_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "position.json"
    assert load_position(path) is None
    position = Position(inode=1, head="aa", head_bytes=2, offset=3, chain="bb")
    save_position(path, position)
    assert load_position(path) == position
    path.write_text("{")
    with pytest.raises(PositionInvalid):
        load_position(path)
