"""Reads that belong together: asked at one block, at the newest where the node has forgotten it."""

from collections.abc import Sequence

import pytest
from tests.unit.chain.test_decode import ADDRESSES, word
from tests.unit.chain.test_reverts import selector_of

from tallystick.chain.bindings.cursors import Cursors
from tallystick.chain.errors import NotFound, RpcRefused
from tallystick.chain.reader import reading_together
from tallystick.chain.rpc import Call

VIEWS = [Cursors(ADDRESSES.cursors).batch_count(), Cursors(ADDRESSES.cursors).batch_count()]
ONE, TWO = f"0x{word(1).hex()}", f"0x{word(2).hex()}"
FORGOTTEN = RpcRefused(-32000, "missing trie node 12ab")


def tags_of(calls: Sequence[Call]) -> list[object]:
    return [params[1] for _, params in calls]


def test_reads_are_pinned_to_the_head() -> None:
    dialogue = reading_together(VIEWS)
    assert list(next(dialogue)) == [("eth_blockNumber", ())]
    calls = dialogue.send(["0x1f"])
    assert tags_of(calls) == ["0x1f", "0x1f"]
    with pytest.raises(StopIteration) as end:
        dialogue.send([ONE, TWO])
    assert end.value.value == (31, [1, 2])


def test_reads_fall_back_to_the_newest_block_when_state_is_gone() -> None:
    dialogue = reading_together(VIEWS)
    next(dialogue)
    dialogue.send(["0x1f"])
    calls = dialogue.send([ONE, FORGOTTEN])
    assert tags_of(calls) == ["latest", "latest"]
    with pytest.raises(StopIteration) as end:
        dialogue.send([TWO, TWO])
    assert end.value.value == (31, [2, 2])


def test_reads_raise_when_the_newest_block_is_refused_too() -> None:
    dialogue = reading_together(VIEWS)
    next(dialogue)
    dialogue.send(["0x1f"])
    dialogue.send([ONE, FORGOTTEN])
    with pytest.raises(RpcRefused):
        dialogue.send([ONE, FORGOTTEN])


def test_revert_is_an_answer_and_not_asked_again() -> None:
    revert = f"0x{(selector_of('MeterUnknown') + word(9)).hex()}"
    dialogue = reading_together(VIEWS)
    next(dialogue)
    dialogue.send(["0x1f"])
    with pytest.raises(NotFound):
        dialogue.send([ONE, RpcRefused(3, "execution reverted", revert)])
