"""Every list that has a page: what it is for, in words, and what it shows."""

from __future__ import annotations

from typing import Final

from tallystick_node.explorer.tables import (
    PROJECT,
    STATE,
    TIME,
    Column,
    Listing,
    amount,
    number,
    text,
)

_GIVES: Final = Column("Gives", "given", "give")
_WANTS: Final = Column("For", "wanted", "want")
_PROVIDER: Final = Column("Provider", "provider", "provider")
_UNTIL: Final = Column("Until", "when", "until_s")

LEASES: Final = Listing(
    "leases",
    "Leases",
    (
        TIME,
        PROJECT,
        Column("Meter", "meter", "meter"),
        amount("Amount", "amount_ucr"),
        amount("Left", "left_ucr"),
        Column("Admits until", "when", "admit_until_s", "wide"),
        amount("Returned", "returned_ucr", "wide"),
        STATE,
    ),
    "No credits are set aside.",
    "Credits of a project set aside for one meter until a time, so that calls can be admitted"
    " from memory. What settles draws a lease down;"
    " what is left returns when the meter is done or its time is over.",
    ("open", "ending", "lapsed", "extended", "released"),
)
EPOCHS: Final = Listing(
    "epochs",
    "Epochs",
    (
        Column("Epoch", "epoch", "epoch", "num"),
        PROJECT,
        Column("Value / credits", "velocity", "", "num"),
        amount("Base", "base_ucr", "wide"),
        amount("Grant", "grant_ucr"),
        Column("Restored", "amount", "restored_grant_ucr", "num wide"),
        Column("", "epoch_marks"),
    ),
    "No epoch has been closed.",
    "What each project achieved and spent, and the grant that followed. Velocity is the pair of"
    " value and credits; the ratio beside"
    " it only helps reading. Below the low mark a grant shrinks and a review opens.",
)
CUTS: Final = Listing(
    "epoch-cuts",
    "Cut, not closed yet",
    (Column("Epoch", "epoch", "epoch", "num"), PROJECT, amount("Spent", "credits_ucr"), TIME),
    "Every cut epoch is closed.",
)
TERMS: Final = Listing(
    "replenishment-terms",
    "Terms",
    (
        text("From epoch", "from_epoch", "num"),
        Column("Low mark", "usd", "low_uusd", "num"),
        Column("High mark", "usd", "high_uusd", "num"),
        Column("Growth", "percent", "growth_ppm", "num"),
        Column("Cut", "percent", "cut_ppm", "num"),
        amount("Least spend", "min_spend_ucr", "wide"),
        Column("Exploration", "percent", "exploration_ppm", "num wide"),
    ),
    "No terms are known.",
)
ENROLMENTS: Final = Listing(
    "enrolments",
    "Enrolled",
    (
        PROJECT,
        text("From epoch", "first_epoch", "num"),
        amount("First grant", "first_grant_ucr"),
        text("Closed up to", "last_closed_epoch", "num wide"),
    ),
    "No project is enrolled.",
)
OUTCOMES: Final = Listing(
    "outcomes",
    "Outcomes",
    (
        TIME,
        PROJECT,
        Column("Epoch", "epoch", "epoch", "num"),
        text("Kind", "kind_name"),
        number("Amount", "amount", "wide"),
        Column("Value", "usd", "value_uusd", "num"),
        Column("Confirmed by", "account", "confirmed_by", "wide"),
        STATE,
    ),
    "No outcome has been reported.",
    "What projects achieved, reported by sources and confirmed by a party outside the team. A"
    " disputed outcome counts nothing"
    " unless an appeal reinstates it.",
    ("reported", "confirmed", "disputed", "reinstated"),
)
KINDS: Final = Listing(
    "outcome-kinds",
    "Kinds",
    (
        number("Kind", "kind"),
        text("Name", "name"),
        Column("Value of one", "usd", "uusd_per_unit", "num"),
        Column("Reported within", "seconds", "attribution_s", "num"),
        text("From epoch", "from_epoch", "num"),
    ),
    "No kinds are known.",
)
CONFIRMERS: Final = Listing(
    "confirmers",
    "Who confirms",
    (Column("Account", "account", "account"), Column("Address", "hash", "confirmer")),
    "Nobody confirms.",
)
REVIEWS: Final = Listing(
    "reviews",
    "Reviews",
    (
        TIME,
        PROJECT,
        Column("Epoch", "epoch", "epoch", "num"),
        Column("Value / credits", "velocity", "", "num"),
        amount("Base", "base_ucr", "wide"),
        amount("Grant", "grant_ucr"),
        Column("Appeal", "appeal", "appeal"),
        STATE,
    ),
    "No project is under review.",
    "Projects whose velocity fell below the low mark. A cut can be appealed; seats of other"
    " organisations decide.",
    ("open", "ended"),
)
EXPERIMENTS: Final = Listing(
    "experiments",
    "Experiments",
    (
        number("Id", "experiment"),
        PROJECT,
        Column("Protects epochs", "epochs", "", "num"),
        amount("Funded", "funded_ucr"),
        amount("Returned", "returned_ucr", "wide"),
        Column("Hypothesis", "hash", "hypothesis_commitment", "wide"),
        STATE,
    ),
    "No experiment has been registered.",
    "Paid for by the exploration pool, spent first, and protected from cuts for as many epochs"
    " as they say.",
    ("open", "ended"),
)
PLANS: Final = Listing(
    "plans",
    "Plans",
    (
        PROJECT,
        amount("Credits", "credits_ucr"),
        Column("For", "cents", "price_cents", "num"),
        Column("Paid so far", "cents", "paid_cents", "num wide"),
        amount("Minted so far", "minted_ucr"),
    ),
    "No client has a plan.",
    "So many credits for so much money, one plan per client project. A paid invoice, confirmed"
    " by somebody else, mints them.",
)
INVOICES: Final = Listing(
    "invoices",
    "Invoices",
    (
        TIME,
        PROJECT,
        Column("Invoice", "hash", "invoice_hash", "wide"),
        Column("Paid", "cents", "paid_cents", "num"),
        amount("Credits", "credits_ucr"),
        STATE,
    ),
    "No invoice has been reported.",
    states=("reported", "confirmed"),
)
OFFERS: Final = Listing(
    "offers",
    "Offers",
    (
        Column("Offer", "offer", "offer"),
        Column("By", "account", "account"),
        _GIVES,
        _WANTS,
        amount("Left", "left_ucr"),
        number("Fills", "fills", "wide"),
        Column("Expires", "when", "expires_at_s", "wide"),
        STATE,
    ),
    "Nobody offers credits.",
    "Credits in escrow against other credits. An offer is taken in whole or in part, always at"
    " its price or better.",
    ("open", "lapsed", "filled", "cancelled", "expired"),
)
TAKES: Final = Listing(
    "takes",
    "Taken",
    (
        TIME,
        Column("Offer", "offer", "offer"),
        Column("Taker", "account", "taker"),
        _GIVES,
        _WANTS,
        amount("Left", "left_ucr", "wide"),
        Column("", "same_organisation"),
    ),
    "Nothing has been taken.",
)
QUOTES: Final = Listing(
    "quotes",
    "Quotes",
    (
        TIME,
        Column("Maker", "account", "maker"),
        Column("Taker", "account", "taker"),
        _GIVES,
        _WANTS,
        STATE,
        Column("", "same_organisation"),
    ),
    "No quote has been filled.",
    "Signed offers to one named party. A quote without a price is a gift.",
    ("filled", "cancelled"),
)
PROVIDERS: Final = Listing(
    "providers",
    "Providers",
    (
        _PROVIDER,
        Column("Rate", "rate", "rate_ppm", "num"),
        Column("Announced", "rate", "queued_ppm", "num wide"),
        amount("Inventory", "inventory_ucr"),
        amount("Converted", "converted_ucr", "wide"),
        amount("Being redeemed", "pending_ucr", "wide"),
        amount("Per day", "daily_ucr", "wide"),
    ),
    "No provider is registered.",
    "Who honours credits in compute. Credits convert at the worse of the rate in force and the"
    " one announced, from what the provider deposited.",
)
DEPOSITS: Final = Listing(
    "deposits",
    "Deposits",
    (
        TIME,
        _PROVIDER,
        amount("Amount", "amount_ucr"),
        amount("Inventory then", "inventory_ucr"),
        Column("Receipt", "hash", "receipt_hash", "wide"),
    ),
    "Nothing has been deposited.",
)
CONVERSIONS: Final = Listing(
    "conversions",
    "Conversions",
    (
        TIME,
        Column("Account", "account", "account"),
        _PROVIDER,
        amount("Credits", "credits_ucr"),
        amount("Got", "out_ucr"),
        Column("Rate", "rate", "rate_ppm", "num wide"),
    ),
    "Nothing has been converted.",
    "General credits turned into a provider's. The credits are burned, the provider's come from"
    " its inventory.",
)
REDEMPTIONS: Final = Listing(
    "redemptions",
    "Redemptions",
    (
        number("Id", "redemption"),
        TIME,
        Column("Account", "account", "account"),
        _PROVIDER,
        amount("Amount", "amount_ucr"),
        Column("Answered", "when", "ended_at_s", "wide"),
        STATE,
    ),
    "Nothing has been redeemed.",
    "Provider credits handed in for compute. A provider that keeps silent for seven days loses"
    " them back to the account.",
    ("pending", "overdue", "acknowledged", "reclaimed"),
)
INDEX: Final = Listing(
    "index-epochs",
    "Price index",
    (
        text("Class", "index_class"),
        number("Epoch", "epoch"),
        Column("Raw", "ppm", "raw_ppm", "num"),
        Column("Index", "ppm", "clamped_ppm", "num"),
        Column("Gap", "gap", "gap_ppm", "num"),
        Column("Reports", "reports", "", "num wide"),
        Column("In force from", "moment", "from_ms", "wide"),
        STATE,
    ),
    "No epoch has been closed.",
    "What hardware costs outside, by class: the median of the validators' reports, moved by at"
    " most 15 % an epoch. The gap says how far the"
    " index is behind the median.",
    ("closed", "clamped", "held", "refused"),
)
REPORTS: Final = Listing(
    "index-reports",
    "Reports",
    (
        TIME,
        text("Class", "index_class"),
        number("Epoch", "epoch"),
        text("Validator", "validator"),
        Column("Value", "ppm", "value_ppm", "num"),
        Column("Spread", "percent", "spread_ppm", "num wide"),
        number("Venues", "venues", "wide"),
    ),
    "No validator has reported.",
)
PROPOSALS: Final = Listing(
    "proposals",
    "Proposals",
    (
        TIME,
        Column("Proposal", "proposal", "proposal_id"),
        Column("Changes", "calls", "calls", "wide"),
        Column("For / against", "ballot", "", "num"),
        Column("Votes until", "when", "vote_end", "wide"),
        STATE,
    ),
    "Nothing has been proposed.",
    "What members vote on: multipliers, tariffs, marks, sets, rules, pools. A carried proposal"
    " is queued, and executed by anyone after its delay.",
)
VOTES: Final = Listing(
    "votes",
    "Votes",
    (
        TIME,
        Column("Voter", "hash", "voter"),
        Column("For", "account", "organisation"),
        STATE,
        text("Reason", "reason", "wide"),
    ),
    "Nobody has voted.",
)
APPEALS: Final = Listing(
    "appeals",
    "Appeals",
    (
        Column("Appeal", "appeal", "appeal"),
        TIME,
        Column("Of", "appealed", "kind"),
        Column("Account", "account", "account"),
        Column("For / against", "ballot", "", "num"),
        Column("Votes until", "when", "closes_at_s", "wide"),
        STATE,
    ),
    "Nobody has appealed.",
    "A cut, a freeze or a disputed outcome can be appealed. Seats of other organisations vote;"
    " an upheld appeal is put right in the same transaction.",
    ("open", "voted", "upheld", "rejected"),
)
APPEAL_VOTES: Final = Listing(
    "appeal-votes",
    "Votes",
    (
        TIME,
        Column("Seat", "hash", "holder"),
        Column("For", "account", "organisation"),
        Column("Vote", "upheld", "is_upheld"),
    ),
    "Nobody has voted.",
)
SEATS: Final = Listing(
    "seats",
    "Seats",
    (
        Column("Holder", "hash", "holder"),
        Column("Speaks for", "account", "organisation"),
        Column("Since", "when", "time_s"),
        Column("Until", "when", "revoked_at_s", "wide"),
        STATE,
    ),
    "Nobody holds a seat.",
    "One seat is one vote. Seats belong to organisations and cannot be transferred or lent.",
    ("held", "revoked"),
)
CLOSURES: Final = Listing(
    "closures",
    "Closed contracts",
    (
        TIME,
        Column("Contract", "contract", "contract"),
        Column("By", "hash", "guardian", "wide"),
        _UNTIL,
        STATE,
    ),
    "No contract has been closed.",
)
FREEZES: Final = Listing(
    "freezes",
    "Frozen meters",
    (
        TIME,
        Column("Meter", "meter", "meter"),
        Column("Why", "freeze", "why"),
        _UNTIL,
        Column("Proof", "hash", "proof_hash", "wide"),
    ),
    "No meter has been frozen.",
)
SUSPENSIONS: Final = Listing(
    "suspensions",
    "Suspended keys",
    (
        TIME,
        text("Validator", "validator"),
        Column("Key", "hash", "attester", "wide"),
        _UNTIL,
        STATE,
    ),
    "No key has been suspended.",
)
CORRECTIONS: Final = Listing(
    "corrections",
    "Corrections",
    (
        TIME,
        Column("", "correction", "kind"),
        Column("Record", "corrected", "seq"),
        PROJECT,
        amount("Cost", "cost_ucr", "wide"),
        amount("Released", "released_ucr"),
        amount("Credited", "credited_ucr"),
    ),
    "Nothing has been corrected.",
    "Entries of their own: what has settled stays as it is. A quarantined record is charged"
    " after all, once; credits are given back for a settled one,"
    " once and at most its cost.",
)
