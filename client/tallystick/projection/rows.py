"""Blocks as rows of their tables, but for settlements. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from tallystick.chain.blocks import Block
from tallystick.chain.decode import Event
from tallystick.projection.settlements import SettledBatch

Row = tuple[Any, ...]

_BUDGET_CONTRACTS: Final = frozenset({"Budgets", "BudgetState", "Leases"})
_ACCOUNT_ARGUMENTS: Final = ("account", "project", "from", "to", "organisation")
_PLAIN_TYPES: Final = frozenset({int, str, bool})
_HOLDER_PREFIX: Final = "0x" + b"tallystick/acct:".hex()


def block_row(block: Block) -> Row:
    """The block's row."""
    return (
        block.number,
        block.hash,
        block.parent_hash,
        block.time_s,
        block.gas_used,
        block.gas_limit,
    )


def transaction_rows(block: Block) -> Iterator[Row]:
    """A row per transaction."""
    for sent in block.transactions:
        yield (
            sent.block,
            sent.index,
            sent.hash,
            sent.sender,
            sent.to,
            sent.method,
            sent.gas_used,
            sent.succeeded,
        )


def event_rows(block: Block) -> Iterator[Row]:
    """A row per event, its arguments as JSON."""
    for event in block.events:
        yield (
            event.block,
            event.log_index,
            event.tx_hash,
            event.contract,
            event.name,
            encode_arguments(event.args),
        )


def skip_rows(block: Block) -> Iterator[Row]:
    """A row per batch that was skipped whole."""
    for skip in block.skips:
        yield skip.block, skip.tx_hash, skip.sender, _hex(skip.data_hash), skip.reason


def batch_row(batch: SettledBatch) -> Row:
    """The batch's row; records, quarantined and cost are those of its settled segments."""
    settlement, header, columns = batch.settlement, batch.header, batch.columns
    return (
        settlement.block,
        settlement.number,
        settlement.tx_hash,
        settlement.tx_index,
        settlement.sender,
        _hex(settlement.data_hash),
        _hex(settlement.accumulator),
        hex(settlement.signer_bitmap),
        settlement.settled_bitmap,
        header.set_version,
        header.rules_version,
        header.reference_block,
        _hex(header.reference_hash),
        header.batch_time_ms,
        header.valid_until_ms,
        len(batch.segments),
        len(columns["seq"]),
        int((columns["reason"] != 0).sum()),
        int(columns["cost_ucr"].sum()),
        len(settlement.data),
    )


def segment_rows(batch: SettledBatch) -> Iterator[Row]:
    """A row per segment, settled or not."""
    settlement = batch.settlement
    for position, segment in enumerate(batch.segments):
        yield (
            settlement.block,
            settlement.number,
            position,
            segment.start,
            int(batch.statuses[position]),
            segment.version,
            segment.meter,
            segment.key_index,
            segment.first_seq,
            segment.count,
            _hex(segment.signature),
        )


def attestation_rows(batch: SettledBatch) -> Iterator[Row]:
    """A row per attestation, with the signer's index in the validator set."""
    settlement = batch.settlement
    bitmap = settlement.signer_bitmap
    signers = [index for index in range(bitmap.bit_length()) if bitmap >> index & 1]
    for signer, attestation in zip(signers, settlement.attestations, strict=True):
        yield settlement.block, settlement.number, signer, _hex(attestation)


def find_touched_accounts(events: Iterable[Event]) -> Iterator[int]:
    """The accounts whose budgets, leases or credits the events moved."""
    for event in events:
        if event.contract in _BUDGET_CONTRACTS:
            yield from (event.args[name] for name in _ACCOUNT_ARGUMENTS if name in event.args)
        elif event.name == "Transfer" and event.contract == "Credits":
            for holder in (event.args["sender"], event.args["receiver"]):
                if holder.startswith(_HOLDER_PREFIX):
                    yield int(holder[len(_HOLDER_PREFIX) :], 16)


def encode_arguments(arguments: Mapping[str, Any]) -> str:
    """An event's arguments as JSON: integers of any size, bytes as 0x hex.

    Nearly all events of a settlement carry plain values only, and a settlement has hundreds.
    """
    if all(type(value) in _PLAIN_TYPES for value in arguments.values()):
        return msgspec.json.encode(arguments).decode()
    return _ENCODER.encode(arguments)


def _hex(value: bytes) -> str:
    return f"0x{value.hex()}"


_ENCODER: Final = json.JSONEncoder(default=_hex, separators=(",", ":"))
