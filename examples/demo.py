"""A whole network on this machine, metering, settling and proving two production traces.

The traces (examples/traces) say when a request came and how many tokens it took, and nothing else:
which project, user and model each of them belongs to is simulated here. In a terminal the network
serves until Ctrl-C; elsewhere it is stopped at the end. Nothing is left running either way.
"""

from __future__ import annotations

import csv
import json
import random
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from second_act import SecondAct

from tallystick.cli.alerts import FIELDS as ALERT_FIELDS
from tallystick.cli.app import quiet_logs
from tallystick.cli.render import Table, format_table
from tallystick.cli.usage import create_table
from tallystick.cli.values import format_share, format_time
from tallystick.client import BudgetChange, Client, Period, PeriodKind, ReplayOptions, UsageQuery
from tallystick.client.replay import ReplayReport
from tallystick.client.status import StatusView
from tallystick.core.errors import TallystickError
from tallystick.core.units import format_credits, parse_credits

TRACES = Path(__file__).parent / "traces"
SEED = 2023
USERS = 40
INDEX_POLL_S = 0.05
INTERRUPTED = 130


@dataclass(frozen=True)
class Project:
    """A project of the demo: its share of a trace, and what it may spend in credits."""

    path: str
    trace: str
    resource: str
    share: int
    grant: str
    limit: str | None


PROJECTS = (
    Project("acme/support/chat", "conv", "gpt-4o", 45, "2k", "2k"),
    Project("acme/support/email", "conv", "gpt-4o", 20, "1k", None),
    Project("acme/marketing/copy", "conv", "gpt-4o", 20, "900", "900"),
    Project("acme/marketing/social", "conv", "gpt-4o", 15, "300", "300"),
    Project("acme/engineering/assistant", "code", "claude-3.5-sonnet", 60, "2k", "2k"),
    Project("acme/engineering/review", "code", "llama-3.1-405b", 40, "500", "500"),
)
SOFT_PPM = 800_000


def main() -> int:
    """The demo, from an empty folder to a verdict; the last line printed is one JSON object."""
    for ending in (signal.SIGTERM, signal.SIGHUP):  # told to stop, or the terminal was closed
        signal.signal(ending, _interrupt)
    quiet_logs()
    with tempfile.TemporaryDirectory(prefix="tallystick-demo-") as folder:
        network = Path(folder) / "network"
        try:
            return run_demo(network, Path(folder))
        except TallystickError as error:
            print(f"{error.code}: {error}", file=sys.stderr)
            return error.exit_code
        except KeyboardInterrupt:
            return INTERRUPTED
        finally:
            Client.down(network)


def run_demo(network: Path, work: Path) -> int:
    """Starts the network, uses it, and shows what came of it.

    Args:
        network: the network's folder, made here.
        work: where prepared files may lie.
    """
    say("Starting a chain, its contracts and four validators")
    began_s = time.monotonic()
    with Client.up(network) as client:
        say(f"  up after {time.monotonic() - began_s:.1f} s")
        open_projects(client)
        say("Replaying 28,185 requests; projects, users and models are simulated")
        began_s = time.monotonic()
        reports = replay_traces(client, work)
        seconds = time.monotonic() - began_s
        show_usage(client)
        show_budgets(client)
        show_alerts(client)
        records = sum(report.records for report in reports)
        first = wait_indexed(client, records)
        second_act = SecondAct(client, network).play()
        verdict = client.verify()
        status = client.status()
        say(f"\nVerified from the chain alone: {'yes' if verdict.is_verified else 'NO'}")
        say(f"  {verdict.records:,} records, {verdict.batches} batches, block {verdict.block}")
        say(f"  tallystick verify --rpc {status.rpc_url} --ledger {status.ledger}")
        say(f"Explorer: {status.explorer_url}")
        summary = {
            "records": records,
            "settled": sum(report.settled for report in reports),
            "quarantined": sum(report.quarantined for report in reports),
            "batches": first.batches,
            "gas_per_record": -(-first.gas_used // records),
            "seconds": round(seconds, 3),
            "records_per_s": int(records / seconds),
            **second_act,
            "verified": verdict.is_verified,
        }
        serves = sys.stdout.isatty()
        if serves:
            say("Serving until Ctrl-C")
        print(json.dumps(summary), flush=True)
        if serves:
            Event().wait()
    return 0 if verdict.is_verified else 1


def open_projects(client: Client) -> None:
    """The projects exist, with credits and limits."""
    say("Opening organisation acme: three teams, six projects")
    for project in PROJECTS:
        client.create_account(project.path)
        client.grant(project.path, parse_credits(project.grant), key=f"demo {project.path}")
        if project.limit is not None:
            client.set_budget(
                project.path,
                BudgetChange(
                    limit_ucr=parse_credits(project.limit),
                    period=Period(PeriodKind.MONTH),
                    soft_ppm=SOFT_PPM,
                ),
            )


def replay_traces(client: Client, work: Path) -> list[ReplayReport]:
    """Both traces have settled; they run side by side, each through a meter of its own."""

    def replay(trace: str) -> ReplayReport:
        options = ReplayOptions(
            format="azure-llm",
            columns={"project": "project", "user": "user", "resource": "resource"},
        )
        return client.replay(simulate(trace, work), options)

    with ThreadPoolExecutor() as pool:
        reports = list(pool.map(replay, ("conv", "code")))
    for report in reports:
        say(
            f"  {report.meter}: {report.settled:,} settled for"
            f" {format_credits(report.cost_ucr, places=2)} credits,"
            f" {report.quarantined} quarantined"
        )
    return reports


def wait_indexed(client: Client, records: int) -> StatusView:
    """The network's figures once a node's index, which follows the chain, shows all records."""
    while (status := client.status()).records_settled + status.records_quarantined < records:
        time.sleep(INDEX_POLL_S)
    return status


def simulate(trace: str, work: Path) -> Path:
    """A copy of a trace whose requests belong to somebody."""
    chance = random.Random(f"{SEED} {trace}")  # noqa: S311 - a simulation
    projects = [project for project in PROJECTS if project.trace == trace]
    shares = [project.share for project in projects]
    prepared = work / f"{trace}.csv"
    with (
        (TRACES / f"azure_llm_2023_{trace}.csv").open(newline="") as source,
        prepared.open("w", newline="") as target,
    ):
        rows, writer = csv.reader(source), csv.writer(target)
        writer.writerow([*next(rows), "project", "resource", "user"])
        for row in rows:
            project = chance.choices(projects, shares)[0]
            user = f"user-{chance.randrange(USERS):02d}"
            writer.writerow([*row, project.path, project.resource, user])
    return prepared


def show_usage(client: Client) -> None:
    """Who used what."""
    by = ("account", "resource")
    say("\nUsage\n" + format_table(create_table(by, client.usage(UsageQuery(by=by)))))


def show_budgets(client: Client) -> None:
    """What is left."""
    columns = ("account", "spent", "limit", "soft", "balance", "overdraft", "remaining", "frozen")
    rows = [
        [
            budget.path,
            format_credits(budget.spent, places=2),
            "none" if budget.limit is None else format_credits(budget.limit, places=2),
            format_share(budget.soft_ppm) if budget.soft_ppm else "-",
            format_credits(budget.balance, places=2),
            format_credits(budget.overdraft, places=2),
            format_credits(budget.remaining, places=2),
            budget.frozen_why or "no",
        ]
        for budget in client.budgets()
    ]
    right = frozenset(columns[1:7])
    say("\nBudgets\n" + format_table(Table(columns, rows, right=right)))


def show_alerts(client: Client) -> None:
    """What somebody should look at."""
    rows = [
        [
            format_time(alert["time"]),
            alert["kind"],
            alert["account"] or "-",
            f"{alert['value']:,}",
            f"{alert['threshold']:,}",
            str(alert["block"]),
        ]
        for alert in client.alerts()
    ]
    right = frozenset(ALERT_FIELDS[3:])
    say("\nAlerts\n" + format_table(Table(ALERT_FIELDS, rows, right=right)))


def say(text: str) -> None:
    """A line for whoever watches."""
    print(text, flush=True)


def _interrupt(*_: object) -> None:
    """SIGTERM ends what Ctrl-C ends."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
