"""The ledger played again from its events and calldata, every step held to the protocol. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tallystick.chain.blocks import Block, Settlement
from tallystick.chain.decode import Event
from tallystick.chain.pages import SETTLED_EVENT
from tallystick.core.batches import Batch
from tallystick.core.facts import FactBook
from tallystick.core.settlement import (
    Cursor,
    compute_accumulator,
    compute_settled_bitmap,
    compute_statuses,
)
from tallystick.verify.batch_checks import (
    Case,
    Identity,
    check_attestations,
    check_frames,
    check_in_force,
    check_reference_block,
    check_totals,
    check_verdicts,
    compute_costs_ucr,
    decode_settlement,
)
from tallystick.verify.credit_book import CreditBook
from tallystick.verify.verdict import Check, Disagreement


@dataclass(slots=True)
class Position:
    """Where the replay stands: everything that the chain's newest state is compared with."""

    block: int = -1
    block_hash: str = ""
    time_s: int = 0
    batches: int = 0
    records: int = 0
    accumulator: bytes = bytes(32)
    cursors: dict[int, Cursor] = field(default_factory=dict)
    own_costs_ucr: Counter[int] = field(default_factory=Counter)
    """Recomputed cost of settled records by project."""
    credit_book: CreditBook = field(default_factory=CreditBook)


class Replay:
    """Takes blocks in order and tells what in them does not agree.

    After a disagreement it goes on from what the chain claims, so that one fault is told once.

    Args:
        identity: the ledger's.
        position: where to go on.
        book: the facts announced up to there.
    """

    def __init__(
        self, identity: Identity, position: Position | None = None, book: FactBook | None = None
    ) -> None:
        self._identity = identity
        self.position = position or Position()
        self.book = book or FactBook()

    def apply(
        self,
        block: Block,
        batches: Mapping[int, Batch | Disagreement],
        hash_by_number: Mapping[int, str],
    ) -> Iterator[Disagreement]:
        """The replay stands at the end of `block`; gives what disagrees on the way.

        Args:
            block: the one after the position's.
            batches: `decode_settlement` of the block's settlements, by batch number.
            hash_by_number: of every block that one of the batches refers to.
        """
        self.book.announce(block.number, block.facts)
        settlements = {settlement.number: settlement for settlement in block.settlements}
        for event in block.events:
            match event.contract, event.name:
                case "UsageLedger", name if name == SETTLED_EVENT:
                    number = event.args["number"]
                    yield from self._count(event)
                    if number in settlements:
                        yield from self._settle(
                            settlements[number], batches[number], hash_by_number
                        )
                    else:  # unreadable, and already told
                        self.position.accumulator = event.args["accumulator"]
                case "Registry", "MeterKeySet":
                    self._rotate_key(event)
                case "Credits", "Transfer":
                    self.position.credit_book.apply_transfer(event.args)
        self.position.block, self.position.block_hash = block.number, block.hash
        self.position.time_s = block.time_s

    def _count(self, event: Event) -> Iterator[Disagreement]:
        """The batch carries the number after the one before it."""
        number = event.args["number"]
        if number != self.position.batches:
            yield Disagreement(
                Check.BATCH_NUMBER,
                self.position.batches,
                number,
                batch=self.position.batches,
                block=event.block,
                what="the next batch on chain",
            )
        self.position.batches = number + 1

    def _rotate_key(self, event: Event) -> None:
        meter = event.args["meter"]
        cursor = self.position.cursors.get(meter) or Cursor()
        self.position.cursors[meter] = Cursor(cursor.next_seq, event.args["keyIndex"])

    def _settle(
        self,
        settlement: Settlement,
        batch: Batch | Disagreement,
        hash_by_number: Mapping[int, str],
    ) -> Iterator[Disagreement]:
        if isinstance(batch, Disagreement):
            yield batch
            yield from self._absorb(settlement, settlement.settled_bitmap)
            return
        case = Case(
            settlement,
            batch,
            self.book.at(min(batch.header.reference_block, settlement.block)),
            (self.book.at(settlement.block - 1), self.book.at(settlement.block)),
        )
        verdict_disagreement, words = check_verdicts(case)
        yield from _only(
            check_in_force(case),
            check_attestations(case, self._identity),
            check_reference_block(case, hash_by_number),
            check_frames(case, self._identity.network_id),
            verdict_disagreement,
        )
        yield from self._advance(case, words)

    def _advance(self, case: Case, words: NDArray[np.uint64]) -> Iterator[Disagreement]:
        """Cursors, sums and accumulator move on over one batch."""
        settlement, segments = case.settlement, case.batch.segments
        statuses, moved = compute_statuses(self.position.cursors, segments)
        bitmap = compute_settled_bitmap(statuses)
        if bitmap != settlement.settled_bitmap:
            differing = bitmap ^ settlement.settled_bitmap
            place = (differing & -differing).bit_length() - 1
            yield case.disagree(
                Check.SETTLED_SEGMENTS,
                f"{bitmap:#x}",
                f"{settlement.settled_bitmap:#x}",
                segment=place,
                what="bitmap of settled segments",
            )
            moved = {
                segment.meter: Cursor(segment.end_seq, segment.key_index)
                for place, segment in enumerate(segments)
                if settlement.settled_bitmap >> place & 1
            }
        self.position.cursors.update(moved)
        is_settled = np.repeat(
            [bool(settlement.settled_bitmap >> i & 1) for i in range(len(segments))],
            [segment.count for segment in segments],
        )
        settled_words = words[is_settled]
        self.position.records += len(settled_words)
        self._add_costs(case.batch.records["project"][is_settled], settled_words)
        yield from _only(check_totals(case, settled_words))
        yield from self._absorb(settlement, settlement.settled_bitmap)

    def _add_costs(self, projects: NDArray[np.uint32], words: NDArray[np.uint64]) -> None:
        costs = compute_costs_ucr(words)
        distinct, place = np.unique(projects, return_inverse=True)
        low, high = np.zeros((2, len(distinct)), dtype=np.uint64)
        np.add.at(low, place, costs & np.uint64(0xFFFFFFFF))
        np.add.at(high, place, costs >> np.uint64(32))
        for project, low_ucr, high_part in zip(
            distinct.tolist(), low.tolist(), high.tolist(), strict=True
        ):
            self.position.own_costs_ucr[project] += low_ucr + (high_part << 32)

    def _absorb(self, settlement: Settlement, bitmap: int) -> Iterator[Disagreement]:
        expected = compute_accumulator(self.position.accumulator, settlement.data_hash, bitmap)
        if expected != settlement.accumulator:
            yield Disagreement(
                Check.ACCUMULATOR,
                expected.hex(),
                settlement.accumulator.hex(),
                batch=settlement.number,
                block=settlement.block,
            )
        self.position.accumulator = settlement.accumulator


def decode_settlements(blocks: Iterable[Block]) -> dict[int, Batch | Disagreement]:
    """The batches of all settlements in the blocks, by number."""
    return {
        settlement.number: decode_settlement(settlement)
        for block in blocks
        for settlement in block.settlements
    }


def _only(*found: Disagreement | None) -> Iterator[Disagreement]:
    return (each for each in found if each is not None)
