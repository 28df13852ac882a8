"""Who may do what, and what exists: their errors in words."""

from __future__ import annotations

from typing import Final

from tallystick.chain.errors import AlreadyExists, NotAuthorised, NotFound
from tallystick.chain.meanings.meaning import Meaning, Meanings

MEANINGS: Final[Meanings] = {
    # Authority
    "NotAuthorised": Meaning(NotAuthorised, "{caller} has no authority over account {account}"),
    "AccessManagedUnauthorized": Meaning(NotAuthorised, "{caller} lacks the role this needs"),
    "AccessManagedRequiredDelay": Meaning(
        NotAuthorised, "{caller} may do this only scheduled ahead", "a delay of {delay} s"
    ),
    "AccessManagerUnauthorizedAccount": Meaning(
        NotAuthorised, "{msgsender} lacks a role of the network", "role {roleId}"
    ),
    "SenderNotRegistered": Meaning(
        NotAuthorised, "{sender} is no sending key of the validators in force"
    ),
    "MovesThroughBudgetsOnly": Meaning(NotAuthorised, "credits move through Budgets only"),
    # What does not exist
    "AccountUnknown": Meaning(NotFound, "no account has this id", actual="{id}"),
    "MeterUnknown": Meaning(NotFound, "no meter has this id", actual="{id}"),
    "ResourceUnknown": Meaning(NotFound, "no resource has this id", actual="{id}"),
    "RulesUnknown": Meaning(NotFound, "no rules have this version", actual="{version}"),
    "VersionUnknown": Meaning(NotFound, "no validator set has this version", actual="{version}"),
    "RatesUnknown": Meaning(NotFound, "resource {resource} has no rates at that time"),
    # What exists
    "NameTaken": Meaning(AlreadyExists, "the name {name} is taken", actual="id {id}"),
    "RatesKnown": Meaning(
        AlreadyExists, "resource {resource} has rates already; only a vote changes them"
    ),
    "KeyUsed": Meaning(AlreadyExists, "this was done already under the same key"),
    "AlreadyOpen": Meaning(AlreadyExists, "this was opened already"),
}
