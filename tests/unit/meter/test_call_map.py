"""Files written through memory: only where nothing that is overwritten needs new room."""

import os
from mmap import PAGESIZE
from pathlib import Path

import pytest

from tallystick.meter import call_files
from tallystick.meter.call_files import CallFile, write_spare
from tallystick.meter.call_map import map_file


def open_zeros(path: Path, size: int) -> int:
    path.write_bytes(bytes(size))
    return os.open(path, os.O_RDWR)


def write_mounts(path: Path, descriptor: int, kind: str) -> Path:
    device = os.fstat(descriptor).st_dev
    place = f"{os.major(device)}:{os.minor(device)}"
    path.write_text(
        "21 1 0:5 / /dev rw - devtmpfs udev rw\n"
        f"22 1 {place} / / rw,noatime shared:1 - {kind} /dev/vda rw\n"
    )
    return path


@pytest.mark.parametrize(("kind", "is_mapped"), [("ext4", True), ("btrfs", False), ("xfs", False)])
def test_file_is_mapped_where_the_file_system_overwrites(
    kind: str, is_mapped: bool, tmp_path: Path
) -> None:
    descriptor = open_zeros(tmp_path / "a", 100)
    mapped = map_file(descriptor, mounts=write_mounts(tmp_path / "mounts", descriptor, kind))
    assert (mapped is not None) == is_mapped
    if mapped is not None:
        mapped[10:13] = b"abc"
        assert (tmp_path / "a").read_bytes() == bytes(10) + b"abc" + bytes(87)
        mapped.close()
    os.close(descriptor)


def test_file_is_not_mapped_when_nothing_says_where_it_lies(tmp_path: Path) -> None:
    descriptor = open_zeros(tmp_path / "a", 100)
    (tmp_path / "empty").write_text("\n")
    assert map_file(descriptor, mounts=tmp_path / "none") is None
    assert map_file(descriptor, mounts=tmp_path / "empty") is None
    os.close(descriptor)


def test_empty_file_is_not_mapped(tmp_path: Path) -> None:
    descriptor = open_zeros(tmp_path / "a", 0)
    mounts = write_mounts(tmp_path / "mounts", descriptor, "ext4")
    assert map_file(descriptor, mounts=mounts) is None
    os.close(descriptor)


@pytest.mark.parametrize("capacity", [1, PAGESIZE, 3 * PAGESIZE + 5])
def test_file_made_ahead_holds_zeros(capacity: int, tmp_path: Path) -> None:
    os.close(write_spare(tmp_path, capacity))
    assert (tmp_path / "spare.new").read_bytes() == bytes(capacity)


@pytest.mark.parametrize("is_mapped", [True, False])
def test_writes_follow_each_other_beyond_the_length_made_ahead(
    is_mapped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    descriptor = write_spare(tmp_path, 10)
    mounts = write_mounts(tmp_path / "mounts", descriptor, "ext4")
    monkeypatch.setattr(
        call_files, "map_file", lambda one: map_file(one, mounts=mounts) if is_mapped else None
    )
    file = CallFile(tmp_path / "spare.new", descriptor)
    for data in (b"abcdef", b"gh", b"ijkl", b"m"):
        file.write(data)
    assert file.path.read_bytes() == b"abcdefghijklm"
    assert file.size == 13
    file.close()
