import asyncio
from pathlib import Path

import pytest

from tallystick_node.errors import StorageFull
from tallystick_node.intake.journal import Entry, FrameJournal


def entry(first_seq: int, *, meter: int = 1, size: int = 100) -> Entry:
    return Entry(meter, first_seq, bytes([first_seq]) * size)


async def write(folder: Path, *entries: Entry, max_bytes: int = 10_000) -> None:
    journal = FrameJournal(folder, max_bytes=max_bytes)
    try:
        await asyncio.gather(*(journal.store([each]) for each in entries))
    finally:
        await journal.close()


def read(folder: Path) -> list[bytes]:
    journal = FrameJournal(folder, max_bytes=10_000)
    found = list(journal)
    asyncio.run(journal.close())
    return found


def test_stored_frames_are_found_in_order_after_reopening(tmp_path: Path) -> None:
    asyncio.run(write(tmp_path, entry(2), entry(0, meter=2), entry(1)))
    assert [found[0] for found in read(tmp_path)] == [1, 2, 0]


def test_store_is_refused_when_the_bound_is_reached(tmp_path: Path) -> None:
    with pytest.raises(StorageFull):
        asyncio.run(write(tmp_path, entry(0), entry(1), max_bytes=199))
    assert [found[0] for found in read(tmp_path)] == [0]


def test_store_fails_for_all_when_the_disk_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> tuple[list[object], int]:
        journal = FrameJournal(tmp_path, max_bytes=10_000)

        def refuse(entries: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(journal, "_write", refuse)
        stores = [journal.store([entry(place)]) for place in range(3)]
        results = await asyncio.gather(*stores, return_exceptions=True)
        await journal.close()
        return list(results), journal.size_bytes

    results, size_bytes = asyncio.run(scenario())
    assert [type(result) for result in results] == [StorageFull] * 3
    assert size_bytes == 0


def test_prune_makes_room(tmp_path: Path) -> None:
    async def scenario() -> int:
        journal = FrameJournal(tmp_path, max_bytes=200)
        await journal.store([entry(0), entry(1)])
        journal.prune(1, [0])
        await journal.store([entry(2)])
        await journal.close()
        return journal.size_bytes

    assert asyncio.run(scenario()) == 200
    assert [found[0] for found in read(tmp_path)] == [1, 2]
