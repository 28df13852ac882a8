"""A user's day: accounts, credits, replays, questions, proof. One network serves the whole file."""

import csv
import gzip
import json
import stat
from collections import Counter
from pathlib import Path

import pytest
from tests.integration.cli.program import Program

pytestmark = [pytest.mark.integration, pytest.mark.slow]

TRACE = Path("examples/traces/azure_llm_2023_conv.csv").resolve()
RESOURCES = ("gpt-4o", "claude-3.5-sonnet", "llama-3.1-70b")
RATE_BY_FIELD = {"ContextTokens": "w_in", "GeneratedTokens": "w_out"}
ROWS = 2_000


def write_trace(path: Path, rows: int) -> list[dict[str, str]]:
    """A part of the trace, billed to three projects, and its rows."""
    with TRACE.open(newline="") as source:
        taken = [row for _, row in zip(range(rows), csv.DictReader(source), strict=False)]
    for place, row in enumerate(taken):
        row["project"] = f"team{place % 2}/p{place % 3}"
        row["model"] = RESOURCES[place % len(RESOURCES)]
        row["user"] = f"user-{place % 7}"
    with path.open("w", newline="") as target:
        writer = csv.DictWriter(target, fieldnames=list(taken[0]))
        writer.writeheader()
        writer.writerows(taken)
    return taken


def compute_cost_ucr(row: dict[str, str], rates: dict[str, int]) -> int:
    """The published formula, written down once more."""
    context = sum(int(row[column]) for column in RATE_BY_FIELD)
    cost_ncr = sum(int(row[column]) * rates[rate] for column, rate in RATE_BY_FIELD.items())
    cost_ncr += rates["mci_base"] + rates["mci_quad"] * (context // 1_000) ** 2
    return -(-cost_ncr // 1_000)


REPLAY_OPTIONS = (
    "--format",
    "azure-llm",
    "--columns",
    "project=project,resource=model,user=user",
    "--project-prefix",
    "acme",
    "--create",
)


@pytest.fixture(scope="module")
def replayed(program: Program) -> list[dict[str, str]]:
    """The rows of a trace that has settled."""
    rows = write_trace(program.folder / "trace.csv", ROWS)
    report = program.ask("replay", "trace.csv", *REPLAY_OPTIONS)
    assert report["rows"] == report["records"] == report["sent"] == report["settled"] == ROWS
    assert report["quarantined"] == 0
    assert report["time_unit"] == "iso"
    assert (report["first_seq"], report["last_seq"]) == (0, ROWS - 1)
    return rows


def test_up_is_refused_when_it_is_running(program: Program) -> None:
    answer = program.run("up", "--json")
    assert answer.exit_code == 2
    assert answer.document["code"] == "already_running"
    assert answer.document["actual"].count("http://127.0.0.1:") == 5


def test_usage_equals_a_recomputation_from_trace_and_tariff(
    program: Program, replayed: list[dict[str, str]]
) -> None:
    tariff = program.ask("tariff", "show")["resources"]
    expected: Counter[tuple[str, str]] = Counter()
    for row in replayed:
        cost_ucr = compute_cost_ucr(row, tariff[row["model"]])
        expected[f"acme/{row['project']}", row["model"]] += cost_ucr
    found = {
        (row["project"], row["resource"]): row["cost_ucr"]
        for row in program.ask("usage", "--by", "project,resource")
    }
    assert found == dict(expected)


def test_usage_of_an_account_includes_all_below_it(
    program: Program, replayed: list[dict[str, str]]
) -> None:
    rows = {row["account"]: row for row in program.ask("usage", "--by", "account")}
    assert rows["acme"]["records"] == len(replayed)
    assert rows["acme"]["own_cost_ucr"] == 0
    teams = rows["acme/team0"]["cost_ucr"] + rows["acme/team1"]["cost_ucr"]
    assert rows["acme"]["cost_ucr"] == teams
    assert rows["acme"]["in_fresh"] == sum(int(row["ContextTokens"]) for row in replayed)


def test_usage_names_users_that_the_local_table_knows(
    program: Program, replayed: list[dict[str, str]]
) -> None:
    rows = program.ask("usage", "--by", "user")
    names = Counter(row["user"] for row in replayed)
    assert {row["user_name"] for row in rows} == set(names)
    assert all(len(row["user"]) == 18 and row["user"].startswith("0x") for row in rows)
    chosen = program.ask("usage", "--by", "user", "--user", "user-3")
    assert sum(row["records"] for row in chosen) == names["user-3"]
    table = program.folder / ".tallystick" / "names.json"
    assert stat.S_IMODE(table.stat().st_mode) == 0o600


def test_usage_is_empty_before_anything_was_used(
    program: Program, replayed: list[dict[str, str]]
) -> None:
    assert program.ask("usage", "--by", "day", "--until", "2020-01-01") == []


def test_replay_is_refused_when_it_was_done_before(
    program: Program, replayed: list[dict[str, str]]
) -> None:
    answer = program.run("replay", "trace.csv", *REPLAY_OPTIONS, "--json")
    assert answer.exit_code == 2
    assert answer.document["code"] == "import_finished"


def test_replay_goes_on_where_it_was_broken_off(program: Program) -> None:
    words = (
        "--format",
        "azure-llm",
        "--project",
        "acme/late/p",
        "--resource",
        "gpt-4o",
        "--create",
    )
    command = ("replay", str(TRACE), *words, "--limit", "3000")
    broken = program.run(*command, "--timeout", "0.1", "--json")
    assert (broken.exit_code, broken.document["code"]) == (75, "drain_timed_out")
    report = program.ask(*command)
    assert (report["records"], report["sent"], report["settled"]) == (3_000, 0, 3_000)
    usage = program.ask("usage", "--by", "project", "--under", "acme/late")
    assert [row["records"] for row in usage] == [3_000]


def test_replay_sends_nothing_when_a_row_is_malformed(
    program: Program, replayed: list[dict[str, str]]
) -> None:
    content = (program.folder / "trace.csv").read_text().splitlines()
    content[41] = content[41].replace(",", ",x", 1)
    before = program.ask("status")["meters"]
    words = ("replay", "-", *REPLAY_OPTIONS, "--json")
    answer = program.run(*words, stdin="\n".join(content))
    assert answer.exit_code == 2
    assert answer.document["code"] == "row_malformed"
    assert "line 42" in answer.document["message"]
    assert program.ask("status")["meters"] == before


def test_replay_reads_gzip_and_says_what_it_would_cost(program: Program) -> None:
    path = program.folder / "calls.jsonl.gz"
    lines = [{"at": 1_795_305_600_000, "hours": "0.5", "gib_s": 3} for _ in range(3)]
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    words = ("--format", "jsonl", "-c", "time=at", "-c", "compute_h=hours", "-c")
    report = program.ask(
        "replay",
        path.name,
        *words,
        "memory_gib_s=gib_s",
        *("--project", "acme/gpu/train", "--resource", "h100", "--create", "--dry-run"),
    )
    rates = program.ask("tariff", "show")["resources"]["h100"]
    assert report["cost_ucr"] == 3 * -(-(1_800_000 * rates["g"] + 3 * rates["m"]) // 1_000)
    assert (report["sent"], report["meter"]) == (0, None)
    assert "acme/gpu" not in {account["path"] for account in program.ask("account", "list")}


def test_replay_shows_quarantined_records_with_their_reason(program: Program) -> None:
    (program.folder / "odd.csv").write_text("t,in\n1795305600000,5\n1795305600001,6\n")
    words = ("replay", "odd.csv", "--format", "csv", "--columns", "time=t,in_fresh=in")
    answer = program.run(
        *words, "--project", "acme/odd/p", "--resource", "ghost", "--create", "--strict", "--json"
    )
    assert answer.exit_code == 1, answer
    assert answer.document["reasons"] == {"resource_inactive": 2}
    assert answer.document["settled"] == 0
    records = program.ask("records", "--project", "acme/odd/p")
    assert {record["reason"] for record in records} == {"resource_inactive"}
    usage = program.ask("usage", "--by", "project", "--under", "acme/odd")
    assert [(row["records"], row["quarantined"], row["cost_ucr"]) for row in usage] == [(2, 2, 0)]


def test_grant_is_done_once_under_one_key(program: Program) -> None:
    program.ask("account", "create", "globex/lab/one")
    first = program.ask("grant", "globex/lab/one", "1_000", "--id", "november")
    second = program.ask("grant", "globex/lab/one", "1k", "--id", "november")
    assert [first["done_before"], second["done_before"]] == [False, True]
    assert program.ask("budget", "show", "globex/lab/one")["balance"] == 1_000_000_000
    other = program.run("grant", "globex/lab/one", "2k", "--id", "november", "--json")
    assert (other.exit_code, other.document["code"]) == (2, "key_used_otherwise")


def test_account_has_the_same_id_when_it_is_created_again(program: Program) -> None:
    first = program.ask("account", "create", "initech/a/b")
    assert program.ask("account", "create", "initech/a/b") == first


def test_unknown_names_list_the_nearest(program: Program) -> None:
    program.ask("account", "create", "umbrella/research/virology")
    answer = program.run("budget", "show", "umbrella/reserch/virology", "--json")
    assert answer.exit_code == 2
    assert answer.document["code"] == "account_unknown"
    assert "umbrella/research/virology" in answer.document["expected"]


def test_budget_changes_only_what_is_named(program: Program) -> None:
    program.ask("account", "create", "hooli/search/web")
    program.ask("budget", "set", "hooli/search/web", "--limit", "12.8", "--period", "week")
    budget = program.ask("budget", "set", "hooli/search/web", "--soft", "50%")
    assert (budget["limit"], budget["soft"]) == (12_800_000, 6_400_000)
    assert budget["period_end"] - budget["period_start"] == 7 * 86_400_000
    budget = program.ask("budget", "set", "hooli/search/web", "--limit", "none")
    assert (budget["limit"], budget["soft"]) == (None, None)
    assert set(budget) == {
        *("path", "limit", "spent", "leased", "balance", "overdraft", "soft", "frozen"),
        *("frozen_why", "period_start", "period_end", "remaining"),
    }


def test_status_counts_what_settled(program: Program, replayed: list[dict[str, str]]) -> None:
    status = program.ask("status")
    assert status["records_settled"] >= len(replayed)
    assert [validator["alive"] for validator in status["validators"]] == [True] * 4
    assert status["gas_used"] > 0
    meter = next(meter for meter in status["meters"] if meter["name"] == "replay-acme")
    assert meter["cursor"] >= len(replayed)
    assert meter["spooled"] == 0


def test_verify_agrees_from_an_empty_folder(
    program: Program, replayed: list[dict[str, str]], tmp_path: Path
) -> None:
    status = program.ask("status")
    stranger = Program(tmp_path)
    where = ("--rpc", status["rpc_url"], "--ledger", status["ledger"])
    verdict = stranger.ask("verify", *where)
    assert verdict["verified"]
    assert verdict["records"] >= len(replayed)
    ours = program.ask("usage", "--by", "team")
    assert stranger.ask("usage", "--by", "team", *where) == ours
    assert not list(tmp_path.iterdir())
