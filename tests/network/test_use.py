"""A user's day on the network: what works on a laptop's chain works on one of several nodes.

Tests run in the order in which they stand, in an organisation of their own; the last one
replaces the ledger, so that files after this one find the network with another.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from tests.integration.cli.program import Program
from tests.integration.cli.test_use import compute_cost_ucr, write_trace
from tests.integration.gateway.calls import CHAT
from tests.integration.gateway.running import (
    CONFIG,
    found_project,
    run_gateway,
    wait_for_key,
    wait_for_records,
)
from tests.upstream.server import run_upstream

from tallystick.chain.abi import load_functions
from tallystick.chain.bindings import authority as roles
from tallystick.chain.calls import deployment
from tallystick.client.keys import KeyRing
from tallystick.client.wire import create_sender
from tallystick.local.folder import NetworkFile, NetworkFolder
from tallystick.local.roles import CHAIN_MANAGER, REGISTRAR

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]

ORGANISATION: Final = "use"
LAB, DESK = "use/research/lab", "use/audit/desk"
ROWS: Final = 600
AFTERWARDS: Final = 40
CREDIT_UCR: Final = 1_000_000
PATIENCE_S: Final = 120.0
RULES: Final = """
tariff: {gpt-4o: {w_in: 90_000}}
providers: {supplier: {key: provider-supplier, rate: 0.9, daily: 1k, daily_per_organisation: 500}}
"""
DEPOSIT: Final = ("provider", "deposit", "supplier", "800", "--receipt", "batch-1")
REPLAY_OPTIONS: Final = (
    *("--format", "azure-llm", "--columns", "project=project,resource=model,user=user"),
    *("--project-prefix", ORGANISATION, "--create"),
)


@pytest.fixture
def file(network: Path) -> NetworkFile:
    """What identifies the network."""
    found = NetworkFolder(network).read_network()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def member(network_program: Program) -> Program:
    """The program beside a network with an organisation of this file's own."""
    program = Program(network_program.folder, in_process=True)
    for path in (LAB, DESK):
        program.ask("account", "create", path)
        program.ask("grant", path, "1000")
    return program


@pytest.fixture(scope="module")
def replayed(member: Program) -> list[dict[str, str]]:
    """The rows of a real trace that has settled."""
    rows = write_trace(member.folder / "use.csv", ROWS)
    report = member.ask("replay", "use.csv", *REPLAY_OPTIONS)
    assert (report["records"], report["settled"], report["quarantined"]) == (ROWS, ROWS, 0)
    return rows


def test_chain_is_of_several_nodes_that_answer_alike(file: NetworkFile, member: Program) -> None:
    if file.engine == "anvil":
        pytest.skip("one process is the whole chain")
    heads = [ask_chain(url, "eth_getBlockByNumber", "0x1", False)["hash"] for url in file.rpc_urls]
    assert len(heads) == len(file.nodes) == 5
    assert len(set(heads)) == 1


def test_accounts_and_budgets_read_back(member: Program) -> None:
    assert member.ask("account", "create", LAB) == member.ask("account", "create", LAB)
    again = [member.ask("grant", DESK, "5", "--id", "once")["done_before"] for _ in range(2)]
    assert again == [False, True]
    member.ask("budget", "set", LAB, "--limit", "800", "--period", "week")
    budget = member.ask("budget", "set", LAB, "--soft", "50%")
    assert (budget["limit"], budget["soft"]) == (800 * CREDIT_UCR, 400 * CREDIT_UCR)
    assert budget["period_end"] - budget["period_start"] == 7 * 86_400_000


def test_usage_equals_a_recomputation_from_trace_and_tariff(
    member: Program, replayed: list[dict[str, str]]
) -> None:
    tariff = member.ask("tariff", "show")["resources"]
    expected: Counter[str] = Counter()
    for row in replayed:
        expected[f"use/{row['project']}"] += compute_cost_ucr(row, tariff[row["model"]])
    rows = member.ask("usage", "--by", "project", "--under", ORGANISATION)
    found = {row["project"]: row["cost_ucr"] for row in rows if row["records"]}
    assert found == dict(expected)


def test_explorer_shows_what_settled(member: Program, replayed: list[dict[str, str]]) -> None:
    explorer = member.ask("status")["explorer_url"]
    with httpx.Client(base_url=explorer, timeout=30) as http:
        for page in ("/", "/accounts", "/records", "/batches", "/validators", "/proposals"):
            answer = http.get(page, follow_redirects=True)
            assert answer.status_code == 200, (page, answer.text[:200])
        assert ORGANISATION in http.get("/accounts").text


def test_call_through_a_gateway_settles_on_its_lease(member: Program) -> None:
    member.ask("account", "create", "use/gateway")
    with run_upstream() as upstream:
        upstream.order(in_fresh=1234, out_visible=56)
        secret = found_project(member, "use/gateway/app", "500")
        config = CONFIG.replace("account: acme", f"account: {ORGANISATION}")
        (member.folder / "gateway.yaml").write_text(config.format(url=upstream.url))
        with run_gateway(member, "--config", "gateway.yaml") as gateway:
            wait_for_key(gateway, secret)
            answer = httpx.post(
                f"{gateway.url}{CHAT.path}",
                json=CHAT.body,
                headers={"authorization": f"Bearer {secret}"},
                timeout=60,
            )
            assert answer.status_code == 200, answer.text
            (record,) = wait_for_records(member, "use/gateway/app", 1)
    assert (record["in_fresh"], record["out_visible"], record["reason"]) == (1234, 56, "valued")
    assert record["cost_ucr"] == int(answer.headers["x-tallystick-cost-ucr"])


def test_proposal_is_carried_out_when_seats_vote_for_it(member: Program) -> None:
    assert member.ask("key", "create", "provider-supplier")["created"]
    before = member.ask("tariff", "show")["resources"]["gpt-4o"]["w_in"]
    vote_through(member, RULES, "A supplier, and a cheaper model")
    after = member.ask("tariff", "show")["resources"]["gpt-4o"]["w_in"]
    assert (before, after) == (100_000, 90_000)


def test_key_is_refused_with_who_can_let_it_in_when_the_managers_is_elsewhere(
    member: Program, network: Path, file: NetworkFile
) -> None:
    if file.engine == "anvil":
        pytest.skip("everybody may send on this chain")
    manager = NetworkFolder(network).role_key(CHAIN_MANAGER)
    elsewhere = manager.with_suffix(".elsewhere")
    manager.rename(elsewhere)
    try:
        refused = member.run(*DEPOSIT, "--json")
    finally:
        elsewhere.rename(manager)
    assert (refused.exit_code, refused.document["code"]) == (2, "sender_not_permitted")
    assert CHAIN_MANAGER in refused.document["expected"]


def test_key_made_later_sends_where_the_folder_holds_the_managers(
    member: Program, file: NetworkFile
) -> None:
    """Nobody let the provider's key in when the chain began, or gave it anything to pay with."""
    assert not member.ask(*DEPOSIT)["done_before"]
    addresses = {key["name"]: key["address"] for key in member.ask("key", "list")}
    key = addresses["provider-supplier"]
    assert int(ask_chain(file.rpc_urls[0], "eth_getTransactionCount", key, "latest"), 16) == 1


def test_offer_is_taken_and_paid(member: Program) -> None:
    assert member.ask("convert", LAB, "supplier", "100")["got_ucr"] == 90 * CREDIT_UCR
    offer = member.ask(
        *("swap", "offer", LAB, "--give", "50:provider:supplier", "--want", "60", "--min", "10")
    )
    taken = member.ask("swap", "take", str(offer["id"]), DESK, "--amount", "20")
    assert (taken["paid_ucr"], taken["left_ucr"]) == (24 * CREDIT_UCR, 30 * CREDIT_UCR)
    assert not member.ask("swap", "cancel", str(offer["id"]))["open"]


def test_quote_is_filled_once(member: Program) -> None:
    before = member.ask("budget", "show", DESK)["balance"]
    words = ("swap", "rfq", "make", LAB, DESK, "--give", "10", "--want", "0", "-o", "gift.json")
    member.ask(*words)
    assert member.ask("swap", "rfq", "fill", "gift.json")["created"]
    assert not member.ask("swap", "rfq", "fill", "gift.json")["created"]
    assert member.ask("budget", "show", DESK)["balance"] == before + 10 * CREDIT_UCR


def test_clock_stays_where_it_is(member: Program, file: NetworkFile) -> None:
    if file.engine == "anvil":
        pytest.skip("this chain's time can be moved")
    answer = member.run("clock", "forward", "1h", "--json")
    assert (answer.exit_code, answer.document["code"]) == (2, "clock_not_moved")


def test_logs_and_doctor_know_every_process(member: Program, file: NetworkFile) -> None:
    names = [node.name for node in file.nodes] or ["anvil"]
    assert set(names) < set(member.ask("logs"))
    if file.nodes:
        assert member.run("logs", "chain-3").stdout
    findings = {each["name"]: each for each in member.ask("doctor")["checks"]}
    assert all(name in findings["ports on 127.0.0.1"]["detail"] for name in names)


def test_up_brings_back_what_was_killed(
    member: Program, file: NetworkFile, replayed: list[dict[str, str]]
) -> None:
    victims = [file.nodes[2].name if file.nodes else "anvil", "validator-2"]
    pids = member.read_pids()
    for name in victims:
        os.kill(pids[name], signal.SIGKILL)
    if file.nodes:  # the others go on meanwhile
        member.ask("grant", DESK, "1")
        nodes = {each["name"]: each["alive"] for each in member.ask("status")["chain_nodes"]}
        assert nodes == {node.name: node.name != victims[0] for node in file.nodes}
    assert member.run("up", "--detach").exit_code == 0
    after = member.read_pids()
    assert all(after[name] != pids[name] for name in victims)
    for url in file.rpc_urls:
        assert int(ask_chain(url, "eth_blockNumber"), 16) > 0


def test_network_holds_everything_when_it_was_down(
    member: Program, replayed: list[dict[str, str]]
) -> None:
    before = member.ask("usage", "--by", "project", "--under", ORGANISATION)
    assert member.run("down").exit_code == 0
    assert member.run("status").exit_code == 3
    assert member.run("up", "--detach").exit_code == 0
    assert member.ask("usage", "--by", "project", "--under", ORGANISATION) == before
    member.ask("grant", DESK, "1")


def test_verify_agrees_from_an_empty_folder(
    file: NetworkFile, replayed: list[dict[str, str]], tmp_path: Path
) -> None:
    verdict = Program(tmp_path).ask("verify", "--rpc", file.rpc_urls[-1], "--ledger", file.ledger)
    assert verdict["verified"], verdict
    assert verdict["records"] >= len(replayed)
    assert not list(tmp_path.iterdir())


def test_vote_replaces_the_ledger_and_use_goes_on(
    member: Program,
    network: Path,
    file: NetworkFile,
    replayed: list[dict[str, str]],
    tmp_path: Path,
) -> None:
    before = member.ask("usage", "--by", "account", "--under", ORGANISATION)
    new = deploy_ledger(network, file)
    vote_through(member, describe_replacement(file.ledger, new), "Another ledger")
    assert member.ask("status")["ledger"] == new
    assert member.ask("usage", "--by", "account", "--under", ORGANISATION) == before

    write_trace(member.folder / "after.csv", AFTERWARDS)
    report = member.ask("replay", "after.csv", *REPLAY_OPTIONS)
    assert (report["settled"], report["quarantined"]) == (AFTERWARDS, 0)
    (account,) = (
        row
        for row in member.ask("usage", "--by", "account", "--under", ORGANISATION)
        if row["account"] == ORGANISATION
    )
    (earlier,) = (row for row in before if row["account"] == ORGANISATION)
    assert account["records"] == earlier["records"] + AFTERWARDS
    verdict = Program(tmp_path).ask("verify", "--rpc", file.rpc_urls[0], "--ledger", new)
    assert verdict["verified"], verdict
    assert verdict["records"] >= account["records"]


def deploy_ledger(network: Path, file: NetworkFile) -> str:
    """Another UsageLedger on the same parts; nobody has given it a role yet."""
    at = file.addresses
    parts = ("authority", "registry", "validators", "tariff", "cursors", "budgets")
    folder = NetworkFolder(network)
    sender = create_sender(folder, KeyRing(folder).load(REGISTRAR), file)
    deployed = sender.send(deployment("UsageLedger", *(at[part] for part in parts)))
    assert deployed.contract_address is not None
    return deployed.contract_address


def describe_replacement(old: str, new: str) -> str:
    """What the vote decides: the new ledger moves cursors and charges, the old one no longer."""
    settle = f"0x{load_functions('UsageLedger')['settle'].selector.hex()}"
    moves: list[tuple[str, list[Any]]] = [
        ("setTargetFunctionRole", [new, [settle], roles.PUBLIC]),
        *(("revokeRole", [role, old]) for role in (roles.LEDGER, roles.CHARGER)),
        *(("grantRole", [role, new, 0]) for role in (roles.LEDGER, roles.CHARGER)),
    ]
    calls = [
        {"contract": "AccessManager", "function": function, "args": args}
        for function, args in moves
    ]
    return json.dumps({"calls": calls})


def vote_through(program: Program, text: str, title: str) -> None:
    """The seats have decided it, in real time, and it has happened."""
    (program.folder / "rules.yaml").write_text(text)
    proposed = program.ask("gov", "propose", "rules.yaml", "--title", title)
    number = str(proposed["proposal"]["number"])
    wait_until(lambda: state_of(program, number) == "active")
    program.ask("gov", "vote", number, "for")
    wait_until(lambda: state_of(program, number) == "succeeded")
    program.ask("gov", "queue", number)
    wait_until(lambda: program.run("gov", "execute", number, "--json").exit_code == 0)
    assert state_of(program, number) == "executed"


def state_of(program: Program, number: str) -> Any:  # noqa: ANN401 - JSON
    return program.ask("gov", "show", number)["proposal"]["state"]


def wait_until(is_true: Callable[[], bool]) -> None:
    """It has become true."""
    until_s = time.monotonic() + PATIENCE_S
    while not is_true():
        assert time.monotonic() < until_s, "waited in vain"
        time.sleep(1)


def ask_chain(url: str, method: str, *params: object) -> Any:  # noqa: ANN401 - JSON
    """One chain node's own answer."""
    call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answer = httpx.post(url, json=call, timeout=30).json()
    assert "result" in answer, answer
    return answer["result"]
