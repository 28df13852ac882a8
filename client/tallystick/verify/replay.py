"""The ledger played again from its events and calldata, every step held to the protocol. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tallystick.chain.blocks import Block, Settlement
from tallystick.chain.decode import Event
from tallystick.chain.pages import SETTLED_EVENT
from tallystick.core.batches import Batch
from tallystick.core.corrections import SettledRecord
from tallystick.core.facts import FactBook, Facts
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
    check_suspended,
    check_totals,
    check_verdicts,
    compute_costs_ucr,
    decode_settlement,
    sum_exactly,
)
from tallystick.verify.books.corrections import CORRECTIONS
from tallystick.verify.books.economy import KEPT, Economy, Surroundings
from tallystick.verify.books.finding import Finding, compare
from tallystick.verify.books.flows import FlowBook
from tallystick.verify.credit_book import CreditBook
from tallystick.verify.verdict import Check, Disagreement

RECENT_BLOCKS: Final = 600
"""Facts that changed within these may not have been known when a correction was attested."""


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
    economy: Economy = field(default_factory=Economy)
    suspended: dict[str, int] = field(default_factory=dict)
    """Until when, in Unix seconds, by attester; one at a time."""
    segments: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    """(first sequence number, batch) of settled segments, by meter: where its records are."""
    batch_blocks: dict[int, int] = field(default_factory=dict)
    """The block of every batch."""

    def find_batch(self, meter: int, seq: int) -> int | None:
        """The batch in which a record settled, None where it has not."""
        cursor = self.cursors.get(meter)
        if cursor is None or not 0 <= seq < cursor.next_seq:
            return None
        kept = self.segments.get(meter, [])
        place = bisect_right(kept, seq, key=lambda segment: segment[0])
        return kept[place - 1][1] if place else None


class Replay:
    """Takes blocks in order and tells what in them does not agree.

    After a disagreement it goes on from what the chain claims, so that one fault is told once.

    Args:
        identity: the ledger's.
        position: where to go on.
        book: the facts announced up to there.
        index_epoch_s: length of the price index's epochs.
    """

    def __init__(
        self,
        identity: Identity,
        position: Position | None = None,
        book: FactBook | None = None,
        *,
        index_epoch_s: int = 0,
    ) -> None:
        self._identity = identity
        self._index_epoch_s = index_epoch_s
        self._lifetime_ucr: Counter[int] | None = None
        self._flows = FlowBook()
        self._drawn_ucr: Counter[tuple[str, int]] = Counter()
        self.position = position or Position()
        self.book = book or FactBook()

    def apply(
        self,
        block: Block,
        batches: Mapping[int, Batch | Disagreement],
        hash_by_number: Mapping[int, str],
        records: Mapping[tuple[int, int], SettledRecord] | None = None,
    ) -> Iterator[Disagreement]:
        """The replay stands at the end of `block`; gives what disagrees on the way.

        Args:
            block: the one after the position's.
            batches: `decode_settlement` of the block's settlements, by batch number.
            hash_by_number: of every block that one of the batches refers to.
            records: those that the block corrects, by meter and sequence number.
        """
        self.book.announce(block.number, block.facts)
        settlements = {settlement.number: settlement for settlement in block.settlements}
        surroundings = self._describe_surroundings(block)
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
                case "ValidatorSet", "KeySuspended":
                    self.position.suspended = {event.args["attester"]: event.args["untilS"]}
                case place if place in CORRECTIONS:
                    yield from _locate(self._correct(event, block, records or {}), event)
                case "Budgets", "ProjectCharged":
                    charged = event.tx_hash, event.args["project"]
                    self._drawn_ucr[charged] -= event.args["fromLeaseUcr"]
            economy = self.position.economy
            self._flows.apply(event, economy.swaps, economy.desk)
            if event.contract in KEPT:
                yield from _locate(economy.apply(event, surroundings), event)
        yield from self._check_block(block)
        self.position.block, self.position.block_hash = block.number, block.hash
        self.position.time_s = block.time_s

    def _check_block(self, block: Block) -> Iterator[Disagreement]:
        """What must hold between the block's transactions."""
        findings = list(self._flows.check_block())
        findings += self.position.economy.check_block(block.events, self.position.credit_book)
        for (_, project), off_ucr in self._drawn_ucr.items():
            what = f"covered by leases of project {project}, less or more than settled, ucr"
            findings += compare(Check.LEASES, 0, off_ucr, what)
        self._drawn_ucr.clear()
        for found in findings:
            yield Disagreement(
                found.check, found.expected, found.actual, block=block.number, what=found.what
            )

    def _describe_surroundings(self, block: Block) -> Surroundings:
        return Surroundings(
            block.time_s,
            self._compute_lifetime_ucr,
            lambda epoch: self._list_attesters(block, epoch),
            lambda account: next(iter(self.book.at(block.number).path_ids(account)), 0),
            self._index_epoch_s,
        )

    def note_costs_changed(self) -> None:
        """What accounts have spent is to be added up anew."""
        self._lifetime_ucr = None

    def _compute_lifetime_ucr(self, account: int) -> int:
        """What an account has spent so far; added up anew only after something settled."""
        if self._lifetime_ucr is None:
            facts = self.book.at(self.position.block + 1)
            self._lifetime_ucr = compute_lifetime_spent(self.position.own_costs_ucr, facts)
        return self._lifetime_ucr[account]

    def _list_attesters(self, block: Block, epoch: int) -> list[str]:
        """Of the set in force at an index epoch's end, without a key suspended now."""
        ended_ms = (epoch + 1) * self._index_epoch_s * 1000 - 1
        known = self.book.at(block.number).validator_sets.at(ended_ms)
        return [
            "" if self._is_suspended(validator.attester, block.time_s) else validator.attester
            for validator in (known.validators if known else ())
        ]

    def _is_suspended(self, attester: str, time_s: int) -> bool:
        return time_s < self.position.suspended.get(attester, 0)

    def _correct(
        self, event: Event, block: Block, records: Mapping[tuple[int, int], SettledRecord]
    ) -> Iterator[Finding]:
        """One correction: judged anew, charged and drawn like a settlement of one record."""
        args = event.args
        yield from self.position.economy.corrections.apply(
            event, records, self._list_recent_facts(block.number), block.time_s * 1000
        )
        if event.name == "RecordReleased":
            self._charge({(args["project"], args["meter"]): args["costUcr"]}, event.tx_hash)
            self.position.own_costs_ucr[args["project"]] += args["costUcr"]
            self._lifetime_ucr = None

    def _list_recent_facts(self, number: int) -> list[Facts]:
        """Facts now, and before each change of the last blocks."""
        changed = {block for block, _ in self.book.dump() if block > number - RECENT_BLOCKS}
        return [self.book.at(at) for at in (number, *(each - 1 for each in sorted(changed)))]

    def _charge(self, costs_ucr: Mapping[tuple[int, int], int], tx_hash: str) -> None:
        """Leases are drawn down by what settled for their meters, as a transaction must tell."""
        for project, drawn_ucr in self.position.economy.leases.draw(costs_ucr).items():
            self._drawn_ucr[tx_hash, project] += drawn_ucr

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
            {a for a in self.position.suspended if self._is_suspended(a, settlement.block_time_s)},
        )
        verdict_disagreement, words = check_verdicts(case)
        yield from _only(
            check_in_force(case),
            check_attestations(case, self._identity),
            check_suspended(case),
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
        self._note_segments(case)
        self._draw_leases(case, is_settled)
        settled_words = words[is_settled]
        self.position.records += len(settled_words)
        self._add_costs(case.batch.records["project"][is_settled], settled_words)
        yield from _only(check_totals(case, settled_words))
        yield from self._absorb(settlement, settlement.settled_bitmap)

    def _note_segments(self, case: Case) -> None:
        """Where the settled records are, to be found again when they are corrected."""
        settlement = case.settlement
        self.position.batch_blocks[settlement.number] = settlement.block
        for place, segment in enumerate(case.batch.segments):
            if settlement.settled_bitmap >> place & 1:
                kept = self.position.segments.setdefault(segment.meter, [])
                if not kept or kept[-1][1] != settlement.number:
                    kept.append((segment.first_seq, settlement.number))

    def _draw_leases(self, case: Case, is_settled: NDArray[np.bool_]) -> None:
        """By the costs that the chain charged, right or wrong."""
        if not self.position.economy.leases.left_ucr:
            return
        words = case.batch.records["cost_word"].astype(np.uint64)[is_settled]
        pairs = (case.batch.records["project"].astype(np.uint64) << np.uint64(32))[is_settled]
        pairs |= case.batch.meters().astype(np.uint64)[is_settled]
        self._charge(
            {
                divmod(pair, 1 << 32): sum_exactly(compute_costs_ucr(words[pairs == pair]))
                for pair in np.unique(pairs).tolist()
            },
            case.settlement.tx_hash,
        )

    def _add_costs(self, projects: NDArray[np.uint32], words: NDArray[np.uint64]) -> None:
        self.note_costs_changed()
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


def _locate(findings: Iterable[Finding], event: Event) -> Iterator[Disagreement]:
    """What a book found, at its block."""
    for found in findings:
        yield Disagreement(
            found.check, found.expected, found.actual, block=event.block, what=found.what
        )


def compute_lifetime_spent(own_costs_ucr: Counter[int], facts: Facts) -> Counter[int]:
    """What every account has spent: its own costs and those of everything below it (I4)."""
    spent: Counter[int] = Counter()
    for project, cost_ucr in own_costs_ucr.items():
        for account in facts.path_ids(project):
            spent[account] += cost_ucr
    return spent


def _only(*found: Disagreement | None) -> Iterator[Disagreement]:
    return (each for each in found if each is not None)
