import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from tallystick_node.errors import SettingsInvalid
from tallystick_node.keys import load_secret
from tallystick_node.settings import is_loopback, load_settings


def write_settings(folder: Path, **changes: object) -> Path:
    document = {
        "name": "validator-1",
        "rpc_urls": ["http://user:hidden@127.0.0.1:8545/hidden?token=hidden"],
        "ledger": "0x" + "ab" * 20,
        "keys_file": str(folder / "keys.json"),
        "data_dir": str(folder),
        **changes,
    }
    path = folder / "settings.json"
    path.write_text(json.dumps(document))
    return path


def write_private(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"port": 65_536},
        {"ledger": "0x12"},
        {"rpc_urls": []},
        {"unknown": 1},
        {"settle": {"validity_ms": 600_001}},
        {"host": "0.0.0.0"},  # noqa: S104 - refused is the point
        {"host": "example.org"},
    ],
)
def test_settings_are_refused_when_wrong_or_unsafe(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    with pytest.raises(SettingsInvalid):
        load_settings(write_settings(tmp_path, **changes))


@pytest.mark.parametrize("text", ["", "[]", "{", "\x00"])
def test_settings_are_refused_when_the_file_is_no_object(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    with pytest.raises(SettingsInvalid):
        load_settings(path)


def test_settings_are_refused_when_the_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid):
        load_settings(tmp_path / "settings.json")


def test_settings_allow_any_address_when_there_is_a_token(tmp_path: Path) -> None:
    path = write_settings(tmp_path, host="0.0.0.0", token_file="token")  # noqa: S104
    assert load_settings(path).token_file == Path("token")


def test_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLYSTICK_NODE_PORT", "4321")
    monkeypatch.setenv("TALLYSTICK_NODE_SETTLE__LINGER_MS", "7")
    settings = load_settings(write_settings(tmp_path, port=1234))
    assert (settings.port, settings.settle.linger_ms) == (4321, 7)


def test_settings_cannot_change(tmp_path: Path) -> None:
    settings = load_settings(write_settings(tmp_path))
    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc]


def test_printed_settings_hold_no_secret(tmp_path: Path) -> None:
    settings = load_settings(write_settings(tmp_path, webhook_url="https://hook.example/hidden"))
    printed = json.dumps(settings.redacted())
    assert "hidden" not in printed
    assert "http://127.0.0.1:8545" in printed


def test_token_is_refused_when_short(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid):
        load_secret(write_private(tmp_path / "token", "short\n"))
    token = load_secret(write_private(tmp_path / "token", "long-enough-for-a-token\n"))
    assert token == "long-enough-for-a-token"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104
        ("10.0.0.1", False),
        ("localhost.example.org", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_alone(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
