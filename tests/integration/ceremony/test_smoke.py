"""scripts/smoke-compose against validators that ask for a token, on a development chain.

What it says of permissions and peers cannot be seen here: that chain takes everybody.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.cli.program import Program

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "smoke-compose"
TOKEN = "a-token-of-this-test"
USE = "time,project,in_fresh\n2026-01-01T00:00:00,acme/web,9\n"
COLUMNS = "time=time,project=project,in_fresh=in_fresh"
PASSED_OVER = {"peers", "stranger refused", "monitoring"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program in a folder whose validators ask for the token; commands there bring it."""
    folder = tmp_path_factory.mktemp("guarded")
    write_private(folder / "token", TOKEN)
    program = Program(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TALLYSTICK_NODE_TOKEN_FILE", str(folder / "token"))
        started = program.run("up", "--detach")
        assert started.exit_code == 0, started
    write_private(tokens_of(program), json.dumps({f"validator-{n}": TOKEN for n in range(1, 5)}))
    yield program
    assert program.run("down", "--purge").exit_code == 0


def write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def tokens_of(program: Program) -> Path:
    return program.folder / ".tallystick" / "tokens.json"


def smoke(program: Program, *words: str) -> tuple[int, dict[str, Any]]:
    """The script's exit code, and what it found by check."""
    network = program.ask("status")
    validators = [word for one in network["validators"] for word in ("--validator", one["url"])]
    command = f"{sys.executable} -m tallystick.cli.main --dir {program.folder / '.tallystick'}"
    fixed = [network["rpc_url"], "--no-prometheus", "--json", "--command", command]
    done = subprocess.run(
        [SCRIPT, *fixed, *validators, *words], capture_output=True, text=True, check=False
    )
    findings = json.loads(done.stdout)["checks"]
    return done.returncode, {one["check"]: one for one in findings}


def test_smoke_passes_over_a_network_that_serves(guarded: Program) -> None:
    exit_code, found = smoke(guarded, "--token-file", str(guarded.folder / "token"))
    assert not [one for one in found.values() if not one["ok"]]
    assert (exit_code, len(found)) == (0, 9)
    over = {name for name, one in found.items() if one["detail"].startswith("passed over")}
    assert over == PASSED_OVER


def test_smoke_fails_by_name_where_a_validator_is_down(guarded: Program) -> None:
    words = ("--validator", "http://127.0.0.1:1", "--patience", "1")
    exit_code, found = smoke(guarded, "--token-file", str(guarded.folder / "token"), *words)
    failed = {name for name, one in found.items() if not one["ok"]}
    assert exit_code == 1
    assert {"ready", "validators agree"} <= failed
    assert failed.isdisjoint({"one chain", "settling", "verified"})


def test_use_settles_without_token_and_is_read_with_it(guarded: Program) -> None:
    held = tokens_of(guarded).read_text()
    tokens_of(guarded).unlink()
    (guarded.folder / "use.csv").write_text(USE)
    options = ("--format", "csv", "--columns", COLUMNS, "--default", "resource=gpt-4o")
    replayed = guarded.ask("replay", "use.csv", *options, "--create")
    assert (replayed["settled"], replayed["quarantined"]) == (1, 0)
    refused = guarded.run("usage", "--json")
    assert (refused.exit_code, refused.document["code"]) == (2, "node_refused")
    assert "asks for its token" in refused.document["message"]
    write_private(tokens_of(guarded), held)
    assert guarded.ask("usage")[0]["records"] >= 1
