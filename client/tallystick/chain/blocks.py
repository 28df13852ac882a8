"""The chain as data: what the follower hands on, one `Block` at a time."""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.chain.decode import Event
from tallystick.core.facts import Fact


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction that left an event of ours; `method` is empty where it called none of ours."""

    hash: str
    block: int
    index: int
    sender: str
    to: str | None
    method: str
    gas_used: int | None
    """Known only where somebody asked for the receipt."""
    succeeded: bool | None
    """None where nobody asked."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """A settle transaction in which at least one segment settled, with the calldata it carried."""

    tx_hash: str
    block: int
    block_time_s: int
    tx_index: int
    sender: str
    number: int
    """How many batches the ledger had absorbed before this one."""
    data: bytes
    data_hash: bytes
    signer_bitmap: int
    attestations: tuple[bytes, ...]
    settled_bitmap: int
    accumulator: bytes
    records: int
    """Settled records, as the ledger announced them."""
    quarantined: int
    cost_ucr: int
    ledger: str = ""
    """The address of the ledger that settled it."""


@dataclass(frozen=True, slots=True)
class Skip:
    """A batch that the ledger skipped whole; `reason` is a `core.settlement.SkipReason`."""

    tx_hash: str
    block: int
    sender: str
    data_hash: bytes
    reason: int


@dataclass(frozen=True, slots=True)
class Block:
    """One block; its transactions are those that left an event of ours."""

    number: int
    hash: str
    parent_hash: str
    time_s: int
    gas_used: int
    gas_limit: int
    transactions: tuple[Transaction, ...]
    events: tuple[Event, ...]
    facts: tuple[Fact, ...]
    settlements: tuple[Settlement, ...]
    skips: tuple[Skip, ...]


@dataclass(frozen=True, slots=True)
class Advanced:
    """The chain went on: these blocks in order, while its head stands at `head`."""

    blocks: tuple[Block, ...]
    head: int


@dataclass(frozen=True, slots=True)
class Unwound:
    """The chain took blocks back: everything after `to_block` is gone."""

    to_block: int
