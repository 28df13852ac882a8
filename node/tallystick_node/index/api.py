"""The index over HTTP: read-only JSON, integers only, every list bounded.

Lists are newest first; the place of the last row, as `before`, asks for what comes after it.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response

from tallystick.projection import LISTS, Queries
from tallystick_node.index.errors import NothingFound
from tallystick_node.query_parameters import (
    parse_limit,
    parse_number,
    parse_place,
    parse_text,
    parse_time_ms,
    parse_user,
)

DEFAULT_ROWS: Final = 50
MAX_ALERTS: Final = 10_000
END: Final = 2**62


def create_index_router(queries: Queries) -> APIRouter:
    """The routes /v1/usage, /v1/records, /v1/alerts and the rest of what the tables answer.

    Handlers are no coroutines, so that a long query holds up a worker thread and not the node.

    Args:
        queries: on this node's projection.
    """
    router = APIRouter(prefix="/v1")
    _add_usage_routes(router, queries)
    _add_directory_routes(router, queries)
    _add_chain_routes(router, queries)
    for name in LISTS:
        _add_list_route(router, queries, name)
    return router


def _add_list_route(router: APIRouter, queries: Queries, name: str) -> None:
    """GET /v1/NAME: rows of a list; further parameters narrow it by column."""

    @router.get(f"/{name}", name=name)
    def get_list(request: Request) -> Response:
        given = dict(request.query_params)
        rows = queries.rows(
            name,
            account=parse_text("account", given.pop("account", None)),
            limit=parse_limit(given.pop("limit", None), default=DEFAULT_ROWS),
            before=parse_place(given.pop("before", None)),
            where={column: parse_text(column, value) or "" for column, value in given.items()},
        )
        return _answer(rows)


def _add_usage_routes(router: APIRouter, queries: Queries) -> None:
    @router.get("/usage")
    def get_usage(
        by: str = "",
        under: str | None = None,
        resource: str | None = None,
        user: str | None = None,
        since_ms: str | None = None,
        until_ms: str | None = None,
    ) -> Response:
        """Records, quantities and cost by the keys."""
        keys = tuple(key for key in by.split(",") if key)
        return _answer(
            queries.usage(
                keys,
                parse_text("under", under),
                parse_text("resource", resource),
                parse_user(user),
                parse_time_ms("since_ms", since_ms),
                parse_time_ms("until_ms", until_ms),
            )
        )

    @router.get("/records")
    def get_records(
        meter: str | None = None,
        project: str | None = None,
        since_ms: str | None = None,
        until_ms: str | None = None,
        quarantined: str | None = None,
        limit: str | None = None,
        before: str | None = None,
    ) -> Response:
        """Records, newest first; `before` is `batch.position`."""
        where = queries.find_filter(
            meter=parse_text("meter", meter),
            under=parse_text("project", project),
            since_ms=parse_time_ms("since_ms", since_ms),
            until_ms=parse_time_ms("until_ms", until_ms),
            quarantined=bool(parse_number("quarantined", quarantined, maximum=1)),
        )
        rows = parse_limit(limit, default=DEFAULT_ROWS)
        return _answer(queries.records(where, limit=rows, before=parse_place(before)))

    @router.get("/records/{meter}/{seq}")
    def get_record(meter: str, seq: str) -> Response:
        """One record by its meter's id and its sequence number."""
        record = queries.record(
            parse_number("meter", meter) or 0, parse_number("sequence number", seq) or 0
        )
        return _answer(_require(record, "record", f"{meter}/{seq}"))

    @router.get("/alerts")
    def get_alerts(
        since_ms: str | None = None,
        account: str | None = None,
        kind: str | None = None,
        limit: str | None = None,
        before: str | None = None,
    ) -> Response:
        """Alerts, newest first; `before` is `block.ordinal`."""
        return _answer(
            queries.alerts(
                since_ms=parse_time_ms("since_ms", since_ms),
                account=parse_text("account", account),
                kind=parse_text("kind", kind),
                limit=parse_limit(limit, default=MAX_ALERTS, maximum=MAX_ALERTS),
                before=parse_place(before),
            )
        )


def _add_directory_routes(router: APIRouter, queries: Queries) -> None:
    directory = queries.directory

    @router.get("/accounts")
    def get_accounts() -> Response:
        """All accounts with their budgets as last read."""
        return _answer(directory.accounts())

    @router.get("/meters")
    def get_meters() -> Response:
        """All meters."""
        return _answer(directory.meters())

    @router.get("/resources")
    def get_resources() -> Response:
        """All resources."""
        return _answer(directory.resources())

    @router.get("/validators")
    def get_validators() -> Response:
        """The members of every validator set."""
        return _answer(directory.validators())

    @router.get("/tariff")
    def get_tariff(at_ms: str | None = None) -> Response:
        """Resolved rates in force at a time, by default at the newest block's."""
        at = parse_time_ms("at_ms", at_ms)
        if at is None:
            at = (queries.chain.state()["block_time_s"] or 0) * 1000
        return _answer(directory.tariff(at))

    @router.get("/tariff/history")
    def get_tariff_history() -> Response:
        """Every change of rates and of price indices."""
        history = {"rates": directory.tariff_history(), "indices": directory.index_history()}
        return _answer(history)


def _add_chain_routes(router: APIRouter, queries: Queries) -> None:
    chain = queries.chain

    @router.get("/totals")
    def get_totals() -> Response:
        """Counts over everything that has settled, and where the index stands."""
        return _answer(chain.state())

    @router.get("/blocks")
    def get_blocks(limit: str | None = None, before: str | None = None) -> Response:
        """Blocks that hold something of the network's."""
        rows = parse_limit(limit, default=DEFAULT_ROWS)
        return _answer(chain.blocks(limit=rows, before=_parse_before(before)))

    @router.get("/batches")
    def get_batches(limit: str | None = None, before: str | None = None) -> Response:
        """Settled batches."""
        rows = parse_limit(limit, default=DEFAULT_ROWS)
        return _answer(chain.batches(limit=rows, before=_parse_before(before)))

    @router.get("/batches/{number}")
    def get_batch(number: str) -> Response:
        """One batch with its segments and attestations."""
        batch_number = parse_number("number", number) or 0
        batch = _require(chain.batch(batch_number), "batch", number)
        parts = {
            "segments": chain.segments(batch_number),
            "attestations": chain.attestations(batch_number),
        }
        return _answer({"batch": batch, **parts})

    @router.get("/transactions")
    def get_transactions(limit: str | None = None, before: str | None = None) -> Response:
        """Transactions to the network's contracts; `before` is `block.position`."""
        rows = parse_limit(limit, default=DEFAULT_ROWS)
        return _answer(chain.transactions(limit=rows, before=parse_place(before) or (END, 0)))

    @router.get("/transactions/{tx_hash}")
    def get_transaction(tx_hash: str) -> Response:
        """One transaction with its events."""
        return _answer(_require(chain.transaction(tx_hash.lower()), "transaction", tx_hash))

    @router.get("/search")
    def search(q: str = "") -> Response:
        """What `q` may mean."""
        text = parse_text("q", q)
        return _answer(chain.search(text) if text else [])


def _parse_before(text: str | None) -> int:
    number = parse_number("before", text)
    return END if number is None else number


def _require(found: dict[str, Any] | None, kind: str, name: str) -> dict[str, Any]:
    if found is None:
        raise NothingFound(f"there is no such {kind} in the index", actual=name[:80])
    return found


def _answer(document: object) -> Response:
    """The document as JSON, integers of any size as they are."""
    return Response(msgspec.json.encode(document), media_type="application/json")
