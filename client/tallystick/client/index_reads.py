"""An index of one's own, built in memory from the chain: for readers that trust no validator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from tallystick.chain.blocks import Advanced, Unwound
from tallystick.chain.errors import ChainMoved
from tallystick.chain.follower import Follower
from tallystick.client.errors import IndexMissing
from tallystick.client.reads import ListQuery, RecordQuery, Row, UsageQuery
from tallystick.client.wire import Wire

if TYPE_CHECKING:
    from tallystick.projection import Projection, Queries

ALL_ROWS: Final = 1_000_000


class ChainReads:
    """Answers from a projection in memory; every answer is as new as the chain.

    Args:
        wire: the network.

    Raises:
        IndexMissing: the database that it needs is not installed.
    """

    def __init__(self, wire: Wire) -> None:
        try:
            from tallystick.projection import Projection, Queries  # noqa: PLC0415 - an extra
        except ModuleNotFoundError as error:
            raise IndexMissing(
                "answers from the chain alone need a database",
                expected="pip install 'tallystick[node]'",
                actual=error.name,
            ) from error
        self._wire = wire
        self._projection: Projection = Projection(None, wire.network)
        self._queries: Queries = Queries(self._projection)
        self._follower = Follower(wire.rpc, wire.network, from_block=wire.network.start_block)

    def usage(self, query: UsageQuery) -> list[Row]:
        """Records, quantities and cost by the query's keys."""
        return self._ask().usage(
            query.by, query.under, query.resource, query.user, query.since_ms, query.until_ms
        )

    def records(self, query: RecordQuery) -> list[Row]:
        """Records with everything that is known of them, newest first."""
        queries = self._ask()
        where = queries.find_filter(under=query.project, meter=query.meter, since_ms=query.since_ms)
        return queries.records(where, limit=query.limit)

    def alerts(self, since_ms: int | None) -> list[Row]:
        """Alerts, newest first."""
        return self._ask().alerts(since_ms=since_ms, limit=ALL_ROWS)

    def rows(self, query: ListQuery) -> list[Row]:
        """Rows of a list, newest first."""
        return self._ask().rows(
            query.name,
            account=query.account,
            where=query.conditions(),
            limit=ALL_ROWS if query.limit is None else query.limit,
        )

    def totals(self) -> Mapping[str, Any]:
        """Counts over everything that has settled."""
        return self._ask().chain.state()

    def close(self) -> None:
        """The tables are gone."""
        self._projection.close()

    def _ask(self) -> Queries:
        """The queries, once the projection stands where the chain stands."""
        self._wire.loop.run(self._catch_up())
        return self._queries

    async def _catch_up(self) -> None:
        while True:
            try:
                step = await self._follower.poll()
            except ChainMoved:
                continue
            match step:
                case Advanced(blocks=blocks):
                    self._projection.apply(blocks)
                case Unwound(to_block=block):
                    self._projection.unwind(block)
                case None:
                    return
