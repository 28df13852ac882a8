"""A meter's folder: its key, its identity, and a journal that must match its spool."""

import shutil
import stat
from pathlib import Path

import pytest
from tests.unit.meter.samples import create_samples

from tallystick.core.frames import verify_frame
from tallystick.meter.errors import JournalLost, KeyReplaced, MeterUnknown
from tallystick.meter.meter import (
    MeterIdentity,
    create_meter_key,
    load_identity,
    open_meter,
    save_identity,
)

IDENTITY = MeterIdentity(id=7, name="m", network_id="11" * 32)


def test_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    folder = tmp_path / "meters" / "m"
    public = create_meter_key(folder)
    assert create_meter_key(folder) == public
    assert stat.S_IMODE((folder / "key").stat().st_mode) == 0o600


def test_later_keys_lie_beside_the_first(tmp_path: Path) -> None:
    keys = {create_meter_key(tmp_path, key_index) for key_index in (0, 1, 2, 1)}
    assert len(keys) == 3
    assert stat.S_IMODE((tmp_path / "key-1").stat().st_mode) == 0o600


def test_adopted_key_signs_from_now_on_and_after_a_restart(tmp_path: Path) -> None:
    create_meter_key(tmp_path)
    save_identity(tmp_path, IDENTITY)
    public = create_meter_key(tmp_path, 1)
    with open_meter(tmp_path) as meter:
        meter.record(create_samples(3))
        with pytest.raises(KeyReplaced):
            meter.adopt_key(2)
        assert meter.identity.key_index == 0
        meter.adopt_key(1)
        frame = meter.sign(0, meter.journal.read(0, 3))
    verify_frame(frame, public)
    assert frame.key_index == 1
    with open_meter(tmp_path) as again:
        verify_frame(again.sign(0, again.journal.read(0, 3)), public)


def test_open_refuses_a_folder_without_a_meter(tmp_path: Path) -> None:
    with pytest.raises(MeterUnknown):
        open_meter(tmp_path)
    save_identity(tmp_path, IDENTITY)
    with pytest.raises(MeterUnknown):
        open_meter(tmp_path)


def test_identity_survives(tmp_path: Path) -> None:
    save_identity(tmp_path, IDENTITY)
    assert load_identity(tmp_path) == IDENTITY


def test_record_numbers_and_sign_covers_them(tmp_path: Path) -> None:
    public = create_meter_key(tmp_path)
    save_identity(tmp_path, IDENTITY)
    with open_meter(tmp_path) as meter:
        assert meter.record(create_samples(3)) == range(3)
        assert meter.record(create_samples(2)) == range(3, 5)
        frame = meter.sign(3, meter.journal.read(3, 2))
    verify_frame(frame, public)
    assert (frame.meter, frame.first_seq, frame.network_id) == (7, 3, bytes.fromhex("11" * 32))


def test_open_refuses_a_journal_that_lacks_what_was_signed(tmp_path: Path) -> None:
    create_meter_key(tmp_path)
    save_identity(tmp_path, IDENTITY)
    with open_meter(tmp_path) as meter:
        meter.record(create_samples(3))
        meter.spool.put([meter.sign(0, meter.journal.read(0, 3))])
    shutil.rmtree(tmp_path / "journal")
    for _ in range(2):  # a refused opening leaves nothing locked
        with pytest.raises(JournalLost):
            open_meter(tmp_path)
