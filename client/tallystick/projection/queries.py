"""The read side of the projection: rows as dicts, integers only, safe from any thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tallystick.core.facts import FactBook
from tallystick.core.usage import QUANTITY_FIELDS
from tallystick.projection import usage
from tallystick.projection.chain_queries import ChainQueries
from tallystick.projection.directory_queries import DirectoryQueries
from tallystick.projection.economy_lists import ECONOMY_LISTS
from tallystick.projection.errors import UnknownKey
from tallystick.projection.explain import CostExplanation, explain_cost
from tallystick.projection.governance_lists import GOVERNANCE_LISTS
from tallystick.projection.lists import Context, ListQuestion, read_list
from tallystick.projection.market_lists import MARKET_LISTS
from tallystick.projection.names import describe_reason, name_flags, name_reason
from tallystick.projection.projection import Projection
from tallystick.projection.reader import Place, Reader, Row
from tallystick.projection.settlements import MARK_NAMES
from tallystick.projection.usage import CostPoint, RecordFilter, UsageQuestion

_RECORDS: Final = f"""
    SELECT meters.name AS meter, records.meter AS meter_id, records.seq,
        records.batch, records.position, records.block, batches.tx_hash,
        records.time_ms, records.charged_ms, records.mark,
        accounts.path AS project, records.project AS project_id, records."user",
        resources.slug AS resource, records.resource AS resource_id, records.flags,
        {", ".join(f"records.{name}" for name in QUANTITY_FIELDS)},
        records.step, records.cost_ucr, records.reason, records.tariff_version
    FROM (SELECT * FROM records WHERE {{conditions}} ORDER BY {{order}} LIMIT $limit) records
        LEFT JOIN batches ON batches.number = records.batch
        LEFT JOIN accounts ON accounts.account = records.project
        LEFT JOIN resources ON resources.resource = records.resource
        LEFT JOIN meters ON meters.meter = records.meter
    ORDER BY {{order}}
"""  # noqa: S608 - column names of ours
_OLDEST_FIRST: Final = "records.batch, records.position"
_NEWEST_FIRST: Final = "records.batch DESC, records.position DESC"

_ALERTS: Final = """
    SELECT time_ms AS "time", kind,
        coalesce(path, '#' || nullif(alerts.account, 0)) AS account, value, threshold, subject,
        block, ordinal, nullif(batch, -1) AS batch, nullif(meter, 0) AS meter_id, tx_hash
    FROM alerts LEFT JOIN accounts USING (account)
    WHERE {conditions} ORDER BY {order} LIMIT $limit
"""

LISTS: Final = {spec.name: spec for spec in (*ECONOMY_LISTS, *MARKET_LISTS, *GOVERNANCE_LISTS)}


class Queries:
    """Everything the tables answer.

    `directory` has accounts, meters, validators and the tariff; `chain` has blocks, transactions,
    batches and the search.

    Args:
        projection: may be written to meanwhile; each query sees one state of it.
    """

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self._reader = Reader(projection)
        self.directory = DirectoryQueries(projection)
        self.chain = ChainQueries(projection)

    def usage(
        self,
        by: Sequence[str] = (),
        under: str | None = None,
        resource: str | None = None,
        user: int | None = None,
        since_ms: int | None = None,
        until_ms: int | None = None,
    ) -> list[Row]:
        """Records, quantities and cost, grouped by the keys and in their order.

        Args:
            by: of account, project, team, resource, user, meter, step, hour, day, week, month,
                tariff_version. `account` counts a record at each of its ancestors, and adds
                own_cost_ucr.
            under: path of an account; only records billed in its subtree.
            resource: slug.
            user: pseudonym.
            since_ms: record times from here on.
            until_ms: record times before this.

        Returns:
            Rows with the keys by their names, records (settled and quarantined), quarantined,
            cost_ucr and every quantity; cost and quantities of settled records only. released_ucr
            and credited_ucr are what corrections of these records charged and gave back later.

        Raises:
            UnknownKey: a key, path or slug that does not exist.
        """
        where = self.find_filter(
            under=under, resource=resource, user=user, since_ms=since_ms, until_ms=until_ms
        )
        return usage.read_usage(self._reader, UsageQuestion(tuple(by), where))

    def dearest_usage(self, by: Sequence[str], where: RecordFilter, *, limit: int) -> list[Row]:
        """As `usage`, dearest first, at most `limit` rows.

        Raises:
            UnknownKey: a key that usage is not grouped by.
        """
        question = UsageQuestion(tuple(by), where, dearest_first=True, limit=limit)
        return usage.read_usage(self._reader, question)

    def cost_series(self, key: str, bucket_ms: int, where: RecordFilter) -> list[CostPoint]:
        """Cost over time by project, team or resource, for charts; by time."""
        return usage.read_cost_series(self._reader, key, bucket_ms, where)

    def main_span_ms(self, where: RecordFilter) -> tuple[int, int] | None:
        """The time in which the cost lies, but for the outermost hundredth at either end.

        A few records with a wrong clock would else squeeze everything into one corner of a chart.

        Returns:
            First and last record time inside, None where nothing cost anything.
        """
        return usage.read_main_span_ms(self._reader, where)

    def find_filter(
        self,
        *,
        under: str | None = None,
        resource: str | None = None,
        meter: str | None = None,
        **plain: int | None,
    ) -> RecordFilter:
        """A filter from names: an account's path, a resource's slug, a meter's name.

        Args:
            under: path of an account.
            resource: slug.
            meter: name.
            **plain: fields of `RecordFilter`, passed on.

        Raises:
            UnknownKey: one of them does not exist.
        """
        return RecordFilter(
            under=self._find_id("account", "accounts", "path", under),
            resource=self._find_id("resource", "resources", "slug", resource),
            meter=self._find_id("meter", "meters", "name", meter),
            **plain,  # type: ignore[arg-type]
        )

    def records(
        self, where: RecordFilter | None = None, *, limit: int = 50, before: Place | None = None
    ) -> list[Row]:
        """Records, newest first, every field by its name in docs/protocol.md.

        Args:
            where: which ones; None = all.
            limit: at most this many.
            before: (batch, position); only records settled before that one.
        """
        chosen = where or RecordFilter()
        batch, position = before or (2**62, 0)
        conditions = (
            f"{chosen.conditions()} AND"
            " (batch < $batch OR (batch = $batch AND position < $position))"
        )
        values = {**chosen.parameters(), "batch": batch, "position": position, "limit": limit}
        return self._fetch_records(conditions, _NEWEST_FIRST, values)

    def batch_records(self, batch: int, *, limit: int, first: int = 0) -> list[Row]:
        """Settled records of one batch in their order, from position `first` on."""
        return self._fetch_records(
            "batch = $batch AND position >= $first",
            _OLDEST_FIRST,
            {"batch": batch, "first": first, "limit": limit},
        )

    def record(self, meter: int, seq: int) -> Row | None:
        """One record by its meter's id and its sequence number, None where it has not settled."""
        values = {"meter": meter, "seq": seq, "limit": 1}
        found = self._fetch_records("meter = $meter AND seq = $seq", _OLDEST_FIRST, values)
        return found[0] if found else None

    def explain_record(self, record: Row) -> CostExplanation | None:
        """How a record's cost came about, by the facts its validators knew; None without rates."""
        batch = self.chain.batch(record["batch"])
        if batch is None or record["reason_code"]:
            return None
        facts = _copy_book(self._projection.fact_book).at(batch["reference_block"])
        rates = facts.resolved_at(record["resource_id"], record["charged_ms"])
        return None if rates is None else explain_cost(record, rates, flags=record["flags"])

    def alerts(
        self,
        *,
        since_ms: int | None = None,
        account: str | None = None,
        kind: str | None = None,
        limit: int = 1000,
        before: Place | None = None,
    ) -> list[Row]:
        """Alerts, newest first: {time, kind, account, value, threshold, subject, block, ...}.

        The account is None where the whole network is meant.

        Args:
            since_ms: block times from here on.
            account: path; alerts of its subtree.
            kind: one of `alerts.ALERT_KINDS`.
            limit: at most this many.
            before: (block, ordinal) of an alert; only those that came earlier.

        Raises:
            UnknownKey: no such account.
        """
        under = self._find_id("account", "accounts", "path", account)
        block, ordinal = before or (2**62, 0)
        conditions = (
            "($since_ms IS NULL OR time_ms >= $since_ms) AND ($kind IS NULL OR kind = $kind)"
            " AND ($under IS NULL OR alerts.account IN"
            " (SELECT account FROM ancestors WHERE ancestor = $under))"
            " AND (block < $block OR (block = $block AND ordinal < $ordinal))"
        )
        values = {"since_ms": since_ms, "kind": kind, "under": under, "limit": limit}
        return self._reader.fetch_all(
            _ALERTS.format(conditions=conditions, order="block DESC, ordinal DESC"),
            {**values, "block": block, "ordinal": ordinal},
        )

    def alerts_after(self, place: Place, *, limit: int) -> list[Row]:
        """Alerts that came after the one at (block, ordinal), oldest first."""
        block, ordinal = place
        return self._reader.fetch_all(
            _ALERTS.format(
                conditions="block > $block OR (block = $block AND ordinal > $ordinal)",
                order="block, ordinal",
            ),
            {"block": block, "ordinal": ordinal, "limit": limit},
        )

    def rows(
        self,
        name: str,
        *,
        account: str | None = None,
        where: Mapping[str, str] | None = None,
        limit: int = 50,
        before: Place | None = None,
    ) -> list[Row]:
        """Rows of one of `LISTS`, newest first.

        Args:
            name: such as `leases`, `epochs`, `offers` or `proposals`.
            account: path; rows of its subtree.
            where: values by column, as text.
            limit: at most this many.
            before: (block, ordinal) of a row; only those that came earlier.

        Raises:
            UnknownKey: no such list, account or column.
        """
        spec = LISTS.get(name)
        if spec is None:
            raise UnknownKey(
                "there is no such list", expected=", ".join(sorted(LISTS)), actual=name[:40]
            )
        under = self._find_id("account", "accounts", "path", account)
        addresses = self._projection.network.addresses.by_contract()
        context = Context(
            self._projection.time_ms // 1000,
            {address: contract for contract, address in addresses.items()},
        )
        question = ListQuestion(under, where or {}, limit, before)
        return read_list(self._reader, spec, question, context)

    def _fetch_records(self, conditions: str, order: str, values: dict[str, Any]) -> list[Row]:
        statement = _RECORDS.format(conditions=conditions, order=order)
        return [_finish_record(row) for row in self._reader.fetch_all(statement, values)]

    def _find_id(self, thing: str, table: str, column: str, name: str | None) -> int | None:
        """The id behind a name; None behind None."""
        if name is None:
            return None
        row = self._reader.fetch_one(
            f"SELECT {thing} AS id FROM {table} WHERE {column} = $name",  # noqa: S608 - names of ours
            {"name": name},
        )
        if row is None:
            raise UnknownKey(
                f"there is no such {thing}", expected=f"a known {column}", actual=name[:80]
            )
        return int(row["id"])


def _finish_record(row: Row) -> Row:
    """The row with names for codes, and #id for names that nobody registered."""
    for name in ("meter", "project", "resource"):
        row[name] = row[name] if row[name] is not None else f"#{row[f'{name}_id']}"
    code = row["reason"]
    return {
        **row,
        "user": usage.render_user(row["user"]),
        "mark": MARK_NAMES[row["mark"]],
        "flag_names": name_flags(row["flags"]),
        "reason": name_reason(code),
        "reason_code": code,
        "reason_words": describe_reason(code),
    }


def _copy_book(book: FactBook) -> FactBook:
    """A book for this thread alone: `FactBook.at` remembers its last answer."""
    copy = FactBook()
    for block, fact in book.dump():
        copy.announce(block, (fact,))
    return copy
