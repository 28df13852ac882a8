"""Records that were corrected later, read again from the settlement they are in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tallystick.chain.assembly import Assembler
from tallystick.chain.blocks import Block, Settlement
from tallystick.chain.network import Network
from tallystick.chain.pages import PageReader
from tallystick.core.batches import Batch
from tallystick.core.corrections import SettledRecord
from tallystick.verify.batch_checks import decode_settlement
from tallystick.verify.books.corrections import CORRECTIONS
from tallystick.verify.replay import Position
from tallystick.verify.verdict import Disagreement

Place = tuple[int, int]
"""(meter, sequence number)"""


class CorrectedRecords:
    """Finds settled records by their place.

    Args:
        pages: of the chain.
        network: whose chain it is.
    """

    def __init__(self, pages: PageReader, network: Network) -> None:
        self._pages = pages
        self._assembler = Assembler(network, lambda _: None)

    async def find(
        self,
        blocks: Sequence[Block],
        batches: Mapping[int, Batch | Disagreement],
        position: Position,
    ) -> dict[Place, SettledRecord]:
        """The records that events of these blocks correct; those that never settled are missing.

        Args:
            blocks: a page, to be applied at the position.
            batches: of the page's settlements.
            position: where the replay stands.
        """
        found: dict[Place, SettledRecord] = {}
        settlements = [settlement for block in blocks for settlement in block.settlements]
        for place in _list_corrected(blocks):
            record = _find_in(place, settlements, batches)
            if record is None:
                record = await self._read(place, position)
            if record is not None:
                found[place] = record
        return found

    async def _read(self, place: Place, position: Position) -> SettledRecord | None:
        """The record as an earlier block settled it."""
        number = position.find_batch(*place)
        block = None if number is None else position.batch_blocks.get(number)
        if block is None:
            return None
        page = await self._pages.read(block, block)
        settlements = self._assembler.assemble(page)[0].settlements
        batches = {each.number: decode_settlement(each) for each in settlements}
        return _find_in(place, settlements, batches)


def _list_corrected(blocks: Iterable[Block]) -> Iterator[Place]:
    return (
        (event.args["meter"], event.args["seq"])
        for block in blocks
        for event in block.events
        if (event.contract, event.name) in CORRECTIONS
    )


def _find_in(
    place: Place,
    settlements: Iterable[Settlement],
    batches: Mapping[int, Batch | Disagreement],
) -> SettledRecord | None:
    """The record, where one of these settled it."""
    meter, seq = place
    for settlement in settlements:
        batch = batches[settlement.number]
        if isinstance(batch, Disagreement):
            continue
        for number, segment in enumerate(batch.segments):
            is_settled = settlement.settled_bitmap >> number & 1
            if is_settled and segment.meter == meter and segment.first_seq <= seq < segment.end_seq:
                row = segment.start + seq - segment.first_seq
                record = batch.records[row : row + 1]
                return SettledRecord(meter, seq, record, batch.header.batch_time_ms)
    return None
