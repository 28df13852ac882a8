"""What the chain carries, as it carries it: blocks, transactions, batches; and the search."""

from __future__ import annotations

import json
from typing import Final

from tallystick.projection.names import name_skip, name_status
from tallystick.projection.projection import Projection
from tallystick.projection.reader import Place, Reader, Row

MAX_FOUND: Final = 20
MAX_ID_DIGITS: Final = 18
END: Final = 2**62
"""Behind every block and batch: where paging starts."""

_BLOCKS: Final = """
    SELECT blocks.*, coalesce(t.transactions, 0) AS transactions, coalesce(b.batches, 0) AS batches,
        coalesce(b.records, 0)::BIGINT AS records
    FROM (SELECT * FROM blocks WHERE block < $before ORDER BY block DESC LIMIT $limit) blocks
        LEFT JOIN (SELECT block, count(*) AS transactions FROM transactions GROUP BY block) t
            USING (block)
        LEFT JOIN (
            SELECT block, count(*) AS batches, sum(records) AS records FROM batches GROUP BY block
        ) b USING (block)
    ORDER BY block DESC
"""
_TRANSACTIONS: Final = """
    SELECT transactions.*, blocks.time_s, blocks.hash AS block_hash, batches.number AS batch,
        batches.records, skips.reason AS skip_reason
    FROM transactions
        LEFT JOIN blocks ON blocks.block = transactions.block
        LEFT JOIN batches ON batches.tx_hash = transactions.hash
        LEFT JOIN skips ON skips.tx_hash = transactions.hash
"""
_BATCHES: Final = """
    SELECT batches.*, blocks.time_s, coalesce(validators.name, batches.sender) AS submitter,
        (SELECT count(*) FROM attestations a WHERE a.batch = batches.number) AS attestations
    FROM batches
        LEFT JOIN blocks ON blocks.block = batches.block
        LEFT JOIN validators ON validators.set_version = batches.set_version
            AND validators.sender = batches.sender
"""
_SEGMENTS: Final = """
    SELECT segments.*, coalesce(meters.name, '#' || segments.meter) AS meter_name,
        coalesce(quarantined, 0) AS quarantined, coalesce(cost_ucr, 0) AS cost_ucr
    FROM segments
        LEFT JOIN meters USING (meter)
        LEFT JOIN (
            SELECT s.position, count(*) FILTER (reason <> 0) AS quarantined,
                sum(cost_ucr) AS cost_ucr
            FROM segments s JOIN records r
                ON r.batch = s.batch AND r.position >= s.start AND r.position < s.start + s."count"
            WHERE s.batch = $batch AND r.batch = $batch GROUP BY s.position
        ) sums ON sums.position = segments.position
    WHERE segments.batch = $batch ORDER BY segments.position
"""
_ATTESTATIONS: Final = """
    SELECT attestations.validator, attestations.signature, validators.name, validators.attester
    FROM attestations
        JOIN batches ON batches.number = attestations.batch
        LEFT JOIN validators ON validators.set_version = batches.set_version
            AND validators.validator = attestations.validator
    WHERE attestations.batch = $batch ORDER BY attestations.validator
"""
_TOTALS: Final = """
    SELECT count(*) AS batches, coalesce(sum(records), 0)::BIGINT AS records,
        coalesce(sum(quarantined), 0)::BIGINT AS quarantined,
        coalesce(sum(cost_ucr), 0) AS cost_ucr, arg_max(accumulator, number) AS accumulator,
        (
            SELECT coalesce(sum(gas_used), 0)::BIGINT FROM transactions WHERE method = 'settle'
        ) AS gas_used
    FROM batches
"""
_SEARCH: Final = """
    SELECT kind, key, label FROM (
        SELECT 1 AS place, 'transaction' AS kind, hash AS key, hash AS label FROM transactions
            WHERE hash = $lower
        UNION ALL SELECT 2, 'block', block::VARCHAR, 'Block ' || block FROM blocks
            WHERE hash = $lower OR block = $number
        UNION ALL SELECT 3, 'batch', number::VARCHAR, 'Batch ' || number FROM batches
            WHERE data_hash = $lower OR accumulator = $lower OR number = $number
        UNION ALL SELECT 4, 'account', path, path FROM accounts
            WHERE contains(lower(path), $lower) OR account = $number
        UNION ALL SELECT 5, 'resource', slug, slug FROM resources
            WHERE starts_with(slug, $lower) OR resource = $number
        UNION ALL SELECT 6, 'meter', meter::VARCHAR, name FROM meters
            WHERE starts_with(lower(name), $lower) OR meter = $number
        UNION ALL SELECT 7, 'validator', name, name FROM validators
            WHERE (starts_with(lower(name), $lower) OR attester = $lower OR sender = $lower)
            AND set_version = (SELECT max(set_version) FROM validators)
    ) ORDER BY place, label LIMIT $limit
"""


class ChainQueries:
    """Blocks, transactions, events, batches, skips and the search."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self._reader = Reader(projection)

    def state(self) -> Row:
        """Where the index stands, what it holds, and whose chain it is."""
        network = self._projection.network
        totals = self._reader.fetch_one(_TOTALS) or {}
        head = next(iter(self.blocks(limit=1)), {})
        return {
            **totals,
            "accumulator": totals["accumulator"] or f"0x{bytes(32).hex()}",
            "block": head.get("block"),
            "block_hash": head.get("hash"),
            "block_time_s": head.get("time_s"),
            "chain_id": network.chain_id,
            "network_id": network.network_id.hex(),
            "genesis_hash": network.genesis_hash,
            "ledger": network.addresses.ledger,
            "contracts": dict(network.addresses.by_contract()),
        }

    def blocks(self, *, limit: int, before: int = END) -> list[Row]:
        """Blocks that hold something of ours, newest first."""
        return self._reader.fetch_all(_BLOCKS, {"before": before, "limit": limit})

    def block(self, number: int) -> Row | None:
        """One block, None where the index has none of this number."""
        found = self.blocks(limit=1, before=number + 1)
        return found[0] if found and found[0]["block"] == number else None

    def block_transactions(self, number: int) -> list[Row]:
        """The block's transactions to our contracts, in their order."""
        return self._reader.fetch_all(
            f"{_TRANSACTIONS} WHERE transactions.block = $block ORDER BY transactions.position",
            {"block": number},
        )

    def transactions(self, *, limit: int, before: Place = (END, 0)) -> list[Row]:
        """Transactions to our contracts, newest first; `before` is (block, position)."""
        block, position = before
        return self._reader.fetch_all(
            f"{_TRANSACTIONS} WHERE transactions.block < $block"
            " OR (transactions.block = $block AND transactions.position < $position)"
            " ORDER BY transactions.block DESC, transactions.position DESC LIMIT $limit",
            {"block": block, "position": position, "limit": limit},
        )

    def transaction(self, tx_hash: str) -> Row | None:
        """One transaction with its events, None where it is none of ours."""
        row = self._reader.fetch_one(
            f"{_TRANSACTIONS} WHERE transactions.hash = $hash", {"hash": tx_hash}
        )
        if row is None:
            return None
        events = self._reader.fetch_all(
            "SELECT log_index, contract, name, args FROM events WHERE tx_hash = $hash"
            " ORDER BY block, log_index",
            {"hash": tx_hash},
        )
        return {
            **row,
            "skip_name": None if row["skip_reason"] is None else name_skip(row["skip_reason"]),
            "events": [{**event, "args": json.loads(event["args"])} for event in events],
        }

    def batches(self, *, limit: int, before: int = END) -> list[Row]:
        """Settled batches, newest first."""
        return self._reader.fetch_all(
            f"{_BATCHES} WHERE number < $before ORDER BY number DESC LIMIT $limit",
            {"before": before, "limit": limit},
        )

    def batch(self, number: int) -> Row | None:
        """One settled batch, None where there is none of this number."""
        return self._reader.fetch_one(f"{_BATCHES} WHERE number = $number", {"number": number})

    def segments(self, batch: int) -> list[Row]:
        """The batch's segments in their order: one signed frame each."""
        found = self._reader.fetch_all(_SEGMENTS, {"batch": batch})
        return [{**row, "status_name": name_status(row["status"])} for row in found]

    def attestations(self, batch: int) -> list[Row]:
        """Who attested a batch, by index in the validator set."""
        return self._reader.fetch_all(_ATTESTATIONS, {"batch": batch})

    def skips(self, *, limit: int) -> list[Row]:
        """Batches that were skipped whole, newest first."""
        found = self._reader.fetch_all(
            "SELECT * FROM skips ORDER BY block DESC, tx_hash LIMIT $limit", {"limit": limit}
        )
        return [{**row, "reason_name": name_skip(row["reason"])} for row in found]

    def search(self, text: str) -> list[Row]:
        """What a person may mean by `text`: a hash, an id, a name or part of a path.

        Returns:
            At most 20 rows {kind, key, label}; kinds are transaction, block, batch, account,
            resource, meter, validator.
        """
        is_number = text.isascii() and text.isdigit() and len(text) <= MAX_ID_DIGITS
        number = int(text) if is_number else None
        return self._reader.fetch_all(
            _SEARCH, {"lower": text.lower(), "number": number, "limit": MAX_FOUND}
        )
