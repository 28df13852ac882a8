"""What a meter's frames came to, by the chain alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.integration.node.nodes import read_blocks
from tests.network.ground import Ground

from tallystick.core.batches import Batch, Segment, decode_batch
from tallystick.core.usage import Reason, read_reasons

COST_MASK: Final = (1 << 55) - 1


@dataclass(frozen=True)
class SettledSegment:
    """What one frame came to, by the chain alone."""

    first_seq: int
    end_seq: int
    reasons: frozenset[Reason]
    cost_ucr: int


def read_settled(ground: Ground, meter: int) -> list[SettledSegment]:
    """Everything that the meter settled, in order."""
    meter_id, found = ground.net.meters[meter].id, []
    for block in read_blocks(ground.net):
        for settlement in block.settlements:
            batch = decode_batch(settlement.data)
            found += [
                describe(batch, part)
                for place, part in enumerate(batch.segments)
                if settlement.settled_bitmap >> place & 1 and part.meter == meter_id
            ]
    return found


def describe(batch: Batch, segment: Segment) -> SettledSegment:
    records = batch.records[segment.start : segment.start + segment.count]
    reasons = frozenset(Reason(each) for each in read_reasons(records).tolist())
    cost_ucr = sum(word & COST_MASK for word in records["cost_word"].tolist())
    return SettledSegment(segment.first_seq, segment.end_seq, reasons, cost_ucr)
