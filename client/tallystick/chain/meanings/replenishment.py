"""Outcomes, epochs, experiments and plans: their errors in words."""

from __future__ import annotations

from typing import Final

from tallystick.chain.errors import (
    AlreadyExists,
    FundsInsufficient,
    NotAuthorised,
    NotFound,
    ValueRefused,
)
from tallystick.chain.meanings.meaning import Meaning, Meanings

MEANINGS: Final[Meanings] = {
    "KindInvalid": Meaning(ValueRefused, "this is no id of a kind", "1 to 16", "{kind}"),
    "KindUnknown": Meaning(NotFound, "no kind {kind} is in force in epoch {epoch}"),
    "AttributionTooLong": Meaning(
        ValueRefused, "the attribution window is too long", "at most {limitS} s", "{attributionS}"
    ),
    "EpochTooEarly": Meaning(
        ValueRefused,
        "a kind would change for an epoch that has begun, or before an announced change",
        "epoch {earliestEpoch} or later",
        "{fromEpoch}",
    ),
    "NotAnOrganisation": Meaning(ValueRefused, "account {account} is no organisation"),
    "PoolFull": Meaning(ValueRefused, "the pool of confirmers is full", "at most {limit}"),
    "ConfirmerTaken": Meaning(AlreadyExists, "{confirmer} confirms for account {account} already"),
    "NotASource": Meaning(
        NotAuthorised,
        "{caller} is no source of kind {kind} for organisation {organisation}",
    ),
    "EpochNotBegun": Meaning(
        ValueRefused, "the epoch has not begun", "epoch {current} at most", "{epoch}"
    ),
    "AttributionClosed": Meaning(
        ValueRefused,
        "outcomes of kind {kind} no longer come in for epoch {epoch}",
        "before {closedAtS} (Unix seconds)",
    ),
    "EpochClosedAlready": Meaning(ValueRefused, "epoch {epoch} is closed for project {project}"),
    "AlreadyReported": Meaning(
        AlreadyExists, "kind {kind} of project {project} was reported for epoch {epoch} already"
    ),
    "StatusInvalid": Meaning(
        ValueRefused,
        "the outcome is in another state"
        " (1 reported, 2 confirmed, 3 disputed, 4 reinstated, 0 none)",
        "{expected}",
        "{actual}",
    ),
    "NotTheConfirmer": Meaning(
        NotAuthorised, "another party was drawn to confirm this", "{confirmer}", "{caller}"
    ),
    "AlreadyEnrolled": Meaning(AlreadyExists, "project {project} is enrolled already"),
    "EnrolmentAllowanceExceeded": Meaning(
        FundsInsufficient,
        "the organisation's enrolment allowance does not cover the first grant",
        "at most {leftUcr} ucr",
        "{amountUcr}",
    ),
    "TermsInvalid": Meaning(
        ValueRefused, "a term of replenishment lies outside its hard bounds", actual="{name}"
    ),
    "PageTooLarge": Meaning(
        ValueRefused, "too many projects for one call", "at most {limit}", "{projects}"
    ),
    "EpochNotEnded": Meaning(
        ValueRefused, "epoch {epoch} has not ended", "after {endsAtS} (Unix seconds)"
    ),
    "NothingToClose": Meaning(
        ValueRefused,
        "epoch {epoch} cannot be closed for any of these projects"
        " (1 not enrolled, 2 closed already, 3 an earlier epoch is open,"
        " 4 its windows are open, 5 an outcome waits to be confirmed)",
        actual="{why} for project {project}",
    ),
    "NotClosed": Meaning(ValueRefused, "epoch {epoch} is not closed for project {project}"),
    "NotACut": Meaning(
        ValueRefused,
        "project {project} was not cut in epoch {epoch}",
        "a grant below {baseUcr} ucr",
        "{grantUcr}",
    ),
    "ProtectionInvalid": Meaning(
        ValueRefused,
        "an experiment protects too few or too many epochs",
        "1 to {limit}",
        "{protectedEpochs}",
    ),
    "ExperimentOpen": Meaning(
        AlreadyExists, "project {project} has an open experiment", actual="id {experiment}"
    ),
    "TooSoonAfterExperiment": Meaning(
        ValueRefused,
        "project {project} waits as many epochs as its last experiment protected",
        "epoch {earliestEpoch} or later",
    ),
    "ExperimentUnknown": Meaning(NotFound, "no experiment has this id", actual="{experiment}"),
    "ExperimentOver": Meaning(ValueRefused, "the experiment is over", actual="id {experiment}"),
    "PlanInvalid": Meaning(
        ValueRefused,
        "a plan is credits for money, or neither",
        actual="{creditsUcr} ucr for {priceCents} cents",
    ),
    "PlanUnknown": Meaning(NotFound, "project {project} has no plan"),
    "InvoiceHashMissing": Meaning(ValueRefused, "an invoice needs a hash"),
    "InvoiceKnown": Meaning(
        AlreadyExists, "this invoice was reported already", actual="for project {project}"
    ),
    "InvoiceUnknown": Meaning(NotFound, "no invoice has this hash", actual="{invoiceHash}"),
    "InvoiceConfirmedAlready": Meaning(AlreadyExists, "this invoice was confirmed already"),
    "ConfirmerNotIndependent": Meaning(
        NotAuthorised,
        "{caller} reported the invoice or controls project {project}: somebody else confirms it",
    ),
    "InvoiceCapExceeded": Meaning(
        FundsInsufficient,
        "the organisation's invoices reach their cap in this epoch",
        "at most {leftUcr} ucr",
        "{amountUcr}",
    ),
}
