"""Keystores: what was encrypted is read back, and nothing else is read at any price."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tallystick.chain.errors import KeyFileInvalid, KeystoreMalformed, PassphraseWrong
from tallystick.chain.keys import write_private
from tallystick.chain.keystore import (
    read_keystore,
    read_keystore_address,
    read_passphrase,
    write_keystore,
)

SECRET = bytes(range(1, 33))
ADDRESS = "0x" + "ab" * 20
PASSPHRASE = "correct horse battery"
CHEAP_N = 1 << 4

# Web3 Secret Storage Definition, test vector for scrypt.
PUBLISHED_PASSPHRASE = "testpassword"
PUBLISHED_SECRET = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d"
PUBLISHED = {
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "83dbcc02d8ccb40e466191a123791e0e"},
        "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
        "kdf": "scrypt",
        "kdfparams": {
            "dklen": 32,
            "n": 262144,
            "p": 8,
            "r": 1,
            "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19",
        },
        "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097",
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version": 3,
}


def keep(path: Path, *, address: str | None = ADDRESS) -> Path:
    write_keystore(path, SECRET, PASSPHRASE, address=address, scrypt_n=CHEAP_N)
    return path


def edit(path: Path, kdfparams: dict[str, Any]) -> Path:
    document = json.loads(keep(path).read_text())
    document["crypto"]["kdfparams"].update(kdfparams)
    path.write_text(json.dumps(document))
    return path


def test_keystore_gives_back_what_it_was_given(tmp_path: Path) -> None:
    path = keep(tmp_path / "a.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SECRET.hex() not in path.read_text()
    assert read_keystore(path, PASSPHRASE) == SECRET
    assert read_keystore_address(path) == ADDRESS


def test_keystore_of_another_kind_of_key_names_no_address(tmp_path: Path) -> None:
    path = keep(tmp_path / "a.json", address=None)
    assert read_keystore_address(path) is None
    assert read_keystore(path, PASSPHRASE) == SECRET


def test_published_keystore_is_read(tmp_path: Path) -> None:
    path = tmp_path / "published.json"
    write_private(path, json.dumps(PUBLISHED).encode())
    assert read_keystore(path, PUBLISHED_PASSPHRASE).hex() == PUBLISHED_SECRET


def test_default_cost_is_one_that_we_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_keystore(path, SECRET, PASSPHRASE, address=None)
    assert json.loads(path.read_text())["crypto"]["kdfparams"]["n"] == 1 << 17
    assert read_keystore(path, PASSPHRASE) == SECRET


def test_wrong_passphrase_is_named_and_nothing_else_is(tmp_path: Path) -> None:
    path = keep(tmp_path / "a.json")
    with pytest.raises(PassphraseWrong) as caught:
        read_keystore(path, "guessed wrongly")
    assert "guessed" not in str(caught.value)


def test_keystore_is_never_overwritten(tmp_path: Path) -> None:
    path = keep(tmp_path / "a.json")
    before = path.read_bytes()
    with pytest.raises(KeyFileInvalid):
        keep(path)
    assert path.read_bytes() == before


def test_keystore_is_refused_when_others_may_read_it(tmp_path: Path) -> None:
    path = keep(tmp_path / "a.json")
    path.chmod(0o644)
    with pytest.raises(KeyFileInvalid, match="others may read"):
        read_keystore(path, PASSPHRASE)


@pytest.mark.parametrize(
    "kdfparams",
    [
        {"n": 1 << 22},  # memory
        {"n": 1 << 18, "r": 16},  # memory
        {"p": 1 << 30},  # time
        {"n": 12},  # no power of two
        {"n": 1},
        {"n": -16},
        {"n": "16"},
        {"n": True},
        {"r": 0},
        {"dklen": 64},
        {"salt": "zz"},
        {"salt": None},
    ],
)
def test_keystore_is_refused_when_its_terms_are_absurd(
    tmp_path: Path, kdfparams: dict[str, Any]
) -> None:
    with pytest.raises(KeystoreMalformed):
        read_keystore(edit(tmp_path / "a.json", kdfparams), PASSPHRASE)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"ab" * 32,
        b"[]",
        b"{}",
        b'{"version": 4, "crypto": {}}',
        b'{"version": 3, "crypto": {"kdf": "pbkdf2", "kdfparams": {"c": 1}}}',
        b'{"version": 3, "crypto": {"kdf": "scrypt"}}',
        b"[" * 10_000,
        b" " * 20_000 + b"{}",
    ],
)
def test_keystore_is_refused_when_it_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    write_private(path, content)
    with pytest.raises(KeystoreMalformed):
        read_keystore(path, PASSPHRASE)


def test_passphrase_is_the_first_line_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "passphrase"
    write_private(path, PASSPHRASE.encode() + b"\n")
    assert read_passphrase(path) == PASSPHRASE


@pytest.mark.parametrize("content", [b"", b"\n", b"short\n", b"\xff\xfe" * 20])
def test_passphrase_is_refused_when_it_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "passphrase"
    write_private(path, content)
    with pytest.raises(KeyFileInvalid):
        read_passphrase(path)


def test_passphrase_is_refused_when_others_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "passphrase"
    write_private(path, PASSPHRASE.encode())
    path.chmod(0o640)
    with pytest.raises(KeyFileInvalid, match="others may read"):
        read_passphrase(path)
