"""What became of a meter's records, counted from the settlements themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from tallystick.chain.blocks import Advanced, Block, Settlement, Unwound
from tallystick.chain.errors import ChainMoved
from tallystick.chain.follower import Follower
from tallystick.chain.network import Network
from tallystick.chain.rpc import Rpc
from tallystick.core.batches import Segment, decode_batch
from tallystick.core.usage import Reason, Records, read_costs_ucr, read_reasons


@dataclass
class Outcomes:
    """Counts over a meter's sequence numbers [first_seq, end_seq)."""

    meter: int
    first_seq: int
    end_seq: int
    settled: int = 0
    cost_ucr: int = 0
    gas_used: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    batches: set[int] = field(default_factory=set)

    @property
    def quarantined(self) -> int:
        """Records that kept their place with cost 0."""
        return sum(self.reasons.values())

    def add_blocks(self, blocks: Iterable[Block]) -> None:
        """What these blocks settled is counted."""
        for block in blocks:
            for settlement in block.settlements:
                self.add_settlement(settlement)

    def add_settlement(self, settlement: Settlement) -> None:
        """What this settlement settled is counted."""
        batch = decode_batch(settlement.data)
        for place, segment in enumerate(batch.segments):
            if segment.meter == self.meter and settlement.settled_bitmap >> place & 1:
                mine = self._cut(segment, batch.records)
                if len(mine):
                    self.batches.add(settlement.number)
                    self._count(mine)

    def _cut(self, segment: Segment, records: Records) -> Records:
        """The segment's records whose numbers are asked for."""
        first = max(self.first_seq - segment.first_seq, 0)
        end = min(self.end_seq - segment.first_seq, segment.count)
        return records[segment.start + first : segment.start + max(first, end)]

    def _count(self, records: Records) -> None:
        codes, counts = np.unique(read_reasons(records), return_counts=True)
        for code, count in zip(codes.tolist(), counts.tolist(), strict=True):
            if code == Reason.VALUED:
                self.settled += count
            else:
                self.reasons[name_reason(code)] += count
        self.cost_ucr += int(read_costs_ucr(records).sum(dtype=np.uint64))


async def count_outcomes(
    rpc: Rpc, network: Network, outcomes: Outcomes, from_block: int
) -> Outcomes:
    """The outcomes of everything settled since a block.

    Args:
        rpc: the chain.
        network: whose ledger.
        outcomes: empty; says which records are asked for.
        from_block: the first block to look at.
    """
    follower = Follower(rpc, network, from_block=from_block)
    while True:
        try:
            step = await follower.poll()
        except ChainMoved:
            step = Unwound(from_block)
        match step:
            case Advanced(blocks=blocks):
                outcomes.add_blocks(blocks)
            case Unwound():
                fresh = Outcomes(outcomes.meter, outcomes.first_seq, outcomes.end_seq)
                return await count_outcomes(rpc, network, fresh, from_block)
            case None:
                return outcomes


def name_reason(code: int) -> str:
    """A reason code's name, `reason_<code>` where these rules know none."""
    return Reason(code).name.lower() if code in set(Reason) else f"reason_{code}"
