"""Key files of people: bare or encrypted, told apart by what they hold."""

from pathlib import Path

import pytest
from coincurve import PrivateKey

from tallystick.chain.errors import KeyFileInvalid, PassphraseMissing, PassphraseWrong
from tallystick.chain.key_files import (
    is_encrypted,
    open_chain_key,
    read_key_address,
    read_key_file,
    write_key_file,
)
from tallystick.chain.keys import write_private
from tallystick.chain.keystore import write_keystore
from tallystick.core.attestation import compute_address

KEY = PrivateKey(bytes([9]) * 32)
ADDRESS = compute_address(KEY.public_key)
PASSPHRASE = "correct horse battery"


def give() -> str:
    return PASSPHRASE


def refuse() -> str:
    raise AssertionError("nobody may be asked")


def test_bare_key_is_read_without_a_question(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    assert write_key_file(path, KEY, None) == ADDRESS
    assert not is_encrypted(path)
    assert read_key_file(path, refuse) == KEY
    assert read_key_address(path, refuse) == ADDRESS


def test_encrypted_key_tells_its_address_and_asks_before_it_signs(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    assert write_key_file(path, KEY, PASSPHRASE) == ADDRESS
    assert is_encrypted(path)
    assert KEY.to_hex() not in path.read_text()
    assert read_key_address(path, refuse) == ADDRESS
    assert open_chain_key(path, give).address.lower() == ADDRESS
    with pytest.raises(PassphraseMissing):
        read_key_file(path)
    with pytest.raises(PassphraseWrong):
        read_key_file(path, lambda: "guessed wrongly")


def test_keystore_without_an_address_is_opened_to_tell_it(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    write_keystore(path, KEY.secret, PASSPHRASE, address=None, scrypt_n=16)
    assert read_key_address(path, give) == ADDRESS


def test_keystore_that_names_another_address_does_not_sign(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    write_keystore(path, KEY.secret, PASSPHRASE, address="0x" + "ab" * 20, scrypt_n=16)
    with pytest.raises(KeyFileInvalid, match="another key"):
        read_key_file(path, give)


@pytest.mark.parametrize("content", [b"", b"zz" * 32, b"00" * 32, b"ff" * 32])
def test_key_file_is_refused_when_it_holds_no_key(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.key"
    write_private(path, content)
    with pytest.raises(KeyFileInvalid):
        read_key_file(path, refuse)


def test_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    write_key_file(path, KEY, None)
    for passphrase in (None, PASSPHRASE):
        with pytest.raises(KeyFileInvalid):
            write_key_file(path, PrivateKey(), passphrase)
    assert read_key_file(path) == KEY
