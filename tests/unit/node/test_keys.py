"""Which of a validator's keys are in use."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from coincurve import PrivateKey
from nacl.signing import SigningKey

from tallystick.chain.errors import PassphraseMissing
from tallystick.chain.key_sources import NodeKeys
from tallystick.chain.keys import write_private
from tallystick.chain.keystore import write_keystore
from tallystick.chain.signer import KeySigner
from tallystick.core.facts import Validator
from tallystick_node.keys import KeysInUse, load_keys
from tallystick_node.settings import NodeSettings


def make_keys(number: int) -> NodeKeys:
    attest, send, transport = (bytes([number, place]) * 16 for place in (1, 2, 3))
    return NodeKeys(
        KeySigner(PrivateKey(attest)), KeySigner(PrivateKey(send)), SigningKey(transport)
    )


def describe(keys: NodeKeys) -> Validator:
    return Validator(
        attester=keys.attester.upper().replace("0X", "0x"),
        sender=keys.send_signer.address,
        transport_key=bytes(keys.transport_key.verify_key),
        name="validator-1",
        url="",
    )


OLD, NEW, STRANGER = (make_keys(number) for number in (1, 2, 3))


@pytest.mark.parametrize(
    ("members", "are_rotated"),
    [
        ([], False),
        ([STRANGER], False),
        ([OLD], False),
        ([OLD, NEW], False),
        ([NEW], True),
        ([STRANGER, NEW], True),
    ],
)
def test_keys_are_rotated_once_the_set_holds_only_the_others(
    members: list[NodeKeys], are_rotated: bool
) -> None:
    assert KeysInUse(OLD, NEW).are_rotated([describe(keys) for keys in members]) is are_rotated
    assert not KeysInUse(OLD).are_rotated([describe(keys) for keys in members])


def test_keys_are_rotated_when_only_one_of_them_changes() -> None:
    new = NodeKeys(OLD.attest_signer, NEW.send_signer, OLD.transport_key)
    assert KeysInUse(OLD, new).are_rotated([describe(new)])
    half = replace(describe(new), transport_key=bytes(32))
    assert not KeysInUse(OLD, new).are_rotated([half])


def test_rotation_leads_back_as_well() -> None:
    keys = KeysInUse(OLD, NEW)
    keys.rotate()
    assert (keys.keys, keys.other) == (NEW, OLD)
    assert keys.are_rotated([describe(OLD)])


def test_both_keys_files_are_opened_with_the_passphrase_of_the_settings(tmp_path: Path) -> None:
    for number, name in ((1, "keys"), (2, "next")):
        entries: dict[str, object] = {}
        for place, field in enumerate(("attest_key", "send_key", "transport_key"), start=1):
            file = f"{name}-{field}.json"
            secret = bytes([number, place]) * 16
            write_keystore(tmp_path / file, secret, "a passphrase", address=None, scrypt_n=16)
            entries[field] = {"keystore": file}
        write_private(tmp_path / f"{name}.json", json.dumps(entries).encode())
    write_private(tmp_path / "passphrase", b"a passphrase\n")
    settings = NodeSettings(
        name="validator-1",
        rpc_urls=("http://127.0.0.1:1",),
        ledger="0x" + "ab" * 20,
        keys_file=tmp_path / "keys.json",
        next_keys_file=tmp_path / "next.json",
        passphrase_file=tmp_path / "passphrase",
        data_dir=tmp_path,
    )
    keys = load_keys(settings)
    assert keys.keys.attester == OLD.attester
    assert keys.other is not None
    assert keys.other.attester == NEW.attester
    with pytest.raises(PassphraseMissing):
        load_keys(settings.model_copy(update={"passphrase_file": None}))
