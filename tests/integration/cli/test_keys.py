"""Encrypted keys on the command line: they sign once their passphrase is there."""

from pathlib import Path

import pytest
from tests.integration.cli.program import Program

from tallystick.chain.keys import write_private

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

PASSPHRASE = "correct horse battery"
VARIABLE = "TALLYSTICK_PASSPHRASE_FILE"


@pytest.fixture
def passphrase_file(program: Program) -> Path:
    path = program.folder / "passphrase"
    if not path.exists():
        write_private(path, f"{PASSPHRASE}\n".encode())
    return path


def find_refusal(program: Program, *words: str) -> str:
    """Why the command was refused."""
    answer = program.run(*words, "--json")
    assert answer.exit_code == 2, answer
    assert "guessed" not in answer.stdout + answer.stderr
    return str(answer.document["code"])


def test_imported_key_signs_with_its_passphrase_and_not_without(
    program: Program, passphrase_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = program.folder / ".tallystick" / "keys"
    words = ("key", "import", "kept", str(keys / "registrar.key"), "--encrypted")
    assert find_refusal(program, *words) == "passphrase_missing"

    monkeypatch.setenv(VARIABLE, str(passphrase_file))
    taken = program.ask(*words)
    assert taken == {"name": "kept", "address": taken["address"], "created": True}
    assert program.ask(*words)["created"] is False
    assert (keys / "registrar.key").read_text().strip() not in (keys / "kept.key").read_text()
    program.ask("account", "create", "acme", "--as", "kept")

    monkeypatch.delenv(VARIABLE)
    listed = {entry["name"]: entry for entry in program.ask("key", "list")}
    assert listed["kept"]["encrypted"] is True
    assert listed["kept"]["address"] == listed["registrar"]["address"]
    assert (
        find_refusal(program, "account", "create", "other", "--as", "kept") == "passphrase_missing"
    )
    wrong = program.folder / "wrong"
    write_private(wrong, b"guessed wrongly\n")
    monkeypatch.setenv(VARIABLE, str(wrong))
    assert find_refusal(program, "account", "create", "other", "--as", "kept") == "passphrase_wrong"


def test_encrypted_key_is_made_once(
    program: Program, passphrase_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(passphrase_file))
    made = program.ask("key", "create", "confirmer-1", "--encrypted")
    again = program.ask("key", "create", "confirmer-1", "--encrypted")
    assert (made["created"], again["created"]) == (True, False)
    assert made["address"] == again["address"]
    path = program.folder / ".tallystick" / "keys" / "confirmer-1.key"
    assert path.read_text().startswith("{")
    assert find_refusal(program, "key", "import", "registrar", str(path)) == "key_exists"
