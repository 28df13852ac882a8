"""The local chain's log: what a crash may cut off, and what a reorganisation replaces."""

from pathlib import Path

import pytest

from tallystick.local.chain_log import ChainLog, LoggedBlock, read_blocks
from tallystick.local.entries import read_entries
from tallystick.local.errors import ChainLogBroken


def make_block(number: int, fork: str = "a") -> LoggedBlock:
    return LoggedBlock(
        number, 1_000 + number, f"0x{fork}{number}", [f"{fork}{number}".encode() * 40]
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "blocks.log"


def test_log_refuses_a_block_whose_parent_it_lacks(path: Path) -> None:
    log = ChainLog(path)
    log.append([make_block(1)])
    with pytest.raises(ChainLogBroken):
        log.append([make_block(3)])
    log.close()
    assert read_blocks(path) == [make_block(1)]


def test_log_gives_back_its_blocks(path: Path) -> None:
    blocks = [make_block(number) for number in range(1, 6)]
    log = ChainLog(path)
    log.append(blocks[:2])
    log.append(blocks[2:])
    log.close()
    assert read_blocks(path) == blocks


def test_log_forgets_blocks_that_were_replaced(path: Path) -> None:
    log = ChainLog(path)
    log.append([make_block(number) for number in range(1, 6)])
    log.append([make_block(3, "b")])
    assert log.next_number == 4
    log.close()
    assert read_blocks(path) == [make_block(1), make_block(2), make_block(3, "b")]


def test_log_survives_being_cut_anywhere(path: Path) -> None:
    blocks = [make_block(number) for number in range(1, 4)]
    log = ChainLog(path)
    log.append(blocks)
    log.close()
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        found = read_blocks(path)
        assert found == blocks[: len(found)]
        log = ChainLog(path)
        log.append(blocks[len(found) :])
        log.close()
        assert read_blocks(path) == blocks


def test_entry_that_was_damaged_ends_the_file(path: Path) -> None:
    log = ChainLog(path)
    log.append([make_block(1), make_block(2)])
    log.close()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert len(read_entries(path)[0]) == 1


def test_entry_after_a_damaged_one_never_comes_back(path: Path) -> None:
    log = ChainLog(path)
    log.append([make_block(1), make_block(2), make_block(3)])
    log.close()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1  # inside the second of three entries of one length
    path.write_bytes(content)
    log = ChainLog(path)
    log.append([make_block(2, "b")])
    log.close()
    assert read_blocks(path) == [make_block(1), make_block(2, "b")]
