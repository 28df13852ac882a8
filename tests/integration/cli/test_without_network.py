"""What the program says before there is a network, and when one cannot be started."""

import socket
from pathlib import Path

import pytest
from tests.integration.cli.program import Program

pytestmark = pytest.mark.integration


@pytest.fixture
def empty(tmp_path: Path) -> Program:
    return Program(tmp_path, in_process=True)


@pytest.mark.parametrize("words", [["usage"], ["account", "list"], ["verify"], ["budget", "show"]])
def test_command_exits_3_when_there_is_no_network(empty: Program, words: list[str]) -> None:
    answer = empty.run(*words, "--json")
    assert answer.exit_code == 3
    assert answer.document["code"] == "not_running"
    assert not list(empty.folder.iterdir())


def test_status_says_that_nothing_runs(empty: Program) -> None:
    answer = empty.run("--json", "status")
    assert (answer.exit_code, answer.document) == (3, {"running": False})


def test_down_is_done_when_nothing_runs(empty: Program) -> None:
    assert empty.run("down").exit_code == 0


def test_up_is_refused_when_its_port_is_in_use(empty: Program) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        answer = empty.run("up", "--detach", "--port", str(port), "--json")
    assert answer.exit_code == 2
    assert answer.document["code"] == "port_in_use"
    assert answer.document["actual"] == port
    assert not empty.read_pids()


def test_up_is_refused_when_anvil_is_missing(
    empty: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALLYSTICK_ANVIL", "/nowhere/anvil")
    answer = empty.run("up", "--json")
    assert answer.exit_code == 2
    assert answer.document["code"] == "program_missing"
    assert "make setup" in answer.document["expected"]


def test_up_names_the_log_when_the_chain_does_not_start(
    empty: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALLYSTICK_ANVIL", "/bin/true")
    answer = empty.run("up", "--json")
    assert answer.exit_code == 1
    assert answer.document["code"] == "start_failed"
    assert "anvil.log" in answer.document["actual"]
    assert not empty.read_pids()


def test_verify_exits_75_when_the_chain_cannot_be_reached(empty: Program) -> None:
    answer = empty.run(
        "verify", "--rpc", "http://127.0.0.1:9", "--ledger", f"0x{'11' * 20}", "--json"
    )
    assert answer.exit_code == 75
    assert answer.document["code"] == "chain_unreachable"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["usge"], "usage_invalid"),
        (["usage", "--by", "planet"], "usage_invalid"),
        (["usage", "--since", "yesterday"], "time_invalid"),
        (["budget", "set", "acme"], "usage_invalid"),
        (["budget", "set", "acme", "--limit", "1.0000001"], "amount_invalid"),
        (["budget", "set", "acme", "--soft", "80"], "share_invalid"),
        (["budget", "set", "acme", "--period", "fortnight"], "period_invalid"),
        (["grant", "acme", "12,8"], "amount_invalid"),
        (["replay", "x.csv", "--format", "csv", "-c", "time"], "assignment_invalid"),
    ],
)
def test_words_that_make_no_sense_exit_2(empty: Program, words: list[str], code: str) -> None:
    answer = empty.run("--json", *words)
    assert answer.exit_code == 2
    assert answer.document["code"] == code
