"""Keys files: bare keys, keystores and signers, of which no two are the same."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from coincurve import PrivateKey
from nacl.signing import SigningKey

from tallystick.chain.errors import KeyFileInvalid, PassphraseMissing, PassphraseWrong
from tallystick.chain.key_sources import open_keys
from tallystick.chain.keys import write_private
from tallystick.chain.keystore import write_keystore
from tallystick.chain.remote_signer import RemoteSigner
from tallystick.core.attestation import compute_address
from tallystick.core.errors import InvalidInput

ATTEST, SEND, TRANSPORT = (bytes([number]) * 32 for number in (1, 2, 3))
KEYS = {"attest_key": ATTEST.hex(), "send_key": "0x" + SEND.hex(), "transport_key": TRANSPORT.hex()}
PUBLIC_KEY = PrivateKey(ATTEST).public_key.format(compressed=False)[1:].hex()
PASSPHRASE = "correct horse battery"


def address_of(secret: bytes) -> str:
    return compute_address(PrivateKey(secret).public_key)


def write(folder: Path, **changes: Any) -> Path:  # noqa: ANN401 - whatever JSON holds
    path = folder / "keys.json"
    write_private(path, json.dumps(KEYS | changes).encode())
    return path


def keep(folder: Path, name: str, secret: bytes, *, address: str | None = None) -> dict[str, str]:
    write_keystore(folder / name, secret, PASSPHRASE, address=address, scrypt_n=16)
    return {"keystore": name}


def test_bare_keys_are_opened(tmp_path: Path) -> None:
    keys = open_keys(write(tmp_path))
    assert keys.attester == address_of(ATTEST)
    assert keys.send_signer.address == address_of(SEND)
    assert keys.transport_key == SigningKey(TRANSPORT)


def test_keystores_beside_the_keys_file_are_opened_with_one_question(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        attest_key=keep(tmp_path, "attest.json", ATTEST, address=address_of(ATTEST)),
        send_key=keep(tmp_path, "send.json", SEND, address=address_of(SEND)),
        transport_key=keep(tmp_path, "transport.json", TRANSPORT),
    )
    answers: Iterator[str] = iter([PASSPHRASE])
    keys = open_keys(path, lambda: next(answers))
    assert keys.attester == address_of(ATTEST)
    assert keys.send_signer.address == address_of(SEND)
    assert keys.transport_key == SigningKey(TRANSPORT)


@pytest.mark.parametrize("prefix", ["", "0x", "04", "0x04"])
def test_signer_is_asked_for_the_key_that_the_file_names(tmp_path: Path, prefix: str) -> None:
    source = {"signer": "http://127.0.0.1:9000", "public_key": prefix + PUBLIC_KEY}
    keys = open_keys(write(tmp_path, attest_key=source))
    assert isinstance(keys.attest_signer, RemoteSigner)
    assert keys.attester == address_of(ATTEST)


@pytest.mark.parametrize(
    "changes",
    [
        {"send_key": ATTEST.hex()},
        {"transport_key": ATTEST.hex()},
        {"transport_key": SEND.hex()},
        {"send_key": {"signer": "http://127.0.0.1:9000", "public_key": PUBLIC_KEY}},
    ],
)
def test_keys_are_refused_when_one_serves_two_purposes(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    with pytest.raises(KeyFileInvalid, match="two purposes"):
        open_keys(write(tmp_path, **changes))


def test_keystore_is_refused_when_it_holds_another_key_than_it_names(tmp_path: Path) -> None:
    source = keep(tmp_path, "attest.json", ATTEST, address=address_of(SEND))
    with pytest.raises(KeyFileInvalid, match="another key"):
        open_keys(write(tmp_path, attest_key=source), lambda: PASSPHRASE)


def test_passphrase_is_missed_when_nobody_gives_it(tmp_path: Path) -> None:
    path = write(tmp_path, attest_key=keep(tmp_path, "attest.json", ATTEST))
    with pytest.raises(PassphraseMissing):
        open_keys(path)
    with pytest.raises(PassphraseWrong):
        open_keys(path, lambda: "guessed wrongly")


@pytest.mark.parametrize(
    "changes",
    [
        {"attest_key": None},
        {"attest_key": 5},
        {"attest_key": "11"},
        {"attest_key": "zz" * 32},
        {"attest_key": "00" * 32},
        {"attest_key": "ff" * 32},
        {"attest_key": {}},
        {"attest_key": {"keystore": "missing.json"}},
        {"attest_key": {"keystore": "a.json", "signer": "http://127.0.0.1:1"}},
        {"attest_key": {"signer": "http://127.0.0.1:1"}},
        {"attest_key": {"signer": "http://127.0.0.1:1", "public_key": "11" * 64}},
        {"attest_key": {"signer": "http://127.0.0.1:1", "public_key": ATTEST.hex()}},
        {"attest_key": {"signer": "ftp://127.0.0.1:1", "public_key": PUBLIC_KEY}},
        {"attest_key": {"signer": "http://127.0.0.1:x", "public_key": PUBLIC_KEY}},
        {"attest_key": {"signer": "http://h", "public_key": PUBLIC_KEY, "ca_file": "missing"}},
        {"attest_key": {"signer": "http://h", "public_key": PUBLIC_KEY, "other": 1}},
        {"transport_key": {"signer": "http://127.0.0.1:1", "public_key": PUBLIC_KEY}},
        {"another_key": "11" * 32},
    ],
)
def test_keys_are_refused_when_malformed(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        open_keys(write(tmp_path, **changes), lambda: PASSPHRASE)
    assert "11" * 16 not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"[" * 10_000])
def test_keys_are_refused_when_the_file_is_no_keys_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys.json"
    write_private(path, content)
    with pytest.raises(KeyFileInvalid):
        open_keys(path)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_keys_are_refused_when_others_may_read_them(tmp_path: Path, mode: int) -> None:
    path = write(tmp_path)
    path.chmod(mode)
    with pytest.raises(KeyFileInvalid, match="others may read"):
        open_keys(path)


def test_open_keys_show_nothing_of_themselves(tmp_path: Path) -> None:
    keys = open_keys(write(tmp_path))
    shown = repr(keys) + repr(keys.attest_signer) + repr(keys.transport_key)
    assert all(secret.hex() not in shown for secret in (ATTEST, SEND, TRANSPORT))
