"""Entries become records once, billed to whom they name or, failing that, to the operator."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.unit.meter.opened import NOW_MS, open_sample_meter, recording

from tallystick.client.errors import AccountUnknown, ResourceUnknown
from tallystick.core.usage import Flag, Records, read_time_ms
from tallystick.meter.details import Detail, DetailStore
from tallystick.meter.event_ids import compute_event_id
from tallystick.meter.gpu.state import Entry
from tallystick.meter.gpu.uses import BucketKey, Payer
from tallystick.sidecar.collect.lock import try_lock
from tallystick.sidecar.collect.sink import RecordingSink
from tallystick.sidecar.directory import ResourceInfo
from tallystick.sidecar.errors import ProjectNotBillable

PROJECTS = {"acme/app": 3, "acme/ops": 4, "other/app": 9}
EVENT = compute_event_id("collector", "1")


class Directory:
    def project(self, path: str) -> int:
        if path not in PROJECTS:
            raise AccountUnknown("account", path, PROJECTS)
        return PROJECTS[path]

    def is_below(self, account: int, ancestor: int) -> bool:
        return account < 9 and ancestor == 1

    def path_of(self, account: int) -> str:
        assert account == 1
        return "acme"

    def require_resource(self, slug: str) -> ResourceInfo:
        if slug != "h100":
            raise ResourceUnknown("resource", slug, ["h100"])
        return ResourceInfo(12, slug, "gpu", "gpu", 1)


@dataclass
class Pseudonyms:
    def give(self, organisation: str, name: str, time_ms: int) -> int:
        assert (organisation, name, time_ms) == ("acme", "ada", NOW_MS + 60_000)
        return 77


def create_entry(project: str = "acme/app", resource: str = "h100", user: str = "") -> Entry:
    return Entry(
        number=1,
        key=BucketKey(resource, Payer(project, user, 5), "GPU-1", int(Flag.AGGREGATE)),
        quantities={"compute_ms": 1_234, "memory_gib_s": 80},
        energy_mj=9_000,
        from_ms=NOW_MS,
        to_ms=NOW_MS + 60_000,
    )


def record(folder: Path, *entries: Entry, fallback: str = "acme/ops") -> tuple[Records, Detail]:
    """The records of all entries, and the detail of the first."""
    details = DetailStore(folder / "details")
    with recording(folder, details=details) as (_, recorder):
        sink = RecordingSink(Directory(), recorder, Pseudonyms(), 1, fallback)

        async def record_all() -> None:
            for entry in entries:
                await sink.record(EVENT, entry)

        asyncio.run(record_all())
    with open_sample_meter(folder) as meter:
        records = meter.journal.read(0, meter.journal.next_seq)
    first = details.get(0)
    details.close()
    assert first is not None
    return records, first


def test_entry_becomes_a_record_with_details(tmp_path: Path) -> None:
    records, detail = record(tmp_path, create_entry(user="ada"))
    assert records[["project", "resource", "user", "step", "flags"]].tolist() == [
        (3, 12, 77, 5, int(Flag.AGGREGATE))
    ]
    assert (records["compute_ms"][0], records["memory_gib_s"][0]) == (1_234, 80)
    assert read_time_ms(records).tolist() == [NOW_MS + 60_000]
    assert (detail.energy_mj, detail.duration_ms, detail.source) == (9_000, 60_000, "collector")
    assert (detail.user, detail.call, detail.note) == (77, EVENT, "GPU-1")


def test_entry_is_recorded_once(tmp_path: Path) -> None:
    records, _ = record(tmp_path, create_entry(), create_entry())
    assert len(records) == 1


@pytest.mark.parametrize("project", ["acme/gone", "other/app"])
def test_entry_is_the_operators_when_its_project_cannot_pay(tmp_path: Path, project: str) -> None:
    records, detail = record(tmp_path, create_entry(project))
    assert records["project"].tolist() == [4]
    assert detail.note == f"GPU-1, instead of {project}"


@pytest.mark.parametrize(
    ("entry", "fallback", "error"),
    [
        (create_entry(resource="h101"), "acme/ops", ResourceUnknown),
        (create_entry("acme/gone"), "other/app", ProjectNotBillable),
    ],
)
def test_entry_waits_when_nobody_can_pay(
    tmp_path: Path, entry: Entry, fallback: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        record(tmp_path, entry, fallback=fallback)
    with recording(tmp_path) as (_, recorder):
        assert recorder.next_seq == 0


def test_lock_is_one_process_alone_or_several_that_share_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with try_lock(path) as alone, try_lock(path) as second, try_lock(path, is_shared=True) as third:
        assert (alone, second, third) == (True, False, False)
    with try_lock(path, is_shared=True) as one, try_lock(path, is_shared=True) as two:
        assert one
        assert two
        with try_lock(path) as alone:
            assert not alone
