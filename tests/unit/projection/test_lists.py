"""Every list over an economy of eight days: what the events come to."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.projection.builders import (
    CHAT,
    NETWORK,
    SyntheticChain,
    base_facts,
    build_records,
)
from tests.unit.projection.economy import (
    CREDIT,
    HASH,
    HOLDERS,
    NIMBUS,
    PROPOSAL,
    START_S,
    add_economy,
    event,
)

from tallystick.chain.abi import load_events
from tallystick.projection import LISTS, Projection, Queries, UnknownKey
from tallystick.projection.event_views import EventView, to_camel_case
from tallystick.projection.lists import VIEWS


def build_queries(chain: SyntheticChain) -> Queries:
    projection = Projection(None, NETWORK)
    projection.apply(chain.blocks)
    return Queries(projection)


def build_chain() -> SyntheticChain:
    chain = SyntheticChain()
    chain.add_block(facts=base_facts())
    add_economy(chain)
    return chain


@pytest.fixture(scope="module")
def queries() -> Queries:
    return build_queries(build_chain())


def pick(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_view_names_what_its_event_carries(view: EventView) -> None:
    shape = next(e for e in load_events(view.contract).values() if e.name == view.event)
    carried = {name for name, _ in (*shape.indexed, *shape.plain)}
    paths = view.paths or {}
    wanted = {paths.get(name, to_camel_case(name)).partition("[")[0] for name in view.columns}
    assert wanted <= carried


@pytest.mark.parametrize("name", sorted(LISTS))
def test_list_pages_through_every_row_once(queries: Queries, name: str) -> None:
    whole = queries.rows(name, limit=1000)
    assert whole, f"the economy has no {name}"
    places = [(row["block"], row["ordinal"]) for row in whole]
    assert places == sorted(places, reverse=True)
    paged, before = [], None
    while page := queries.rows(name, limit=2, before=before):
        paged += page
        before = (page[-1]["block"], page[-1]["ordinal"])
    assert paged == whole
    values = [value for row in whole for value in row.values()]
    assert all(isinstance(value, int | str | bool | list | None) for value in values)
    assert all(row["time_s"] >= START_S and row["tx_hash"].startswith("0x") for row in whole)


@pytest.mark.parametrize("name", sorted(LISTS))
def test_list_is_empty_when_its_blocks_were_taken_back(name: str) -> None:
    projection = Projection(None, NETWORK)
    projection.apply(build_chain().blocks)
    projection.unwind(1)
    assert Queries(projection).rows(name) == []


def test_list_refuses_what_it_does_not_know(queries: Queries) -> None:
    with pytest.raises(UnknownKey, match="no such list"):
        queries.rows("nothing")
    with pytest.raises(UnknownKey, match="not narrowed"):
        queries.rows("leases", where={"block": "1"})
    with pytest.raises(UnknownKey, match="account"):
        queries.rows("leases", account="acme/nobody")


def test_leases_tell_what_is_left(queries: Queries) -> None:
    assert pick(queries.rows("leases"), "project", "meter", "nonce", "state", "left_ucr") == [
        ("acme/marketing/copy", "gateway-2", 1, "released", 0),
        ("acme/support/chat", "gateway-1", 2, "open", 4 * CREDIT - 250_000),
        ("acme/support/chat", "gateway-1", 1, "extended", 0),
    ]
    released = queries.rows("leases", where={"state": "released"})
    assert pick(released, "last_seq", "returned_ucr") == [(400, CREDIT)]


def test_lease_is_drawn_down_by_what_settles_after_it_and_never_below_nothing() -> None:
    chain = SyntheticChain()
    chain.add_block(facts=base_facts())
    opened = event("Leases", "LeaseOpened", CHAT, 1, 1, 10**9, 500_000, START_S + 10**6)
    chain.add_block(batches=[[(1, 0, build_records(2))]])
    chain.add_block(events=[opened], batches=[[(1, 2, build_records(3))]])
    chain.add_block(batches=[[(2, 0, build_records(5))]])
    one_ucr = build_queries(chain).usage()[0]["cost_ucr"] // 10
    assert build_queries(chain).rows("leases")[0]["left_ucr"] == 500_000 - 3 * one_ucr
    chain.add_block(batches=[[(1, 5, build_records(40))]])
    assert build_queries(chain).rows("leases")[0]["left_ucr"] == 0


def test_account_narrows_a_list_to_its_subtree(queries: Queries) -> None:
    assert {row["project"] for row in queries.rows("epochs", account="acme/support")} == {
        "acme/support/chat"
    }
    assert len(queries.rows("quotes", account="rival")) == 1
    assert queries.rows("offers", account="rival") == []


def test_epochs_keep_the_velocity_as_a_pair(queries: Queries) -> None:
    copy, chat = queries.rows("epochs")
    assert (chat["value_uusd"], chat["credits_ucr"]) == (9_000_000, 60 * CREDIT)
    assert (chat["low_uusd"], chat["high_uusd"], chat["is_reviewed"]) == (50_000, 150_000, False)
    assert (copy["is_reviewed"], copy["is_restored"]) == (True, True)
    assert (copy["grant_ucr"], copy["restored_grant_ucr"]) == (60 * CREDIT, 80 * CREDIT)


def test_outcomes_reviews_and_appeals_tell_how_they_ended(queries: Queries) -> None:
    assert pick(queries.rows("outcomes"), "project", "kind_name", "state", "confirmed_by") == [
        ("acme/marketing/copy", "revenue", "reinstated", None),
        ("acme/support/chat", "revenue", "confirmed", "rival/search"),
    ]
    assert pick(queries.rows("reviews"), "state", "appeal") == [("ended", 1)]
    appeals = queries.rows("appeals")
    names = ("kind", "account", "meter", "state", "for_votes", "against_votes")
    assert pick(appeals, *names) == [
        ("freeze", "acme", "gateway-2", "open", 0, 0),
        ("cut", "acme/marketing/copy", None, "upheld", 2, 0),
    ]


def test_experiments_plans_and_invoices_add_up(queries: Queries) -> None:
    assert pick(queries.rows("experiments"), "state", "funded_ucr") == [("open", 4 * CREDIT)]
    assert pick(queries.rows("plans"), "price_cents", "paid_cents", "minted_ucr") == [
        (10_000, 5_000, 500 * CREDIT)
    ]
    assert pick(queries.rows("invoices"), "state", "invoice_hash") == [
        ("confirmed", f"0x{HASH.hex()}")
    ]


def test_offers_tell_what_is_left_and_what_was_paid(queries: Queries) -> None:
    names = ("offer", "give", "want", "state", "left_ucr", "paid_ucr", "fills")
    assert pick(queries.rows("offers"), *names) == [
        (2, "general", "provider:nimbus", "cancelled", 0, 0, 0),
        (1, "general", "provider:nimbus", "open", 6 * CREDIT, 2 * CREDIT, 1),
    ]
    assert pick(queries.rows("takes"), "maker", "taker", "is_same_organisation") == [
        ("acme/support/mail", "acme/support/chat", True)
    ]
    assert pick(queries.rows("quotes"), "taker", "want_ucr", "state") == [
        (None, None, "cancelled"),
        ("rival/search", 0, "filled"),
    ]


def test_providers_tell_inventory_and_the_rate_in_force(queries: Queries) -> None:
    (nimbus,) = queries.rows("providers", where={"provider_id": str(NIMBUS)})
    assert (nimbus["inventory_ucr"], nimbus["pending_ucr"]) == (19 * CREDIT, CREDIT)
    assert (nimbus["rate_ppm"], nimbus["queued_ppm"]) == (500_000, 400_000)
    assert pick(queries.rows("redemptions"), "redemption", "state") == [
        (2, "pending"),
        (1, "acknowledged"),
    ]


def test_redemption_is_overdue_after_seven_days() -> None:
    chain = build_chain()
    chain.add_block(time_s=START_S + 30 * 86_400)
    rows = build_queries(chain).rows("redemptions", where={"state": "overdue"})
    assert pick(rows, "redemption") == [(2,)]


def test_index_tells_raw_clamped_and_gap(queries: Queries) -> None:
    names = ("index_class", "state", "raw_ppm", "clamped_ppm", "gap_ppm")
    assert pick(queries.rows("index-epochs"), *names) == [
        ("h100", "held", None, None, None),
        ("h100", "clamped", 1_200_001, 1_150_000, 1_043_479),
    ]
    assert {row["validator"] for row in queries.rows("index-reports")} == {
        "validator-1", "validator-2", "validator-3",
    }  # fmt: skip


def test_proposal_is_shown_with_its_calls_decoded(queries: Queries) -> None:
    waiting, carried = queries.rows("proposals")
    (call,) = carried["calls"]
    assert (call["contract"], call["function"]) == ("Tariff", "setRates")
    (rates,) = call["arguments"]["rates"]
    assert (rates["wIn"], rates["wOut"]) == (40_000, 120_000)
    assert (carried["proposal_id"], carried["state"]) == (str(PROPOSAL), "executed")
    assert (carried["for_votes"], carried["against_votes"]) == (2, 1)
    assert (carried["seats"], carried["quorum"]) == (3, 1)
    assert (waiting["calls"][0]["function"], waiting["calls"][0]["data"]) == ("", "0x01020304")
    assert waiting["state"] == "active"


@pytest.mark.parametrize(
    ("days", "votes", "state"),
    [(0, (), "pending"), (1, (1,), "active"), (3, (1, 1), "succeeded"), (3, (1, 0), "defeated"),
     (3, (), "defeated"), (3, (1,), "defeated"), (3, (1, 2), "succeeded")],
)  # fmt: skip
def test_proposal_tells_its_state_in_the_governors_words(
    days: int, votes: tuple[int, ...], state: str
) -> None:
    chain = SyntheticChain()
    chain.add_block(
        events=[
            event("NetworkGovernor", "QuorumNumeratorUpdated", 0, 67),
            *(event("Seats", "SeatGranted", holder, 1) for holder in HOLDERS),
        ],
        time_s=START_S,
    )
    created = (
        HOLDERS[0], (), (), (), (), START_S + 86_400, START_S + 2 * 86_400, "words"
    )  # fmt: skip
    chain.add_block(
        events=[event("NetworkGovernor", "ProposalCreated", 5, *created)], time_s=START_S + 1
    )
    cast = [
        event("NetworkGovernor", "VoteCast", HOLDERS[place], 5, support, 1, "")
        for place, support in enumerate(votes)
    ]
    chain.add_block(events=cast, time_s=START_S + 2 + days * 86_400)
    assert pick(build_queries(chain).rows("proposals"), "state") == [(state,)]


def test_seats_are_revoked_from_whoever_held_them_then() -> None:
    chain = SyntheticChain()
    grant, revoke = (event("Seats", name, HOLDERS[0], 1) for name in ("SeatGranted", "SeatRevoked"))
    for events in ([grant], [revoke], [grant]):
        chain.add_block(events=events)
    rows = build_queries(chain).rows("seats")
    assert pick(rows, "state") == [("held",), ("revoked",)]


def test_stops_tell_what_was_stopped_and_by_whom(queries: Queries) -> None:
    assert pick(queries.rows("closures"), "contract", "state") == [("Budgets", "closed")]
    assert pick(queries.rows("freezes"), "meter", "why") == [("gateway-2", "guardian")]
    assert pick(queries.rows("suspensions"), "validator", "state") == [("validator-4", "suspended")]


def test_corrections_show_released_and_credited_apart(queries: Queries) -> None:
    names = ("kind", "seq", "released_ucr", "credited_ucr")
    assert pick(queries.rows("corrections"), *names) == [
        ("credit", 4, 0, 40_000),
        ("release", 3, 250_000, 0),
    ]
