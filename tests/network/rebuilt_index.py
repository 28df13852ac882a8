"""The index made anew from the chain alone, and what every validator's index says beside it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from fastapi import FastAPI

from tallystick.chain.blocks import Advanced
from tallystick.chain.follower import Follower
from tallystick.chain.rpc import Rpc
from tallystick.local.folder import NetworkFolder, read_identity
from tallystick.projection import LISTS, Projection, Queries
from tallystick.projection.reader import Reader
from tallystick_node.index.api import create_index_router

PATIENCE_S: Final = 90.0
POLL_S: Final = 0.3
PAGE_ROWS: Final = 1_000
ANSWER_S: Final = 60.0
TIMES: Final = httpx.Timeout(ANSWER_S, pool=None)
LIMITS: Final = httpx.Limits(max_connections=16)
READ_FROM_CHAIN: Final = frozenset(
    [
        "limit_ucr",
        "spent_ucr",
        "spent_lifetime_ucr",
        "leased_ucr",
        "balance_ucr",
        "overdraft_ucr",
        "soft_ppm",
        "frozen",
        "frozen_why",
        "period",
        "period_start_ms",
        "period_end_ms",
        "carried_ucr",
        "rate_ucr",
        "rate_window_s",
        "budget_block",
        "remaining_ucr",
    ]
)
"""Columns of accounts that a validator asks the chain for and derives from no block."""

QUESTIONS: Final = (
    "/v1/totals",
    "/v1/usage?by=account,resource",
    "/v1/usage?by=meter,project,hour",
    "/v1/accounts",
    "/v1/meters",
    "/v1/resources",
    "/v1/validators",
    "/v1/tariff",
    "/v1/tariff/history",
    "/v1/alerts",
    *(f"/v1/{name}?limit={PAGE_ROWS}" for name in ("blocks", "batches", "transactions", *LISTS)),
)


@dataclass(frozen=True)
class RebuiltIndex:
    """Everything on the chain up to `block`, read by nobody but us."""

    path: Path
    projection: Projection

    @property
    def block(self) -> int:
        """The newest block."""
        position = self.projection.position
        return 0 if position is None else position[0]

    def count_by_number(self, meters: Sequence[int]) -> Mapping[tuple[int, int], Counter[int]]:
        """How often each number settled, by (meter, sequence number); see `NumberedLoad`."""
        found: dict[tuple[int, int], Counter[int]] = {}
        for row in self._read_records(meters):
            place = found.setdefault((row["meter"], row["seq"]), Counter())
            place[row["user"]] += 1
        return found

    def catch_up(self) -> None:
        """It stands where the chain stands."""
        asyncio.run(_follow(self.path, self.projection))

    def _read_records(self, meters: Sequence[int]) -> list[dict[str, Any]]:
        return Reader(self.projection).fetch_all(
            'SELECT meter, seq, "user" FROM records WHERE list_contains($meters, meter)',
            {"meters": list(meters)},
        )


@contextmanager
def rebuild_index(path: Path) -> Iterator[RebuiltIndex]:
    """An index of the network of this folder, in memory, from its first block to its newest."""
    file = NetworkFolder(path).read_network()
    assert file is not None
    projection = Projection(None, read_identity(file))
    try:
        rebuilt = RebuiltIndex(path, projection)
        rebuilt.catch_up()
        yield rebuilt
    finally:
        projection.close()


async def _follow(path: Path, projection: Projection) -> None:
    file = NetworkFolder(path).read_network()
    assert file is not None
    network, rpc = read_identity(file), Rpc(file.rpc_urls)
    try:
        follower = Follower(rpc, network, from_block=network.start_block, known=projection.tail())
        while (step := await follower.poll()) is not None:
            assert isinstance(step, Advanced), "the chain went back while it was read"
            projection.apply(step.blocks)
    finally:
        await rpc.aclose()


def check_indices(rebuilt: RebuiltIndex, urls: Mapping[str, str], *, last_records: int = 0) -> None:
    """Every validator's index answers as one does that was made from the chain just now.

    Args:
        rebuilt: made from the chain; follows what came since.
        urls: of the validators, by name.
        last_records: how many of the newest records are compared one by one.

    Raises:
        AssertionError: one answers differently although it had the time to catch up.
    """
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = asyncio.run(_find_differences(rebuilt, urls, last_records))
        if not found:
            return
        assert time.monotonic() < deadline, f"index and rebuild differ: {found[0]}"
        time.sleep(POLL_S)
        rebuilt.catch_up()


async def _find_differences(
    rebuilt: RebuiltIndex, urls: Mapping[str, str], last_records: int
) -> list[str]:
    """Who answers what differently; only that a validator is elsewhere while it is."""
    app = FastAPI()
    app.include_router(create_index_router(Queries(rebuilt.projection)))
    transport = httpx.ASGITransport(app)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://rebuilt") as ours,
        httpx.AsyncClient(timeout=TIMES, limits=LIMITS, trust_env=False) as http,
    ):
        places = [await _read_block(http, url) for url in urls.values()]
        if set(places) != {rebuilt.block}:
            return [f"the chain is at {rebuilt.block}, {dict(zip(urls, places, strict=True))}"]
        questions = [*QUESTIONS, *await _list_pages(ours, last_records)]
        found = await asyncio.gather(*(_compare(ours, http, urls, each) for each in questions))
        return [difference for each in found for difference in each]


async def _compare(
    ours: httpx.AsyncClient, http: httpx.AsyncClient, urls: Mapping[str, str], question: str
) -> list[str]:
    """Who answers this question differently."""
    wanted, *answers = await asyncio.gather(
        _ask(ours, "", question), *(_ask(http, url, question) for url in urls.values())
    )
    return [
        f"{name} {question}: {_explain(wanted, answer)}"
        for name, answer in zip(urls, answers, strict=True)
        if answer != wanted
    ]


async def _list_pages(ours: httpx.AsyncClient, count: int) -> list[str]:
    """Questions for the newest records, page by page."""
    pages: list[str] = []
    before = ""
    for _ in range(0, count, PAGE_ROWS):
        pages.append(f"/v1/records?limit={PAGE_ROWS}{before}")
        rows = await _ask(ours, "", pages[-1])
        if len(rows) < PAGE_ROWS:
            break
        before = f"&before={rows[-1]['batch']}.{rows[-1]['position']}"
    return pages


async def _read_block(http: httpx.AsyncClient, url: str) -> int | None:
    try:
        block: int | None = (await http.get(f"{url}/v1/totals")).json()["block"]
    except (httpx.HTTPError, ValueError, KeyError):
        return None
    return block


async def _ask(http: httpx.AsyncClient, url: str, question: str) -> Any:  # noqa: ANN401 - JSON
    answer = await http.get(f"{url}{question}")
    assert answer.is_success, f"{url}{question}: {answer.status_code} {answer.text[:300]}"
    document = answer.json()
    if question == "/v1/accounts":
        return [
            {name: value for name, value in row.items() if name not in READ_FROM_CHAIN}
            for row in document
        ]
    return document


def _explain(wanted: object, answer: object) -> str:
    """The first thing that differs, as short as it can be said."""
    if isinstance(wanted, list) and isinstance(answer, list):
        if len(wanted) != len(answer):
            return f"{len(wanted)} rows in the rebuild, {len(answer)} in the index"
        first = next(pair for pair in zip(wanted, answer, strict=True) if pair[0] != pair[1])
        return _explain(*first)
    if isinstance(wanted, dict) and isinstance(answer, dict):
        names = wanted.keys() | answer.keys()
        found = {
            name: (wanted.get(name), answer.get(name))
            for name in names
            if wanted.get(name) != answer.get(name)
        }
        return f"(rebuild, index): {found}"
    return f"rebuild {wanted}, index {answer}"
