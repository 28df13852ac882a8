"""The economy from the command line, noun by noun. One network serves the whole file.

Tests run in the order in which they stand: the network's clock only goes forward.
"""

import json
from typing import Any

import pytest
from tests.integration.cli.program import Program

pytestmark = [pytest.mark.integration, pytest.mark.slow]

CHAT, LAB, DESK = "acme/support/chat", "acme/research/lab", "globex/audit/desk"
RULES = f"""
gpu_multipliers: {{h100: 2.1}}
tariff: {{gpt-4o: {{w_in: 90_000}}}}
epochs: {{min_spend: 0}}
enrolment_allowance: {{acme: 10_000}}
confirmers: {{{DESK}: confirmer-1}}
invoices: {{acme: {{confirmer: confirmer-1, cap_per_epoch: 100k}}}}
providers: {{openai: {{key: provider-openai, rate: 0.9, daily: 1k, daily_per_organisation: 500}}}}
leases: {{ttl: 20m}}
"""


def vote_through(program: Program, text: str, title: str) -> Any:  # noqa: ANN401 - JSON
    (program.folder / "rules.yaml").write_text(text)
    proposed = program.ask("gov", "propose", "rules.yaml", "--title", title)
    number = str(proposed["proposal"]["number"])
    program.ask("clock", "forward", "5s")
    program.ask("gov", "vote", number, "for")
    program.ask("clock", "forward", "2m")
    assert program.ask("gov", "queue", number)["state"] == "queued"
    program.ask("clock", "forward", "5s")
    assert program.ask("gov", "execute", number)["state"] == "executed"
    return proposed


def settle(program: Program, project: str, calls: int) -> Any:  # noqa: ANN401 - JSON
    """Calls of a project are settled; gives the replay's report."""
    lines = [json.dumps({"t": 1_795_305_600_000 + place, "in": 40_000}) for place in range(calls)]
    path = program.folder / f"{project.replace('/', '-')}.jsonl"
    path.write_text("\n".join(lines))
    words = ("--format", "jsonl", "-c", "time=t", "-c", "in_fresh=in", "--resource", "gpt-4o")
    return program.ask("replay", path.name, *words, "--project", project)


@pytest.fixture(scope="module")
def governed(program: Program) -> Program:
    """A network whose seats have let two organisations and a provider take part."""
    for path in (CHAT, LAB, DESK):
        program.ask("account", "create", path)
    for name in ("confirmer-1", "provider-openai"):
        assert program.ask("key", "create", name)["created"]
    program.ask("grant", CHAT, "1_000")
    program.ask("grant", LAB, "1_000")
    vote_through(program, RULES, "Begin")
    return program


def test_proposal_shows_what_it_changed_and_what_a_call_costs_then(governed: Program) -> None:
    shown = governed.ask("gov", "show", "1")
    changes = {change["parameter"]: change for change in shown["changes"]}
    weight = changes["tariff.gpt-4o.w_in"]
    assert (weight["before"], weight["after"], weight["unit"]) == (100_000, 90_000, "ncr")
    factor = changes["tariff.h100.gpu_multiplier"]
    assert (factor["before"], factor["after"]) == (2_000_000, 2_100_000)
    call = changes["tariff.gpt-4o: a call of 8,000 tokens in and 500 out"]
    assert call["before"] - call["after"] == 80_000
    assert {vote["support"] for vote in shown["votes"]} == {"for"}
    rates = governed.ask("tariff", "show")["resources"]
    assert rates["gpt-4o"]["w_in"] == 90_000


def test_proposal_is_one_when_it_is_made_twice(governed: Program) -> None:
    (governed.folder / "two.yaml").write_text("leases: {share: 5%}")
    first = governed.ask("gov", "propose", "two.yaml", "--title", "Twice")
    again = governed.ask("gov", "propose", "two.yaml", "--title", "Twice")
    assert [first["created"], again["created"]] == [True, False]
    assert first["proposal"]["number"] == again["proposal"]["number"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("tarif: {gpt-4o: {w_in: 1}}", "tariff"),
        ("tariff: {gpt-4o: {w_inn: 1}}", "w_in"),
        ("gpu_multipliers: {h100: fast}", "2.1"),
        ("leases: {share: 5%}\nleases: {share: 6%}", None),
    ],
)
def test_proposal_is_refused_when_it_names_what_there_is_not(
    governed: Program, text: str, named: str | None
) -> None:
    answer = governed.run("gov", "propose", "-", "--dry-run", "--json", stdin=text)
    assert (answer.exit_code, answer.document["code"]) == (2, "proposal_invalid")
    assert named is None or named in answer.document["expected"]


def test_budget_keeps_what_is_not_named(governed: Program) -> None:
    words = ("--limit", "500", "--period", "month", "--carry-over", "25%", "--rate", "100/1h")
    governed.ask("budget", "set", LAB, *words)
    budget = governed.ask("budget", "set", LAB, "--soft", "50%")
    assert (budget["limit"], budget["soft"]) == (500_000_000, 250_000_000)
    assert (budget["carry_over_ppm"], budget["rate_left"]) == (250_000, 100_000_000)
    budget = governed.ask("budget", "set", LAB, "--limit", "none", "--rate", "none")
    assert (budget["limit"], budget.get("rate")) == (None, None)


def test_increase_waits_where_the_votes_said_so(governed: Program) -> None:
    limits = 6
    text = "calls: [{{contract: AccessManager, function: grantRole, args: [{0}, registrar, {1}]}}]"
    governed.ask("budget", "set", CHAT, "--limit", "500")
    vote_through(governed, text.format(limits, 3_600), "Increases wait an hour")
    words = ("budget", "set", CHAT, "--limit", "600", "--json")
    answers = [governed.run(*words) for _ in range(2)]
    assert [answer.exit_code for answer in answers] == [75, 75]
    assert {answer.document["code"] for answer in answers} == {"increase_scheduled"}
    assert governed.ask("budget", "set", CHAT, "--limit", "400")["limit"] == 400_000_000
    governed.ask("clock", "forward", "61m")
    assert governed.ask(*words[:-1])["limit"] == 600_000_000


def test_lease_is_opened_extended_and_shown(governed: Program) -> None:
    governed.ask("meter", "register", "gw", "--account", "acme")
    lease = governed.ask("lease", "open", CHAT, "gw", "20", "--for", "10m")
    assert (lease["open"], lease["left_ucr"], lease["changed"]) == (True, 20_000_000, True)
    assert not governed.ask("lease", "open", CHAT, "acme/gw", "20")["changed"]
    assert governed.ask("lease", "extend", CHAT, "gw", "5")["left_ucr"] == 25_000_000
    assert governed.ask("budget", "show", CHAT)["leased"] == 25_000_000
    assert governed.ask("lease", "list", "--state", "open")[0]["project"] == CHAT
    refused = governed.run("lease", "extend", CHAT, "gw", "900", "--json")
    assert (refused.exit_code, refused.document["code"]) == (2, "funds_insufficient")


def test_meter_is_frozen_resumed_and_gets_a_new_key(governed: Program) -> None:
    assert governed.ask("meter", "freeze", "gw")["frozen"]
    assert not governed.ask("meter", "freeze", "gw")["changed"]
    assert not governed.ask("meter", "resume", "gw")["frozen"]
    assert governed.ask("meter", "rotate", "gw")["key_index"] == 1


def test_provider_credits_are_deposited_converted_and_redeemed(governed: Program) -> None:
    first = governed.ask("provider", "deposit", "openai", "800", "--receipt", "batch-1")
    again = governed.ask("provider", "deposit", "openai", "800", "--receipt", "batch-1")
    assert [first["done_before"], again["done_before"]] == [False, True]
    assert governed.ask("convert", CHAT, "openai", "100")["got_ucr"] == 90_000_000
    words = ("redeem", CHAT, "openai", "20", "--reference", "order-1")
    redemption = governed.ask(*words)
    assert governed.ask(*words)["id"] == redemption["id"]
    done = governed.ask("provider", "acknowledge", str(redemption["id"]), "--receipt", "used")
    assert done["state"] == "acknowledged"
    assert governed.ask("provider", "list")[0]["inventory_ucr"] == 710_000_000
    assert [row["state"] for row in governed.ask("provider", "redemptions")] == ["acknowledged"]


def test_offer_is_taken_in_part_and_cancelled(governed: Program) -> None:
    words = ("swap", "offer", CHAT, "--give", "50:provider:openai", "--want", "60", "--min", "10")
    offer = governed.ask(*words)
    assert (offer["created"], governed.ask(*words)["created"]) == (True, False)
    taken = governed.ask("swap", "take", str(offer["id"]), LAB, "--amount", "20")
    assert (taken["paid_ucr"], taken["left_ucr"]) == (24_000_000, 30_000_000)
    assert governed.ask("swap", "list", "--taken")[0]["is_same_organisation"] is True
    assert not governed.ask("swap", "cancel", str(offer["id"]))["open"]
    assert governed.ask("swap", "list") == []


def test_any_call_can_be_proposed_and_is_shown_as_code(governed: Program) -> None:
    text = """
    calls:
      - contract: Registry
        function: setResource
        args: [1, [16777215, 1, 1, 1, 1000000], true, 0]
    """
    words = ("gov", "propose", "-", "--dry-run", "--json")
    answer = governed.run(*words, stdin=text)
    assert answer.exit_code == 0, answer
    shown = {change["parameter"]: change["after"] for change in answer.document["changes"]}
    assert shown["Registry.setResource.active"] is True
    assert "16777215" in shown["Registry.setResource.bounds"]


def test_quote_is_filled_once(governed: Program) -> None:
    words = ("swap", "rfq", "make", LAB, DESK, "--give", "10", "--want", "0", "-o", "gift.json")
    governed.ask(*words)
    assert governed.ask("swap", "rfq", "fill", "gift.json")["created"]
    assert not governed.ask("swap", "rfq", "fill", "gift.json")["created"]
    assert governed.ask("budget", "show", DESK)["balance"] == 10_000_000


def test_paid_invoice_brings_plan_credits_once(governed: Program) -> None:
    governed.ask("plan", "set", CHAT, "5_000", "$200")
    reported = governed.ask("invoice", "report", CHAT, "2026-1", "$100")
    assert (reported["credits_ucr"], reported["confirmed"]) == (2_500_000_000, False)
    governed.ask("invoice", "confirm", "2026-1")
    assert governed.ask("invoice", "confirm", "2026-1")["done_before"]
    assert governed.ask("plan", "list")[0]["minted_ucr"] == 2_500_000_000


def test_index_moves_when_enough_validators_reported(governed: Program) -> None:
    reports = governed.ask("index", "report", "h100", "1.05")
    assert [report["done_before"] for report in reports] == [False] * 4
    governed.ask("clock", "forward", "24h")
    closed = governed.ask("index", "close", "h100")
    assert (closed["state"], closed["raw_ppm"], closed["clamped_ppm"]) == (
        "closed",
        1_050_000,
        1_050_000,
    )
    assert governed.ask("index", "close", "h100")["state"] == "closed before"
    assert governed.ask("index", "show", "h100")["history"][0]["raw_ppm"] == 1_050_000


def test_leaked_key_is_suspended_and_resumed(governed: Program) -> None:
    suspended = governed.ask("validator", "suspend", "validator-4", "--for", "1d")
    assert suspended["suspended_until"] is not None
    assert governed.ask("validator", "resume", "validator-4")["suspended_until"] is None


def test_experiment_is_opened_once_and_ended(governed: Program) -> None:
    words = ("experiment", "open", CHAT, "--epochs", "1", "--hypothesis", "shorter prompts")
    opened = governed.ask(*words)
    assert governed.ask(*words)["id"] == opened["id"]
    assert opened["hypothesis"] == "shorter prompts"
    assert not governed.ask("experiment", "end", CHAT, "--result", "half")["open"]
    assert governed.ask("experiment", "list")["experiments"][0]["result"] == "half"


def test_record_is_credited_once_up_to_its_cost(governed: Program) -> None:
    report = settle(governed, LAB, 20)
    cost_ucr = report["cost_ucr"] // 20
    before_ucr = governed.ask("budget", "show", LAB)["balance"]
    words = ("adjust", report["meter"], str(report["first_seq"]))
    dear = governed.run(*words, "900", "--json")
    assert dear.exit_code == 2
    assert not governed.ask(*words, "1", "--reason", "failed upstream")["done_before"]
    assert governed.ask(*words, "1", "--reason", "failed upstream")["done_before"]
    assert governed.ask("budget", "show", LAB)["balance"] == before_ucr + 1_000_000
    assert cost_ucr > 1_000_000


def test_quarantined_record_is_listed_and_released_once_it_has_a_price(governed: Program) -> None:
    (governed.folder / "odd.csv").write_text("t,in\n1795305600000,5\n")
    words = ("replay", "odd.csv", "--format", "csv", "--columns", "time=t,in_fresh=in")
    report = governed.ask(*words, "--project", LAB, "--resource", "ghost", "--create")
    rows = governed.ask("quarantine", "list", "--under", "acme")
    assert [(row["meter"], row["reason"]) for row in rows] == [
        (report["meter"], "resource_inactive")
    ]
    release = ("quarantine", "release", report["meter"], str(report["first_seq"]))
    refused = governed.run(*release, "--json")
    assert (refused.exit_code, refused.document["code"]) == (2, "node_refused")
    vote_through(governed, "tariff: {ghost: {w_in: 1_000_000}}", "The ghost has a price")
    released = governed.ask(*release)
    assert (released["amount_ucr"], released["done_before"]) == (5_000, False)
    assert governed.ask(*release)["done_before"]
    assert governed.ask("quarantine", "list", "--under", "acme") == []


def test_epoch_grows_one_project_and_an_appeal_restores_the_other(governed: Program) -> None:
    for project in (CHAT, LAB):
        assert governed.ask("epoch", "enrol", project, "100")["created"]
    settle(governed, CHAT, 20)
    settle(governed, LAB, 21)
    governed.ask("outcome", "source", "acme", "revenue", "registrar")
    governed.ask("outcome", "report", CHAT, "revenue", "$50")
    assert governed.ask("outcome", "confirm", CHAT, "revenue")["status"] == "confirmed"
    governed.ask("outcome", "report", LAB, "revenue", "$60")
    disputed = governed.ask("outcome", "dispute", LAB, "revenue", "--reason", "counted twice")
    assert disputed["status"] == "disputed"
    epoch = str(disputed["epoch"])
    governed.ask("clock", "forward", "7d")
    assert set(governed.ask("epoch", "cut", epoch)["done"]) == {CHAT, LAB}
    assert set(governed.ask("epoch", "close", epoch)["open"].values()) == {"window_open"}
    governed.ask("clock", "forward", "5d")
    closed = governed.ask("epoch", "close", epoch)
    assert set(closed["done"]) == {CHAT, LAB}
    grants = {one["project"]: one for one in closed["projects"]}
    assert grants[CHAT]["grant_ucr"] > grants[CHAT]["base_ucr"]
    assert grants[LAB]["grant_ucr"] < grants[LAB]["base_ucr"]
    assert grants[LAB]["reviewed"]
    words = ("appeal", "file", "cut", LAB, "--epoch", epoch, "--reason", "a migration")
    appeal = governed.ask(*words)
    assert governed.ask(*words)["id"] == appeal["id"]
    number = str(appeal["id"])
    votes = governed.ask("appeal", "vote", number, "uphold")["votes"]
    assert [vote["upheld"] for vote in votes] == [True] * 4
    governed.ask("clock", "forward", "3d")
    assert governed.ask("appeal", "resolve", number)["state"] == "upheld"
    restored = {one["project"]: one for one in governed.ask("epoch", "show", epoch)}[LAB]
    assert (restored["restored"], restored["grant_ucr"]) == (True, restored["base_ucr"])
    assert governed.ask("epoch", "list")[-1]["reviews"] == 1


def test_everything_that_was_done_verifies(governed: Program) -> None:
    assert governed.ask("verify")["verified"]
