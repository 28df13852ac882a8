"""Outcomes counted from settlements: which records are a meter's, and what became of them."""

import numpy as np

from tallystick.chain.blocks import Settlement
from tallystick.client.outcomes import Outcomes
from tallystick.core.batches import BatchHeader, encode_batch, join_frames
from tallystick.core.frames import FRAME_VERSION, Frame
from tallystick.core.usage import REASON_SHIFT, Reason, create_records

METER = 3


def make_settlement(
    number: int, frames: list[tuple[int, int, list[int]]], bitmap: int
) -> Settlement:
    """A settlement of (meter, first number, cost words) frames."""
    header = BatchHeader(1, 1, 5, bytes(32), 1_000, 2_000)
    batch = join_frames(
        header,
        [
            Frame(FRAME_VERSION, bytes(32), meter, 0, first, create_records(len(words)), bytes(64))
            for meter, first, words in frames
        ],
    )
    batch.records["cost_word"] = np.concatenate([words for _, _, words in frames])
    data = encode_batch(batch)
    return Settlement(
        tx_hash="0x",
        block=9,
        block_time_s=1,
        tx_index=0,
        sender="0x",
        number=number,
        data=data,
        data_hash=bytes(32),
        signer_bitmap=7,
        attestations=(),
        settled_bitmap=bitmap,
        accumulator=bytes(32),
        records=len(batch.records),
        quarantined=0,
        cost_ucr=0,
    )


def count(outcomes: Outcomes, *settlements: Settlement) -> Outcomes:
    for settlement in settlements:
        outcomes.add_settlement(settlement)
    return outcomes


def test_outcomes_leave_out_other_meters_and_segments_that_were_skipped() -> None:
    settlement = make_settlement(0, [(METER, 0, [10, 20]), (9, 0, [5]), (METER, 2, [40])], 0b011)
    outcomes = count(Outcomes(METER, 0, 100), settlement)
    assert (outcomes.settled, outcomes.cost_ucr, outcomes.batches) == (2, 30, {0})


def test_outcomes_leave_out_numbers_that_were_not_asked_for() -> None:
    first = make_settlement(4, [(METER, 0, [1, 2, 4, 8])], 1)
    second = make_settlement(5, [(METER, 4, [16, 32, 64])], 1)
    outcomes = count(Outcomes(METER, 2, 6), first, second)
    assert (outcomes.settled, outcomes.cost_ucr, outcomes.batches) == (4, 4 + 8 + 16 + 32, {4, 5})


def test_outcomes_name_the_reasons_of_quarantine() -> None:
    words = [7, Reason.PROJECT_UNKNOWN << REASON_SHIFT, Reason.PROJECT_UNKNOWN << REASON_SHIFT]
    outcomes = count(Outcomes(METER, 0, 3), make_settlement(0, [(METER, 0, words)], 1))
    assert (outcomes.settled, outcomes.quarantined, outcomes.cost_ucr) == (1, 2, 7)
    assert dict(outcomes.reasons) == {"project_unknown": 2}
