"""Key files: made private, refused when others may read them, never printed."""

import stat
from pathlib import Path

import pytest

from tallystick.chain.errors import KeyFileInvalid
from tallystick.chain.keys import (
    create_chain_key,
    create_signing_key,
    load_chain_key,
    load_signing_key,
    read_private,
    write_private,
)


def test_chain_key_loads_as_it_was_created(tmp_path: Path) -> None:
    path = tmp_path / "governance.key"
    created = create_chain_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_chain_key(path).address == created.address


def test_signing_key_loads_as_it_was_created(tmp_path: Path) -> None:
    path = tmp_path / "key"
    created = create_signing_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_signing_key(path) == created


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700 | 0o011])
def test_key_file_is_refused_when_others_may_read_it(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    create_chain_key(path)
    path.chmod(mode)
    with pytest.raises(KeyFileInvalid) as caught:
        load_chain_key(path)
    assert caught.value.actual == f"{mode:o}"


def test_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_private(path, b"first")
    with pytest.raises(KeyFileInvalid):
        create_chain_key(path)
    assert read_private(path) == b"first"


@pytest.mark.parametrize("content", [b"", b"zz" * 32, b"ab" * 31, b"00" * 32, b"\xff\xfe"])
def test_key_file_is_refused_when_it_holds_no_key(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    write_private(path, content)
    with pytest.raises(KeyFileInvalid) as caught:
        load_chain_key(path)
    assert content.decode("latin-1") not in str(caught.value) or not content


def test_key_file_is_missed_by_name(tmp_path: Path) -> None:
    with pytest.raises(KeyFileInvalid, match="missing"):
        load_signing_key(tmp_path / "nobody.key")


def test_keys_do_not_show_themselves(tmp_path: Path) -> None:
    chain_key = create_chain_key(tmp_path / "a")
    signing_key = create_signing_key(tmp_path / "b")
    for key, path in ((chain_key, "a"), (signing_key, "b")):
        secret = (tmp_path / path).read_text()
        assert secret not in repr(key).lower()
        assert secret not in f"{key}".lower()
