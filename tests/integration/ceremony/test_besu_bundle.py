"""A rehearsal's bundle as the command writes it, and what a compose client says to its file."""

import json
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.integration.cli.program import Program

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[3]
COMPOSE = "TALLYSTICK_COMPOSE"
"""A compose client of version 2 that is neither `docker compose` nor `docker-compose`."""
INIT = ("network", "init", "--engine", "besu", "--out", "network")
FOREIGN_READERS = {"grafana_password", "blockscout_key", "blockscout_db_password"}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> tuple[Program, Path, Any]:
    """A bundle of four members, with the command's answer."""
    program = Program(tmp_path_factory.mktemp("operator"))
    document = program.ask(*INIT, "--validators", "4")
    return program, program.folder / "network", document


def list_files(root: Path) -> Iterator[Path]:
    return (path for path in root.rglob("*") if path.is_file())


def read_all(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in list_files(root)}


def test_bundle_answers_with_its_members(bundle: tuple[Program, Path, Any]) -> None:
    _, root, document = bundle
    assert document["created"] is True
    assert [one["name"] for one in document["validators"]] == [
        f"validator-{n}" for n in range(1, 5)
    ]
    assert (
        document["chain_id"]
        == json.loads((root / "besu" / "shared" / "genesis.json").read_text())["config"]["chainId"]
    )
    assert document["compose"] == "network/docker-compose.yml"


def test_bundle_keeps_every_key_when_repeated(bundle: tuple[Program, Path, Any]) -> None:
    program, root, _ = bundle
    before = read_all(root)
    assert program.ask(*INIT, "--validators", "4")["created"] is False
    assert read_all(root) == before


def test_bundle_refuses_another_size(bundle: tuple[Program, Path, Any]) -> None:
    program, root, _ = bundle
    before = read_all(root)
    answer = program.run(*INIT, "--validators", "5", "--json")
    assert (answer.exit_code, answer.document["code"]) == (2, "network_exists")
    assert read_all(root) == before


def test_secrets_are_their_owners_alone(bundle: tuple[Program, Path, Any]) -> None:
    _, root, _ = bundle
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    assert stat.S_IMODE((root / "secrets").stat().st_mode) == 0o700
    keys = [*root.glob("keys/*"), *root.glob("besu/*/key"), *root.glob("members/*/keys/**/*.json")]
    assert len(keys) >= 3 + 4 + 4 * 4
    for path in (
        *keys,
        root / "secrets" / "token",
        root / "secrets" / "passphrase",
        root / "tokens.json",
    ):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_members_keys_are_encrypted(bundle: tuple[Program, Path, Any]) -> None:
    _, root, _ = bundle
    for member in ("validator-1", "validator-4"):
        home = root / "members" / member / "keys"
        for path in (*(home / member).glob("*.json"), home / "seat.key"):
            assert json.loads(path.read_text())["crypto"]["kdf"] == "scrypt"


def test_secrets_stand_in_no_file_of_the_bundle_but_their_own(
    bundle: tuple[Program, Path, Any],
) -> None:
    _, root, document = bundle
    own = {path.name: path.read_text().strip() for path in (root / "secrets").iterdir()}
    assert own["prometheus_token"] == own["token"]
    assert len(set(own.values())) == len(own) - 1
    for name, content in read_all(root).items():
        if not name.startswith("secrets/") and name != "tokens.json":
            assert not [secret for secret in own.values() if secret.encode() in content], name
    assert not [secret for secret in own.values() if secret in json.dumps(document)]


def test_everything_that_containers_mount_exists(bundle: tuple[Program, Path, Any]) -> None:
    _, root, _ = bundle
    compose = yaml.safe_load((root / "docker-compose.yml").read_text())
    volumes = [
        one for service in compose["services"].values() for one in service.get("volumes", ())
    ]
    sources = {one["source"] for one in volumes if isinstance(one, dict)}
    sources |= {secret["file"] for secret in compose["secrets"].values()}
    ours = [source for source in sources if source.startswith("./network")]
    assert len(ours) > 15
    assert not [source for source in ours if not (root.parent / source).exists()]
    theirs = [source for source in sources if not source.startswith("./network")]
    assert not [source for source in theirs if not (ROOT / source).exists()]


def test_what_containers_of_other_users_mount_is_readable_to_them(
    bundle: tuple[Program, Path, Any],
) -> None:
    _, root, _ = bundle
    folder = root / "monitoring" / "targets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    paths = [*folder.iterdir(), root / "explorer.conf", root / "secrets" / "prometheus_token"]
    for path in (*paths, *(root / "secrets" / name for name in FOREIGN_READERS)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o644, path


def test_bundle_is_in_no_git(bundle: tuple[Program, Path, Any]) -> None:
    program, _, _ = bundle
    git = ["git", "-C", str(program.folder)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    done = subprocess.run([*git, "status", "--porcelain"], check=True, capture_output=True)
    assert done.stdout == b""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--validators", "3"), "members_too_few"),
        ((), "usage_invalid"),
        (("--validators", "4", "--card", "a.card.json"), "usage_invalid"),
        (("--validators", "4", "--allow", "0x12"), "usage_invalid"),
        (("--card", "missing.card.json"), "card_invalid"),
    ],
)
def test_init_refuses_by_code(tmp_path: Path, words: tuple[str, ...], code: str) -> None:
    answer = Program(tmp_path, in_process=True).run(*INIT, *words, "--json")
    assert (answer.exit_code, answer.document["code"]) == (2, code)
    assert not (tmp_path / "network" / "keys").exists()


def find_compose() -> list[str] | None:
    """The words that start a compose client of version 2 or later, None where there is none."""
    named = os.environ.get(COMPOSE)
    candidates = [[named]] if named else [["docker", "compose"], ["docker-compose"]]
    for words in candidates:
        if shutil.which(words[0]) is None:
            continue
        done = subprocess.run([*words, "version", "--short"], capture_output=True, text=True)  # noqa: PLW1510
        if done.returncode == 0 and not done.stdout.startswith("1."):
            return words
    return None


def test_compose_client_accepts_the_file(bundle: tuple[Program, Path, Any]) -> None:
    words = find_compose()
    if words is None:
        pytest.skip(f"NO COMPOSE CLIENT here (version 2; {COMPOSE} names one): file not checked")
    _, root, _ = bundle
    file = ["-f", str(root / "docker-compose.yml"), "--project-directory", str(root.parent)]
    profiles = ["--profile", "blockscout", "--profile", "cli"]
    done = subprocess.run(
        [*words, *file, *profiles, "config", "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    resolved = json.loads(done.stdout)["services"]
    ports = [port for service in resolved.values() for port in service.get("ports", ())]
    assert {port["host_ip"] for port in ports} == {"127.0.0.1"}
    assert resolved["besu-1"]["networks"]["network"]["ipv4_address"] == "10.76.0.11"
    assert (
        resolved["node-1"]["depends_on"]["found"]["condition"] == "service_completed_successfully"
    )
