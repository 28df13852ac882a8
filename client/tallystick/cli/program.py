"""The tree of commands, of which only the branch that a command line names is imported.

Importing all of them takes longer than most commands run.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from typing import Final

import typer

from tallystick.cli.app import create_app

MODULE_BY_WORD: Final = {
    "up": "network",
    "down": "network",
    "status": "network",
    "logs": "network",
    "doctor": "network",
    "account": "account",
    "resource": "resource",
    "grant": "credit",
    "transfer": "credit",
    "budget": "budget",
    "meter": "meter",
    "gateway": "gateway",
    "collect": "collect",
    "observe": "observe",
    "replay": "replay",
    "usage": "usage",
    "records": "records",
    "details": "details",
    "person": "person",
    "alerts": "alerts",
    "tariff": "tariff",
    "lease": "lease",
    "outcome": "outcome",
    "epoch": "epoch",
    "experiment": "experiment",
    "plan": "plan",
    "invoice": "invoice",
    "appeal": "appeal",
    "swap": "swap",
    "provider": "provider",
    "convert": "provider",
    "redeem": "provider",
    "gov": "gov",
    "validator": "validator",
    "quarantine": "quarantine",
    "adjust": "adjust",
    "index": "index",
    "clock": "clock",
    "key": "key",
    "verify": "verify",
    "node": "node",
    "network": "ceremony",
}
"""Where the command of each first word lies, in the order in which help lists them."""

HELP_BY_WORD: Final = {
    "up": "Start a network here, or revive what is missing of it.",
    "down": "Stop the network and wait until nothing runs.",
    "status": "Show what runs and how far it has come.",
    "logs": "Show one validator's log or the chain's.",
    "doctor": "Check what a network on this machine needs.",
    "account": "Organisations, teams and projects.",
    "resource": "Models, variants with a price of their own, GPU types.",
    "grant": "Give an account new credits.",
    "transfer": "Move credits inside an organisation.",
    "budget": "What accounts may spend, and what is left of it.",
    "meter": "What measures use and signs it.",
    "gateway": "A gateway in front of model APIs: meters calls, caps them beforehand.",
    "collect": "GPU time of this machine, of DCGM exporters, and tokens of model servers.",
    "observe": "Passive meters: use read from mirrored requests, captures and logs.",
    "replay": "Record and settle a file of past use.",
    "usage": "Add up records, quantities and cost.",
    "records": "List single records, newest first.",
    "details": "Show what providers and devices said about records, as kept in this folder only.",
    "person": "People behind pseudonyms: known here only, and erasable.",
    "alerts": "List what somebody should look at, newest first.",
    "tariff": "What everything costs.",
    "lease": "Credits set aside for meters, so that they can admit calls beforehand.",
    "outcome": "What projects achieved: reported, confirmed, disputed.",
    "epoch": "Balances that grow with proven value, epoch by epoch.",
    "experiment": "Experiments: protected from cuts, paid from the exploration pool.",
    "plan": "Plans: N credits for $X, for a client's project.",
    "invoice": "Invoices that clients paid.",
    "appeal": "Appeals of cuts, freezes and disputed outcomes.",
    "swap": "Credits for other credits: offers for all, quotes for one.",
    "provider": "Providers whose compute credits convert into.",
    "convert": "Convert credits into a provider's; repeating it converts again.",
    "redeem": "Hand in a provider's credits for compute; the provider acknowledges it.",
    "gov": "Proposals, votes and seats.",
    "validator": "Who values and attests; joining and leaving is voted on (gov propose).",
    "quarantine": "Records that kept their place with cost 0, and their release.",
    "adjust": "Give credits back for a settled record, once and up to its cost.",
    "index": "The price index: what validators report that hardware costs.",
    "clock": "The time of a local network.",
    "key": "Keys of the folder: who can sign what from here.",
    "verify": "Recompute the whole ledger from the chain alone.",
    "node": "One validator in the foreground.",
    "network": "A network between organisations: cards, founding, members.",
}
"""What help says of each, so that asking for help imports none of them."""


def create_program(wanted: Collection[str] = tuple(MODULE_BY_WORD)) -> typer.Typer:
    """The program, its commands of the first words `wanted` imported, the others named only."""
    app = create_app(
        """Meter AI compute, value it, budget it, prove it.

        \b
        Everywhere, before or after a command:
          --dir DIR                   the network's folder (default .tallystick, or TALLYSTICK_DIR)
          --rpc URL --ledger ADDRESS  read a network without its folder
          --as NAME                   sign with this key of the folder
          --json                      one JSON document on stdout
          --yes                       do not ask
        """
    )
    added: set[str] = set()
    imported = {MODULE_BY_WORD[word] for word in wanted if word in MODULE_BY_WORD}
    for word, module in MODULE_BY_WORD.items():
        if module not in imported:
            app.command(word, help=HELP_BY_WORD[word])(_stand_in)
        elif module not in added:
            import_module(f"tallystick.cli.{module}").add_to(app)
            added.add(module)
    return app


def _stand_in() -> None:
    """Stands where a command would, for help to list."""
