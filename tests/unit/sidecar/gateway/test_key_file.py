import stat
from pathlib import Path

import msgspec
import pytest

from tallystick.sidecar.errors import ConfigInvalid, KeyExists, KeyNameUnknown
from tallystick.sidecar.gateway.key_file import KeyEntry, KeyStore, create_secret, hash_secret

HELPDESK = KeyEntry(name="helpdesk", project="acme/support/chat", created_at_ms=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gateway" / "keys.json"


@pytest.mark.parametrize("name", ["", "a b", "a/b", "-x", "a" * 65, "key\n", "schlüssel"])
def test_key_is_refused_when_its_name_fits_no_log(path: Path, name: str) -> None:
    with pytest.raises(ConfigInvalid):
        KeyStore(path).create(msgspec.structs.replace(HELPDESK, name=name))


def test_key_is_refused_when_one_of_its_name_is_another(path: Path) -> None:
    store = KeyStore(path)
    store.create(HELPDESK)
    for other in ({"project": "acme/sales"}, {"cap_ucr": 5}, {"models": ("gpt-4o",)}, {"step": 3}):
        with pytest.raises(KeyExists):
            store.create(msgspec.structs.replace(HELPDESK, **other))


def test_key_is_made_once_when_it_is_repeated(path: Path) -> None:
    store = KeyStore(path)
    assert store.create(HELPDESK) is not None
    before = path.read_bytes()
    assert store.create(msgspec.structs.replace(HELPDESK, created_at_ms=99)) is None
    assert path.read_bytes() == before


def test_key_file_holds_the_hash_and_not_the_secret(path: Path) -> None:
    secret = KeyStore(path).create(HELPDESK)
    assert secret is not None
    assert secret not in path.read_text()
    assert secret.removeprefix("tsk_") not in path.read_text()
    assert KeyStore(path).list()[0].hash == hash_secret(secret)


def test_key_file_is_its_owners_alone(path: Path) -> None:
    KeyStore(path).create(HELPDESK)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_secrets_differ_and_carry_256_bits() -> None:
    found = {create_secret() for _ in range(100)}
    assert len(found) == 100
    assert {len(secret) for secret in found} == {len("tsk_") + 52}


def test_hash_takes_whatever_a_header_held() -> None:
    assert hash_secret("\udcff\ud800") != hash_secret("")


def test_revoke_names_the_nearest_when_there_is_no_such_key(path: Path) -> None:
    store = KeyStore(path)
    with pytest.raises(KeyNameUnknown):
        store.revoke("helpdesk")
    store.create(HELPDESK)
    with pytest.raises(KeyNameUnknown) as refusal:
        store.revoke("helpdsk")
    assert refusal.value.nearest == ["helpdesk"]


def test_revoke_deletes_one_key_and_no_other(path: Path) -> None:
    store = KeyStore(path)
    store.create(HELPDESK)
    store.create(msgspec.structs.replace(HELPDESK, name="batch"))
    assert store.revoke("helpdesk").name == "helpdesk"
    assert [key.name for key in store.list()] == ["batch"]
