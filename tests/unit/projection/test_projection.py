"""The tables are a function of the chain, whatever way they came about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.projection.builders import (
    CHAT,
    COPY,
    METERS,
    NETWORK,
    NOW_MS,
    REVIEW,
    UNKNOWN_RESOURCE,
    WIDE,
    SyntheticChain,
    base_facts,
    build_records,
    dump_tables,
)

from tallystick.core.facts import Account, MeterFrozen, Resource, ResourceRates
from tallystick.core.tariff import Rates
from tallystick.projection import Projection, ProjectionDisagrees, ProjectionUnreadable
from tallystick.projection.budgets import Budget
from tallystick.projection.chain_tables import BUDGETS

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("settle"), st.integers(0, 3), st.integers(0, 2)),
        st.tuples(st.just("announce"), st.integers(0, 3), st.just(0)),
        st.tuples(st.just("budget"), st.integers(0, 3), st.just(0)),
        st.tuples(st.just("skip"), st.integers(1, 5), st.just(0)),
        st.tuples(st.just("unwind"), st.integers(1, 3), st.just(0)),
        st.tuples(st.just("reopen"), st.just(0), st.just(0)),
    ),
    max_size=8,
)


def build_chain() -> SyntheticChain:
    chain = SyntheticChain()
    chain.add_block(facts=base_facts())
    return chain


def grow(chain: SyntheticChain, kind: str, choice: int, gap: int) -> None:
    """One more block of a kind; `gap` > 0 lets a segment miss its cursor."""
    match kind:
        case "settle":
            meter = METERS[choice % 2]
            cursor = chain.cursors().get(meter)
            first = (cursor.next_seq if cursor else 0) + gap % 2
            columns = {"project": (CHAT, REVIEW, COPY, 777)[choice], "resource": 1 + choice}
            frame = (meter, first, build_records(3 + choice, **columns))
            other = (METERS[1 - choice % 2], 0, build_records(2, resource=UNKNOWN_RESOURCE))
            chain.add_block(batches=[[frame, other]] if gap < 2 else [[other], [frame]])
        case "announce":
            number = 20 + chain.height
            chain.add_block(
                facts=[
                    Account(number, CHAT, f"deep-{number}", "0xac", active=True, from_ms=0),
                    ResourceRates(2 + choice, 1, Rates(w_in=1 + choice), NOW_MS + 1000 * choice),
                    MeterFrozen(METERS[0], choice == 3, NOW_MS),
                    Resource(number, f"model-{number}", 1, 1, "", WIDE, active=True, from_ms=0),
                ]
            )
        case "budget":
            budget = {"account": CHAT, "limitUcr": 100, "softPpm": 100_000 * choice}
            crossed = {"account": CHAT, "spentUcr": 90, "limitUcr": 100}
            chain.add_block(
                events=[
                    ("Budgets", "BudgetSet", budget),
                    ("Budgets", "SoftThresholdCrossed", crossed),
                ]
            )
        case _:
            chain.add_block(skips=[choice])


@settings(max_examples=25)
@given(steps=STEPS)
def test_projection_equals_rebuild_after_any_applying_and_unwinding(
    steps: list[tuple[str, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("index") / "index.duckdb"
    chain = build_chain()
    projection = Projection(path, NETWORK)
    projection.apply(chain.blocks)
    for kind, choice, gap in steps:
        if kind == "unwind":
            to_block = max(chain.height - choice, 1)
            chain.unwind(to_block)
            projection.unwind(to_block)
        elif kind == "reopen":
            projection.close()
            projection = Projection(path, NETWORK)
        else:
            grow(chain, kind, choice, gap)
        projection.apply(chain.blocks)

    rebuilt = Projection(None, NETWORK)
    for block in chain.blocks:
        rebuilt.apply([block])

    assert dump_tables(projection) == dump_tables(rebuilt)
    assert projection.cursors == rebuilt.cursors == chain.cursors()
    assert projection.position == (chain.height, chain.blocks[-1].hash)
    assert list(projection.fact_book.dump()) == list(rebuilt.fact_book.dump())
    projection.close()


def test_projection_refuses_block_when_known_by_another_hash() -> None:
    chain = build_chain()
    projection = Projection(None, NETWORK)
    projection.apply(chain.blocks)
    with pytest.raises(ProjectionDisagrees) as caught:
        projection.apply([replace(chain.blocks[0], hash="0xother")])
    assert caught.value.actual == "0xother"


def test_projection_keeps_nothing_of_a_call_when_a_settlement_does_not_fit() -> None:
    chain = build_chain()
    projection = Projection(None, NETWORK)
    projection.apply(chain.blocks)
    before, cursors = dump_tables(projection), projection.cursors
    good = chain.add_block(batches=[[(1, 0, build_records(2))]])
    bad = chain.add_block(batches=[[(1, 2, build_records(2))]])
    forged = replace(bad, settlements=(replace(bad.settlements[0], settled_bitmap=0),))
    with pytest.raises(ProjectionDisagrees):
        projection.apply([good, forged])
    assert dump_tables(projection) == before
    assert projection.cursors == cursors

    projection.apply([good, bad])
    assert projection.cursors[1].next_seq == 4


def test_projection_starts_empty_when_the_network_is_another(tmp_path: Path) -> None:
    path = tmp_path / "index.duckdb"
    first = Projection(path, NETWORK)
    first.apply(build_chain().blocks)
    first.close()

    second = Projection(path, replace(NETWORK, genesis_hash="0x" + "00" * 32))
    assert second.position is None
    assert not any(dump_tables(second).values())
    second.close()


def test_projection_is_unreadable_when_the_file_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "index.duckdb"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(ProjectionUnreadable, match="rebuild"):
        Projection(path, NETWORK)


def test_projection_names_touched_accounts_with_their_ancestors() -> None:
    chain = build_chain()
    projection = Projection(None, NETWORK)
    charged = {"project": CHAT, "costUcr": 5, "fromBalanceUcr": 5, "overdraftUcr": 0}
    chain.add_block(events=[("Budgets", "ProjectCharged", charged)])
    assert projection.apply(chain.blocks) == {1, 2, CHAT}


def test_projection_tail_holds_the_last_128_blocks_in_order() -> None:
    chain = build_chain()
    for _ in range(130):
        chain.add_block()
    projection = Projection(None, NETWORK)
    projection.apply(chain.blocks)
    tail = projection.tail()
    assert len(tail) == 128
    assert tail[-1] == projection.position
    assert [number for number, _ in tail] == list(range(4, 132))


def test_budget_columns_are_the_fields_of_budget() -> None:
    assert list(BUDGETS.columns) == ["block", *Budget.__slots__]


def test_put_budgets_replaces_what_was_read_before() -> None:
    chain = build_chain()
    projection = Projection(None, NETWORK)
    projection.apply(chain.blocks)
    budget = Budget(CHAT, 2**79, 1, 2**90, 0, 3, 0, 800_000, True, "limit", "month", 0, None)
    projection.put_budgets(1, [replace(budget, spent_ucr=0)])
    projection.put_budgets(1, [budget])
    assert dump_tables(projection)["budgets"] == [
        (1, CHAT, 2**79, 1, 2**90, 0, 3, 0, 800_000, True, "limit", "month", 0, None, 0, 0, 0)
    ]
