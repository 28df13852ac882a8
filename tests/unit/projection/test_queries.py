"""What the tables answer equals what a plain loop over the records says."""

from __future__ import annotations

import threading
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.projection.builders import (
    CHAT,
    CLAUDE,
    COPY,
    DAY_MS,
    GPU,
    MAIL,
    MODEL,
    NETWORK,
    NOW_MS,
    REVIEW,
    RIVAL_SEARCH,
    UNKNOWN_RESOURCE,
    SyntheticChain,
    base_facts,
    build_records,
)
from tests.unit.projection.economy import HASH, HOLDERS, event

from tallystick.core.batches import decode_batch
from tallystick.core.facts import Facts
from tallystick.core.usage import QUANTITY_FIELDS, read_costs_ucr, read_reasons, read_time_ms
from tallystick.core.valuation import compute_cost_ucr
from tallystick.projection import Projection, Queries, UnknownKey
from tallystick.projection.usage import KEYS

PROJECTS = (CHAT, MAIL, REVIEW, COPY, RIVAL_SEARCH, 777)
RESOURCES = (MODEL, CLAUDE, GPU, UNKNOWN_RESOURCE)


def build_queries(seed: int = 7, batches: int = 6) -> tuple[SyntheticChain, Projection, Queries]:
    """A chain of random records over three days, some of them quarantined, early or late."""
    random = np.random.default_rng(seed)
    chain = SyntheticChain()
    chain.add_block(facts=base_facts())
    next_seq = 0
    for _ in range(batches):
        count = int(random.integers(1, 40))
        records = build_records(count, time_ms=NOW_MS - DAY_MS, in_fresh=0)
        records["project"] = random.choice(PROJECTS, count)
        records["resource"] = random.choice(RESOURCES, count, p=(0.5, 0.3, 0.15, 0.05))
        records["user"] = random.choice(np.array([0, 1, 2**64 - 1], dtype=np.uint64), count)
        records["step"] = random.integers(0, 3, count)
        records["time_lo"] += random.integers(0, 2 * DAY_MS, count).astype(np.uint32)
        for field in QUANTITY_FIELDS:
            records[field] = random.integers(0, 5000, count)
        chain.add_block(batches=[[(1, next_seq, records)]])
        next_seq += count
    projection = Projection(None, NETWORK)
    projection.apply(chain.blocks)
    return chain, projection, Queries(projection)


def list_key_values(facts: Facts, record: np.void, time_ms: int, key: str) -> list[Any]:
    """The values of a key that one record counts under, worked out record by record."""
    project = int(record["project"])
    path = facts.path_ids(project)
    moment = datetime.fromtimestamp(time_ms // 1000, UTC)
    resource = facts.resources.get(int(record["resource"]))
    values: dict[str, list[Any]] = {
        "account": [facts.path(node) for node in path] or [f"#{project}"],
        "project": [facts.path(project) or f"#{project}"],
        "team": [facts.path(path[:2][-1]) if path else f"#{project}"],
        "resource": [resource.values[-1].slug if resource else f"#{record['resource']}"],
        "user": [f"0x{int(record['user']):016x}"],
        "meter": ["gateway-1"],
        "step": [int(record["step"])],
        "hour": [f"{moment:%Y-%m-%dT%H}:00:00Z"],
        "day": [f"{moment:%Y-%m-%d}"],
        "week": [f"{moment:%G-W%V}"],
        "month": [f"{moment:%Y-%m}"],
        "tariff_version": [1 if resource else 0],
    }
    return values[key]


RELEASED_UCR = {(1, 0): 700, (2, 3): 90}
CREDITED_UCR = {(1, 1): 40, (2, 3): 5}


def sum_by_hand(chain: SyntheticChain, facts: Facts, key: str) -> dict[Any, dict[str, int]]:
    sums: dict[Any, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for block in chain.blocks:
        for settlement in block.settlements:
            batch = decode_batch(settlement.data)
            records = batch.records
            places = (
                (segment.meter, seq)
                for segment in batch.segments
                for seq in range(segment.first_seq, segment.end_seq)
            )
            for record, place, time_ms, cost_ucr, reason in zip(
                records,
                places,
                read_time_ms(records).tolist(),
                read_costs_ucr(records).tolist(),
                read_reasons(records).tolist(),
                strict=True,
            ):
                for value in list_key_values(facts, record, time_ms, key):
                    row = sums[value]
                    row["records"] += 1
                    row["quarantined"] += reason != 0
                    row["cost_ucr"] += cost_ucr
                    row["released_ucr"] += RELEASED_UCR.get(place, 0)
                    row["credited_ucr"] += CREDITED_UCR.get(place, 0)
                    for field in QUANTITY_FIELDS:
                        row[field] += int(record[field]) if reason == 0 else 0
    return {value: dict(row) for value, row in sums.items()}


@pytest.mark.parametrize("key", KEYS)
def test_usage_equals_sums_by_hand(key: str) -> None:
    chain, projection, queries = build_queries()
    chain.add_block(
        events=[
            *(
                event("Corrections", "RecordReleased", meter, seq, CHAT, MODEL, 0, ucr, HASH)
                for (meter, seq), ucr in RELEASED_UCR.items()
            ),
            *(
                event("Corrections", "RecordCredited", meter, seq, CHAT, 2 * ucr, ucr, HASH, HASH,
                      *HOLDERS[:2])
                for (meter, seq), ucr in CREDITED_UCR.items()
            ),
        ]
    )  # fmt: skip
    projection.apply(chain.blocks)
    found = {row.pop(key): row for row in queries.usage((key,))}
    for row in found.values():
        row.pop("own_cost_ucr", None)
        assert all(type(value) is int for value in row.values())
    assert found == sum_by_hand(chain, projection.facts, key)


@settings(max_examples=5)
@given(seed=st.integers(0, 1000))
def test_usage_of_a_pair_of_keys_adds_up_to_each_of_them(seed: int) -> None:
    _, _, queries = build_queries(seed, batches=2)
    total = queries.usage()[0]
    for pair in (("project", "resource"), ("team", "day"), ("user", "hour"), ("step", "month")):
        rows = queries.usage(pair)
        assert list(rows[0])[:2] == list(pair)
        assert sum(row["cost_ucr"] for row in rows) == total["cost_ucr"]
        assert sum(row["records"] for row in rows) == total["records"]


@pytest.mark.parametrize("key", ["project", "team", "resource"])
def test_cost_series_adds_up_to_usage(key: str) -> None:
    _, _, queries = build_queries()
    points = queries.cost_series(key, 3_600_000, queries.find_filter())
    totals: dict[str, int] = defaultdict(int)
    for point in points:
        assert point.start_ms % 3_600_000 == 0
        totals[point.name] += point.cost_ucr
    assert totals == {row[key]: row["cost_ucr"] for row in queries.usage((key,))}


def test_usage_by_account_tells_own_cost_apart() -> None:
    _, _, queries = build_queries()
    rows = {row["account"]: row for row in queries.usage(("account",))}
    assert rows["acme"]["own_cost_ucr"] == 0
    assert rows["acme"]["cost_ucr"] == sum(
        row["own_cost_ucr"] for path, row in rows.items() if path.startswith("acme")
    )
    assert rows["acme/support/chat"]["own_cost_ucr"] == rows["acme/support/chat"]["cost_ucr"] > 0


def test_usage_under_a_team_has_rows_of_its_subtree_only() -> None:
    _, _, queries = build_queries()
    whole = {row["account"]: row for row in queries.usage(("account",))}
    part = {row["account"]: row for row in queries.usage(("account",), under="acme/support")}
    assert set(part) == {"acme/support", "acme/support/chat", "acme/support/mail"}
    assert part["acme/support"] == whole["acme/support"]


def test_usage_counts_since_and_not_until() -> None:
    _, _, queries = build_queries()
    cut_ms = queries.records(limit=1)[0]["time_ms"]
    before = queries.usage(until_ms=cut_ms)[0]["records"]
    after = queries.usage(since_ms=cut_ms)[0]["records"]
    assert before + after == queries.usage()[0]["records"]
    assert queries.usage(since_ms=cut_ms, until_ms=cut_ms + 1)[0]["records"] >= 1


def test_usage_filters_by_resource_and_user() -> None:
    _, _, queries = build_queries()
    rows = queries.usage(("user", "resource"))
    chosen = next(row for row in rows if row["user"] == "0x" + "f" * 16 and row["cost_ucr"])
    found = queries.usage(resource=chosen["resource"], user=2**64 - 1)[0]
    assert found["cost_ucr"] == chosen["cost_ucr"]


@pytest.mark.parametrize(
    "question",
    [
        {"by": ("colour",)},
        {"by": ("project; DROP TABLE records",)},
        {"under": "acme/nobody"},
        {"resource": "' OR 1=1 --"},
    ],
)
def test_usage_refuses_unknown_names(question: dict[str, Any]) -> None:
    _, _, queries = build_queries(batches=1)
    with pytest.raises(UnknownKey):
        queries.usage(**question)


def test_usage_is_one_row_of_zeros_when_nothing_has_settled() -> None:
    projection = Projection(None, NETWORK)
    queries = Queries(projection)
    assert set(queries.usage()[0].values()) == {0}
    assert queries.usage(("project",)) == []


def test_records_page_through_everything_once_newest_first() -> None:
    _, _, queries = build_queries()
    seen: list[tuple[int, int]] = []
    place = None
    while page := queries.records(limit=7, before=place):
        seen.extend((row["batch"], row["position"]) for row in page)
        place = seen[-1]
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == queries.chain.state()["records"]


def test_record_explanation_adds_up_to_the_settled_cost() -> None:
    _, projection, queries = build_queries()
    valued = [row for row in queries.records(limit=200) if row["reason"] == "valued"]
    assert {row["resource"] for row in valued} == {"gpt-4o", "claude-3.5-sonnet", "h100"}
    for row in valued:
        explained = queries.explain_record(row)
        assert explained is not None
        assert explained.cost_ucr == row["cost_ucr"]
        rates = projection.facts.resolved_at(row["resource_id"], row["charged_ms"])
        assert rates is not None
        assert explained.cost_ucr == compute_cost_ucr(row, rates, flags=row["flags"])


def test_record_says_why_when_it_is_quarantined() -> None:
    _, _, queries = build_queries()
    where = queries.find_filter(quarantined=True)
    reasons = {row["reason"] for row in queries.records(where, limit=200)}
    assert reasons == {"project_unknown", "resource_unknown", "project_not_billable"}
    row = queries.records(where, limit=1)[0]
    assert row["cost_ucr"] == 0
    assert queries.explain_record(row) is None
    assert row["reason_words"]


def test_record_alerts_are_one_per_batch_account_and_kind() -> None:
    chain = SyntheticChain()
    chain.add_block(facts=base_facts())
    early = build_records(50, time_ms=NOW_MS + DAY_MS)
    late = build_records(40, time_ms=NOW_MS - 60 * DAY_MS, project=REVIEW)
    bad = build_records(30, resource=UNKNOWN_RESOURCE)
    chain.add_block(batches=[[(1, 0, early), (1, 50, late), (1, 90, bad)]])
    projection = Projection(None, NETWORK)
    projection.apply(chain.blocks)
    alerts = Queries(projection).alerts()
    assert [(row["kind"], row["account"]) for row in reversed(alerts)] == [
        ("early", "acme/support/chat"),
        ("late", "acme/engineering/review"),
        ("quarantine", "acme/support/chat"),
    ]
    assert alerts[0]["value"] == 30
    assert alerts[2]["value"] == DAY_MS + 49_000 - 4_000
    assert alerts[2]["threshold"] == 5 * 60_000


def budgets_event(name: str, **arguments: int) -> tuple[str, str, dict[str, Any]]:
    return "Budgets", name, arguments


def test_event_alerts_say_what_happened_to_budgets() -> None:
    chain = SyntheticChain()
    chain.add_block(facts=base_facts())
    charged = {"project": CHAT, "costUcr": 10, "fromBalanceUcr": 4}
    frozen = {"account": CHAT, "spentUcr": 100, "limitUcr": 99, "overdraftUcr": 6}
    chain.add_block(
        events=[
            budgets_event("BudgetSet", account=CHAT, limitUcr=99, softPpm=333_333),
            budgets_event("SoftThresholdCrossed", account=CHAT, spentUcr=34, limitUcr=99),
            budgets_event("ProjectCharged", **charged, overdraftUcr=6),
            budgets_event("ProjectCharged", **charged, overdraftUcr=12),
            budgets_event(
                "ProjectCharged", project=CHAT, costUcr=1, fromBalanceUcr=1, overdraftUcr=0
            ),
            budgets_event("AccountFrozen", **frozen, why=1),
            budgets_event("AccountFrozen", **frozen, why=3),
            budgets_event("AccountUnfrozen", account=CHAT),
        ]
    )
    projection = Projection(None, NETWORK)
    projection.apply(chain.blocks)
    queries = Queries(projection)
    found = [(row["kind"], row["value"], row["threshold"]) for row in queries.alerts()]
    assert found[::-1] == [
        ("soft_threshold", 34, 33),
        ("overdraft", 6, 0),
        ("frozen", 6, 0),
        ("frozen", 100, 99),
        ("unfrozen", 0, 0),
    ]
    after = queries.alerts_after((2, 2), limit=10)
    assert [row["ordinal"] for row in after] == [3, 4]
    assert queries.alerts(kind="overdraft")[0]["account"] == "acme/support/chat"
    assert queries.alerts(account="rival") == []


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("acme/supp", {"account"}),
        ("CHAT", {"account"}),
        ("gpt", {"resource"}),
        ("gateway-1", {"meter"}),
        ("validator-3", {"validator"}),
        ("1", {"block", "batch", "account", "resource", "meter"}),
        ("%", set()),
        ("' OR ''='", set()),
        ("99999999999999999999999", set()),
    ],
)
def test_search_finds_things_by_name_and_id(text: str, kinds: set[str]) -> None:
    _, _, queries = build_queries()
    assert {row["kind"] for row in queries.chain.search(text)} == kinds


def test_search_finds_things_by_hash() -> None:
    _, _, queries = build_queries()
    batch = queries.chain.batches(limit=1)[0]
    block = queries.chain.blocks(limit=1)[0]
    assert queries.chain.search(batch["tx_hash"].upper().replace("0X", "0x"))[0]["kind"] == (
        "transaction"
    )
    assert queries.chain.search(batch["data_hash"])[0] == {
        "kind": "batch",
        "key": str(batch["number"]),
        "label": f"Batch {batch['number']}",
    }
    assert queries.chain.search(block["hash"])[0]["kind"] == "block"


def test_queries_answer_while_blocks_are_applied() -> None:
    chain = SyntheticChain()
    chain.add_block(facts=base_facts())
    projection = Projection(None, NETWORK)
    projection.apply(chain.blocks)
    queries = Queries(projection)
    blocks = [chain.add_block(batches=[[(1, 5 * n, build_records(5))]]) for n in range(20)]
    wrong: list[int] = []

    def read() -> None:
        for _ in range(30):
            count = queries.usage(("project",))
            wrong.extend(row["records"] for row in count if row["records"] % 5)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for block in blocks:
        projection.apply([block])
    for reader in readers:
        reader.join()
    assert wrong == []
    assert queries.usage()[0]["records"] == 100
