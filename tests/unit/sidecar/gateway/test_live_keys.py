import os
from pathlib import Path

import msgspec
import pytest
from tests.unit.core.builders import ACME, CHAT, NOW_MS, SUPPORT
from tests.unit.sidecar.networks import build_directory

from tallystick.core.facts import Account
from tallystick.sidecar.directory import NetworkDirectory
from tallystick.sidecar.gateway.caps import CapBook
from tallystick.sidecar.gateway.key_file import KeyEntry, KeyStore
from tallystick.sidecar.gateway.live_keys import KeyDefaults, LiveKeys

HELPDESK = KeyEntry(name="helpdesk", project="acme/support/chat")
DEFAULTS = KeyDefaults(records_users=True, when_unreachable="admit", admit_bound_ucr=50)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def open_keys(path: Path, directory: NetworkDirectory | None = None) -> LiveKeys:
    caps = CapBook(path.with_name("caps.json"), 1, lambda: NOW_MS)
    return LiveKeys(path, directory or build_directory(), ACME, DEFAULTS, caps.make)


def create(path: Path, entry: KeyEntry = HELPDESK) -> str:
    secret = KeyStore(path).create(entry)
    assert secret is not None
    return secret


def test_key_is_not_found_when_there_is_no_file(path: Path) -> None:
    assert open_keys(path).find("tsk_whatever") is None


@pytest.mark.parametrize("secret", ["", "tsk_", "x" * 10_000, "\udcff", "tsk_\x00"])
def test_key_is_not_found_when_the_secret_is_another(path: Path, secret: str) -> None:
    create(path)
    assert open_keys(path).find(secret) is None


def test_key_says_whom_it_bills(path: Path) -> None:
    entry = msgspec.structs.replace(
        HELPDESK, models=("gpt-4o",), user="ada", is_experiment=True, step=7
    )
    secret = create(path, entry)
    key = open_keys(path).find(secret)
    assert key is not None
    assert (key.name, key.project, key.organisation) == ("helpdesk", CHAT, "acme")
    assert key.models == frozenset({"gpt-4o"})
    assert (key.user, key.is_experiment, key.step) == ("ada", True, 7)


def test_key_takes_the_gateways_word_where_it_has_none(path: Path) -> None:
    plain = create(path)
    strict = create(
        path,
        msgspec.structs.replace(
            HELPDESK, name="strict", when_unreachable="deny", admit_bound_ucr=0
        ),
    )
    keys = open_keys(path)
    loose_key, strict_key = keys.find(plain), keys.find(strict)
    assert loose_key is not None
    assert strict_key is not None
    assert (loose_key.when_unreachable, loose_key.admit_bound_ucr) == ("admit", 50)
    assert (strict_key.when_unreachable, strict_key.admit_bound_ucr) == ("deny", 0)
    assert loose_key.records_users


def test_key_made_later_counts_at_once_and_until_it_is_revoked(path: Path) -> None:
    keys = open_keys(path)
    secret = create(path)
    assert keys.find(secret) is not None
    assert keys.projects() == [CHAT]
    KeyStore(path).revoke("helpdesk")
    keys.refresh()
    assert keys.find(secret) is None


def test_keys_stay_when_the_file_cannot_be_read(path: Path) -> None:
    secret = create(path)
    keys = open_keys(path)
    path.write_text("{half a file")
    keys.refresh()
    assert keys.find(secret) is not None
    assert keys.find("tsk_unknown") is None


def test_key_is_not_found_when_nothing_can_be_billed_to_its_project(path: Path) -> None:
    shut = Account(SUPPORT, ACME, "support", "0xac", active=False, from_ms=NOW_MS)
    closed = create(path)
    foreign = create(path, msgspec.structs.replace(HELPDESK, name="f", project="rival/search"))
    unknown = create(path, msgspec.structs.replace(HELPDESK, name="u", project="acme/none"))
    keys = open_keys(path, build_directory(shut))
    assert [keys.find(secret) for secret in (closed, foreign, unknown)] == [None] * 3
    assert len(keys) == 0


def test_key_is_found_when_its_project_has_come_to_be(path: Path) -> None:
    secret = create(path, msgspec.structs.replace(HELPDESK, project="acme/new"))
    directory = build_directory()
    keys = open_keys(path, directory)
    assert keys.find(secret) is None
    directory.learn([Account(9, ACME, "new", "0xac", active=True, from_ms=0)])
    keys.refresh()
    assert keys.find(secret) is not None


def test_cap_goes_on_counting_when_keys_are_refreshed(path: Path) -> None:
    secret = create(path, msgspec.structs.replace(HELPDESK, cap_ucr=1_000))
    keys = open_keys(path)
    before = keys.find(secret)
    assert before is not None
    os.utime(path)
    keys.refresh()
    after = keys.find(secret)
    assert after is not None
    assert len(after.caps) == 1
    assert after.caps[0] is before.caps[0]
