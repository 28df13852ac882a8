"""Two epochs of an economy as events: leases, outcomes, grants, an appeal, swaps, votes, an index.

Event arguments are held to the ABI, so that what is tested here is what the contracts say.
"""

from __future__ import annotations

from dataclasses import astuple
from typing import Any, Final

from tests.unit.projection.builders import (
    CHAT,
    COPY,
    MAIL,
    MODEL,
    NETWORK,
    NOW_MS,
    REVIEW,
    RIVAL_SEARCH,
    VALIDATORS,
    SyntheticChain,
)

from tallystick.chain.abi import load_events, load_functions
from tallystick.core.attestation import compute_address
from tallystick.core.tariff import Rates

CREDIT: Final = 1_000_000
START_S: Final = NOW_MS // 1000
DAY_S: Final = 86_400
FAR_S: Final = START_S + 90 * DAY_S
GENERAL: Final = 1
NIMBUS: Final = 1
PROVIDER_CREDITS: Final = (2 << 32) + NIMBUS
INDEX_CLASS: Final = b"h100".ljust(32, b"\0")
HASH: Final = bytes(range(32))
PROPOSAL: Final = 2**255 + 19
HOLDERS: Final = tuple(f"0x{number:040x}" for number in (0x51, 0x52, 0x53))
TERMS: Final = (50_000, 150_000, 250_000, 250_000, CREDIT, 10_000, 100_000, DAY_S)
ATTESTERS: Final = tuple(compute_address(key.public_key) for key in VALIDATORS)

EventTuple = tuple[str, str, dict[str, Any]]


def event(contract: str, name: str, *values: object) -> EventTuple:
    """The event with these values in the order of its Solidity declaration."""
    shape = next(each for each in load_events(contract).values() if each.name == name)
    names = [argument for argument, _ in (*shape.indexed, *shape.plain)]
    assert len(names) == len(values), f"{contract}.{name} has {names}"
    return contract, name, dict(zip(names, values, strict=True))


def add_economy(chain: SyntheticChain) -> None:
    """The chain goes on with eight days of an economy."""
    for day, events in enumerate((*_begin(), *_trade(), *_vote())):
        chain.add_block(events=events, time_s=START_S + 3600 + day * DAY_S // 2)


def _begin() -> tuple[list[EventTuple], ...]:
    """Enrolment, leases, outcomes, the close of an epoch with a review, its appeal."""
    return (
        [
            event("Epochs", "TermsSet", 0, TERMS),
            event("Outcomes", "KindSet", 1, "revenue", 10_000, 7 * DAY_S, 0),
            event("Outcomes", "SourceSet", 1, 1, HOLDERS[0], True),
            event("Outcomes", "ConfirmerSet", 10, HOLDERS[2]),
            event("Epochs", "Enrolled", CHAT, 0, 100 * CREDIT),
            event("Epochs", "Enrolled", COPY, 0, 80 * CREDIT),
            event("Leases", "LeaseOpened", CHAT, 1, 1, 5 * CREDIT, 5 * CREDIT, START_S + 900),
            event("Leases", "LeaseOpened", CHAT, 1, 2, 2 * CREDIT, 4 * CREDIT, FAR_S),
            event("Leases", "LeaseOpened", COPY, 2, 1, 3 * CREDIT, 3 * CREDIT, START_S + 900),
            event("Leases", "LeaseLastDeclared", COPY, 2, 1, 400),
            event("Leases", "LeaseReleased", COPY, 2, 1, CREDIT),
        ],
        [
            event("Outcomes", "OutcomeReported", CHAT, 0, 1, 900, 9_000_000, HASH, HOLDERS[0]),
            event("Outcomes", "OutcomeConfirmed", CHAT, 0, 1, 10, HOLDERS[2]),
            event("Outcomes", "OutcomeReported", COPY, 0, 1, 100, 1_000_000, HASH, HOLDERS[0]),
            event("Outcomes", "OutcomeDisputed", COPY, 0, 1, HOLDERS[1], HASH),
            event("Experiments", "ExperimentOpened", 1, REVIEW, 0, 1, HASH),
            event("Experiments", "ExperimentFunded", 1, REVIEW, 4 * CREDIT),
        ],
        [
            event("Epochs", "EpochCut", CHAT, 0, 60 * CREDIT),
            event("Epochs", "EpochCut", COPY, 0, 90 * CREDIT),
            event(
                "Epochs", "EpochClosed", CHAT, 0, 9_000_000, 60 * CREDIT, 75 * CREDIT,
                93_750_000, False,
            ),
            event(
                "Epochs", "EpochClosed", COPY, 0, 0, 90 * CREDIT, 80 * CREDIT, 60 * CREDIT, False,
            ),
            event("Epochs", "ReviewOpened", COPY, 0),
            event("Epochs", "ExplorationMinted", 0, 153_750_000, 17_083_333),
        ],
        [
            event("Appeals", "AppealFiled", 1, COPY, (1, COPY, 0, 0), HOLDERS[0], 1, 2,
                  START_S + 3 * DAY_S, HASH),
            event("Appeals", "AppealVoted", 1, HOLDERS[1], True),
            event("Appeals", "AppealVoted", 1, HOLDERS[2], True),
        ],
        [
            event("Appeals", "AppealResolved", 1, True, 2, 0, 2),
            event("Outcomes", "OutcomeReinstated", COPY, 0, 1),
            event("Epochs", "GrantRestored", COPY, 0, 1_000_000, 20 * CREDIT, 80 * CREDIT),
            event("Epochs", "ReviewEnded", COPY, 0),
            event("Appeals", "AppealFiled", 2, 2, (2, 2, 0, 0), HOLDERS[0], 1, 2,
                  FAR_S, HASH),
        ],
    )  # fmt: skip


def _trade() -> tuple[list[EventTuple], ...]:
    """An offer filled in part, one cancelled, a gift, a plan, a conversion and its redemption."""
    give, want = (GENERAL, 10 * CREDIT), (PROVIDER_CREDITS, 5 * CREDIT)
    return (
        [
            event("ProviderDesk", "ProviderSet", NIMBUS, "nimbus", HOLDERS[0]),
            event("ProviderDesk", "DeskRateSet", NIMBUS, 500_000, START_S),
            event("ProviderDesk", "DeskRateSet", NIMBUS, 400_000, START_S + 60 * DAY_S),
            event("ProviderDesk", "DeskCapsSet", NIMBUS, 20 * CREDIT, 10 * CREDIT),
            event("ProviderDesk", "InventoryDeposited", NIMBUS, 25 * CREDIT, HASH, 25 * CREDIT),
            event("ProviderDesk", "Converted", CHAT, NIMBUS, 12 * CREDIT, 6 * CREDIT, 500_000),
            event("ProviderDesk", "RedemptionRequested", 1, CHAT, NIMBUS, 2 * CREDIT, HASH),
            event("ProviderDesk", "RedemptionRequested", 2, CHAT, NIMBUS, CREDIT, HASH),
            event("ProviderDesk", "RedemptionAcknowledged", 1, HASH),
        ],
        [
            event("SwapMarket", "OfferPosted", 1, MAIL, *give, *want, CREDIT, FAR_S),
            event("SwapMarket", "OfferTaken", 1, CHAT, 4 * CREDIT, 2 * CREDIT, 6 * CREDIT, True),
            event("SwapMarket", "OfferPosted", 2, MAIL, *give, *want, CREDIT, START_S + DAY_S),
            event("SwapMarket", "OfferClosed", 2, 2, 10 * CREDIT),
            event("SwapMarket", "QuoteFilled", MAIL, RIVAL_SEARCH, 7, *give, GENERAL, 0, False),
            event("SwapMarket", "QuoteCancelled", MAIL, 8),
        ],
        [
            event("Plans", "PlanSet", COPY, 1_000 * CREDIT, 10_000),
            event("Plans", "InvoiceReported", COPY, HASH, 5_000, 500 * CREDIT, HOLDERS[0]),
            event("Plans", "InvoiceConfirmed", COPY, HASH, 5_000, 500 * CREDIT, HOLDERS[2]),
            event("Corrections", "RecordReleased", 1, 3, CHAT, MODEL, 7, 250_000, HASH),
            event("Corrections", "RecordCredited", 1, 4, CHAT, 100_000, 40_000, HASH, HASH,
                  HOLDERS[0], HOLDERS[1]),
        ],
        [
            *(
                event("PriceIndex", "PriceReported", INDEX_CLASS, 20_718, attester,
                      1_200_000 + place, 20_000, 5, START_S - 90, START_S - 9, HASH)
                for place, attester in enumerate(ATTESTERS[:3])
            ),
            event("PriceIndex", "IndexClosed", INDEX_CLASS, 20_718, 1_200_001, 1_150_000, 1_043_479,
                  3, NOW_MS + 20 * DAY_S * 1000),
            event("PriceIndex", "IndexHeld", INDEX_CLASS, 20_719, 2, 3),
        ],
    )  # fmt: skip


def _vote() -> tuple[list[EventTuple], ...]:
    """Three seats, one proposal carried and executed, one that waits, and an emergency."""
    rates = astuple(Rates(w_in=40_000, w_out=120_000, gpu_multiplier_ppm=1_000_000))
    calldata = load_functions("Tariff")["setRates"].encode([MODEL], [rates], NOW_MS)
    targets, now_s = (NETWORK.addresses.tariff,), START_S + 3600 + 11 * DAY_S // 2
    return (
        [
            event("NetworkGovernor", "QuorumNumeratorUpdated", 0, 40),
            *(
                event("Seats", "SeatGranted", holder, organisation)
                for holder, organisation in zip(HOLDERS, (1, 9, 9), strict=True)
            ),
        ],
        [],
        [
            event("NetworkGovernor", "ProposalCreated", PROPOSAL, HOLDERS[0], targets, (0,), ("",),
                  (calldata,), now_s + 1, now_s + 31, "Charge half for GPT-4o"),
            event("NetworkGovernor", "ProposalCreated", PROPOSAL + 1, HOLDERS[1],
                  ("0x" + "77" * 20,), (0,), ("",), (b"\1\2\3\4",), now_s + 1,
                  now_s + 900 * DAY_S, "Something else"),
            event("Guardian", "MeterPaused", 2, HOLDERS[1], START_S + 80 * DAY_S),
            event("Registry", "MeterFrozenSet", 2, True, NOW_MS),
            event("Guardian", "ContractClosed", NETWORK.addresses.budgets, HOLDERS[1],
                  START_S + 80 * DAY_S),
            event("ValidatorSet", "KeySuspended", ATTESTERS[3], START_S + 80 * DAY_S),
        ],
        [
            event("NetworkGovernor", "VoteCast", HOLDERS[0], PROPOSAL, 1, 1, "cheaper"),
            event("NetworkGovernor", "VoteCast", HOLDERS[1], PROPOSAL, 1, 1, ""),
            event("NetworkGovernor", "VoteCast", HOLDERS[2], PROPOSAL, 0, 1, ""),
        ],
        [
            event("NetworkGovernor", "ProposalQueued", PROPOSAL, START_S + 4 * DAY_S),
            event("NetworkGovernor", "ProposalExecuted", PROPOSAL),
        ],
    )  # fmt: skip
