"""Only bytes that were never acknowledged may be cut; damage to others is never passed over."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.meter.errors import SegmentCorrupt
from tallystick.meter.segment_file import HEADER_BYTES
from tallystick.meter.segments import SegmentLog

KIND = b"TEST"
payloads = st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=12)


def open_log(folder: Path, *, segment_bytes: int = 1 << 20) -> SegmentLog:
    return SegmentLog(folder, kind=KIND, segment_bytes=segment_bytes)


def write_log(folder: Path, contents: list[bytes], *, segment_bytes: int = 1 << 20) -> None:
    log = open_log(folder, segment_bytes=segment_bytes)
    for number, payload in enumerate(contents):
        log.append(number, payload)
    log.close()


def read_log(folder: Path) -> list[bytes]:
    log = open_log(folder)
    found = [segment.read(*segment.locate(chunk)) for segment, chunk in log.chunks()]
    log.close()
    return found


def find_last(folder: Path) -> Path:
    return max(folder.glob("*.segment"))


def forget_last_acknowledgement(path: Path, contents: list[bytes]) -> int:
    """As after a power cut: the last chunk was written, its acknowledgement was not."""
    before = path.parent / "before"
    write_log(before, contents[:-1])
    head = find_last(before).read_bytes()
    data = path.read_bytes()
    path.write_bytes(head[:HEADER_BYTES] + data[HEADER_BYTES:])
    return len(head)


@given(contents=payloads, segment_bytes=st.integers(64, 2000))
def test_log_returns_what_was_appended(
    tmp_path_factory: pytest.TempPathFactory, contents: list[bytes], segment_bytes: int
) -> None:
    folder = tmp_path_factory.mktemp("log")
    write_log(folder, contents, segment_bytes=segment_bytes)
    assert read_log(folder) == contents


@given(contents=payloads, garbage=st.binary(min_size=1, max_size=200))
def test_log_cuts_garbage_after_what_was_acknowledged(
    tmp_path_factory: pytest.TempPathFactory, contents: list[bytes], garbage: bytes
) -> None:
    folder = tmp_path_factory.mktemp("log")
    write_log(folder, contents)
    with find_last(folder).open("ab") as file:
        file.write(garbage)
    assert read_log(folder) == contents
    log = open_log(folder)
    log.append(len(contents), b"next")
    log.close()
    assert read_log(folder) == [*contents, b"next"]


@given(contents=payloads, data=st.data())
def test_log_refuses_to_open_when_acknowledged_bytes_were_flipped(
    tmp_path_factory: pytest.TempPathFactory, contents: list[bytes], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("log")
    write_log(folder, contents)
    path = find_last(folder)
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(HEADER_BYTES, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with pytest.raises(SegmentCorrupt):
        open_log(folder)


@given(contents=payloads, data=st.data())
def test_log_refuses_to_open_when_acknowledged_bytes_are_missing(
    tmp_path_factory: pytest.TempPathFactory, contents: list[bytes], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("log")
    write_log(folder, contents)
    path = find_last(folder)
    os.truncate(path, data.draw(st.integers(0, path.stat().st_size - 1)))
    with pytest.raises(SegmentCorrupt):
        open_log(folder)


@given(contents=payloads, data=st.data())
def test_log_keeps_all_but_a_torn_last_chunk(
    tmp_path_factory: pytest.TempPathFactory, contents: list[bytes], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("log")
    write_log(folder, contents)
    path = find_last(folder)
    last_starts = forget_last_acknowledgement(path, contents)
    size = path.stat().st_size
    cut = data.draw(st.integers(last_starts, size))
    os.truncate(path, cut)
    assert read_log(folder) == (contents if cut == size else contents[:-1])


@given(contents=st.lists(st.binary(min_size=1, max_size=80), min_size=3, max_size=6))
def test_log_refuses_damage_before_a_chunk_that_proves_it_was_acknowledged(
    tmp_path_factory: pytest.TempPathFactory, contents: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("log")
    write_log(folder, contents)
    path = find_last(folder)
    write_log(folder / "before", contents[:-2])
    head = find_last(folder / "before").read_bytes()
    content = bytearray(head[:HEADER_BYTES] + path.read_bytes()[HEADER_BYTES:])
    content[len(head) + 8] ^= 1  # the last chunk but one, whose acknowledgement was not written
    path.write_bytes(content)
    with pytest.raises(SegmentCorrupt):
        open_log(folder)


@pytest.mark.parametrize("at", [0, 9, 12, 20, 25, 33, 41])
def test_log_refuses_a_damaged_header(tmp_path: Path, at: int) -> None:
    write_log(tmp_path, [b"one"])
    path = find_last(tmp_path)
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(SegmentCorrupt):
        open_log(tmp_path)


def test_log_ignores_a_segment_that_was_never_finished(tmp_path: Path) -> None:
    write_log(tmp_path, [b"one"])
    (tmp_path / "00000001.new").write_bytes(b"half")
    assert read_log(tmp_path) == [b"one"]


def test_log_writes_again_what_may_never_have_been_synced(tmp_path: Path) -> None:
    write_log(tmp_path, [b"one", b"two"])
    forget_last_acknowledgement(find_last(tmp_path), [b"one", b"two"])
    synced: list[int] = []
    log = SegmentLog(tmp_path, kind=KIND, segment_bytes=1 << 20, sync=synced.append)
    log.close()
    assert len(synced) == 1
