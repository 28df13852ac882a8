"""The folder's keys: made, taken in, and opened once."""

import json
from pathlib import Path

import pytest
from coincurve import PrivateKey

from tallystick.chain.errors import KeyFileInvalid, PassphraseMissing
from tallystick.chain.keys import write_private
from tallystick.chain.keystore import write_keystore
from tallystick.client.errors import KeyExists, KeyUnknown, PathInvalid
from tallystick.client.keys import KeyRing
from tallystick.core.attestation import compute_address
from tallystick.local.folder import NetworkFolder
from tallystick.local.secrets import ensure_key

PASSPHRASE = "correct horse battery"
KEY = PrivateKey(bytes([9]) * 32)


@pytest.fixture
def folder(tmp_path: Path) -> NetworkFolder:
    (tmp_path / "keys").mkdir()
    return NetworkFolder(tmp_path)


def test_encrypted_key_is_listed_found_and_kept_without_a_passphrase(
    folder: NetworkFolder,
) -> None:
    ring = KeyRing(folder)
    address = ring.create("seat-acme", passphrase=PASSPHRASE)
    assert KeyRing(folder).names() == ["seat-acme"]
    assert KeyRing(folder).find(address) == "seat-acme"
    assert KeyRing(folder).is_encrypted("seat-acme")
    assert KeyRing(folder).create("seat-acme") == address
    assert ensure_key(folder, "seat-acme") == address


def test_encrypted_key_signs_once_its_passphrase_is_given(folder: NetworkFolder) -> None:
    address = KeyRing(folder).create("seat-acme", passphrase=PASSPHRASE)
    with pytest.raises(PassphraseMissing):
        KeyRing(folder).load("seat-acme")
    answers = iter([PASSPHRASE])
    ring = KeyRing(folder, lambda: next(answers))
    for _ in range(2):
        assert compute_address(ring.load("seat-acme").public_key) == address


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_key_made_elsewhere_is_taken_in_once(folder: NetworkFolder, passphrase: str | None) -> None:
    ring = KeyRing(folder, lambda: PASSPHRASE)
    address = ring.add("registrar-acme", KEY, passphrase=passphrase)
    assert address == compute_address(KEY.public_key)
    assert ring.add("registrar-acme", KEY) == address
    assert KeyRing(folder, lambda: PASSPHRASE).load("registrar-acme") == KEY
    with pytest.raises(KeyExists):
        ring.add("registrar-acme", PrivateKey())


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "-a", "a" * 64])
def test_key_needs_a_name_for_a_file(folder: NetworkFolder, name: str) -> None:
    with pytest.raises(PathInvalid):
        KeyRing(folder).create(name)
    with pytest.raises(PathInvalid):
        KeyRing(folder).add(name, KEY)


def test_unknown_key_is_named_with_those_that_look_like_it(folder: NetworkFolder) -> None:
    KeyRing(folder).create("confirmer-1")
    with pytest.raises(KeyUnknown) as caught:
        KeyRing(folder).load("confirmer-2")
    assert "confirmer-1" in str(caught.value)


def test_members_attest_key_is_found_bare_and_encrypted(folder: NetworkFolder) -> None:
    write_keystore(folder.keys / "attest.bin", KEY.secret, PASSPHRASE, address=None, scrypt_n=16)
    others = {"send_key": "22" * 32, "transport_key": "33" * 32}
    signer = {"signer": "http://127.0.0.1:1", "public_key": "44" * 64}
    for name, source in (
        ("validator-1", KEY.to_hex()),
        ("acme.example", {"keystore": "attest.bin"}),
        ("bolt", signer),
        ("bolt.2", signer),
    ):
        document = {"attest_key": source, **others}
        write_private(folder.validator_keys(name), json.dumps(document).encode())
    ring = KeyRing(folder, lambda: PASSPHRASE)
    assert ring.validators() == ["acme.example", "bolt", "validator-1"]
    assert ring.load_attester("validator-1") == KEY
    assert ring.load_attester("acme.example") == KEY
    with pytest.raises(KeyFileInvalid, match="signer"):
        ring.load_attester("bolt")
    with pytest.raises(PassphraseMissing):
        KeyRing(folder).load_attester("acme.example")
    with pytest.raises(KeyUnknown):
        ring.load_attester("cora")
