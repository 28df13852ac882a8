import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from httpx import Response
from tests.unit.core.builders import METER, MINUTE_MS, NOW_MS, build_frame, build_records
from tests.unit.node.intaking import STALLED_AFTER_MS, WIDE_RATES, Intaking

from tallystick.core.batches import BatchHeader, join_frames
from tallystick.core.frames import Frame, decode_frames, encode_frame
from tallystick.core.settlement import Cursor
from tallystick_node.chain_view import SettledFrame
from tallystick_node.intake.equivocation import EquivocationLog

Scenario = Callable[[Intaking], Awaitable[None]]


def run(folder: Path, scenario: Scenario, **options: object) -> None:
    async def play() -> None:
        async with Intaking(folder, **options) as intaking:  # type: ignore[arg-type]
            await scenario(intaking)

    asyncio.run(play())


def check_refused(answer: Response, status: int, code: str, *, accepted: int = 0) -> None:
    document = answer.json()
    assert (answer.status_code, document["code"]) == (status, code)
    assert document.get("accepted", 0) == accepted
    assert {"code", "message", "expected", "actual"} <= document.keys()


def test_frames_are_accepted_known_and_settled(tmp_path: Path) -> None:
    async def scenario(node: Intaking) -> None:
        first, second = build_frame(build_records(5)), build_frame(first_seq=5)
        answer = await node.send(first, second)
        assert answer.json() == {
            "accepted": 2,
            "frames": [
                {"meter": METER, "first_seq": 0, "count": 5, "status": "accepted"},
                {"meter": METER, "first_seq": 5, "count": 1, "status": "accepted"},
            ],
        }
        assert node.first_seqs() == [0, 5]
        node.chain.cursors[METER] = Cursor(5)
        answer = await node.send(first, second)
        assert [frame["status"] for frame in answer.json()["frames"]] == ["settled", "known"]

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"version": 2}, 400, "frame_version_inactive"),
        ({"network_id": bytes(32)}, 400, "wrong_network"),
        ({"meter": 9}, 404, "unknown_meter"),
        ({"key_index": 1}, 400, "wrong_key"),
        ({"signature": bytes(64)}, 401, "bad_signature"),
        ({"first_seq": 2**63 - 1}, 400, "frame_malformed"),
        ({"records": build_records(2, cost_word=1)}, 400, "cost_filled_in"),
        ({"records": build_records(0)}, 400, "frame_malformed"),
    ],
)
def test_bad_frame_is_refused_and_those_before_it_are_kept(
    tmp_path: Path, changes: dict[str, object], status: int, code: str
) -> None:
    async def scenario(node: Intaking) -> None:
        bad = replace(build_frame(first_seq=1), **changes)  # type: ignore[arg-type]
        answer = await node.send(build_frame(), bad, build_frame(first_seq=2))
        check_refused(answer, status, code, accepted=1)
        assert node.first_seqs() == [0]

    run(tmp_path, scenario)


def test_frame_is_refused_when_it_names_too_many_projects(tmp_path: Path) -> None:
    async def scenario(node: Intaking) -> None:
        records = build_records(65)
        records["project"] = range(65)
        bad = replace(build_frame(), records=records)
        check_refused(await node.send(bad), 400, "too_many_projects")

    run(tmp_path, scenario)


def test_body_is_refused_when_truncated_or_continued(tmp_path: Path) -> None:
    async def scenario(node: Intaking) -> None:
        encoded = encode_frame(build_frame())
        for body in (b"", encoded[:-1], encoded[:40]):
            check_refused(await node.post(body), 400, "frame_malformed")
        check_refused(await node.post(encoded + b"\0"), 400, "frame_malformed", accepted=1)

    run(tmp_path, scenario)


def test_body_is_refused_when_it_holds_too_many_frames(tmp_path: Path) -> None:
    async def scenario(node: Intaking) -> None:
        frames = [build_frame(first_seq=place) for place in range(41)]
        check_refused(await node.send(*frames), 400, "frame_malformed", accepted=40)

    run(tmp_path, scenario)


def test_body_is_refused_when_too_large(tmp_path: Path) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1_000):
            yield bytes(65_536)

    async def scenario(node: Intaking) -> None:
        check_refused(await node.post(bytes(1_048_577)), 413, "body_too_large")
        answer = await node.http.post("/v1/frames", content=endless())
        check_refused(answer, 413, "body_too_large")

    run(tmp_path, scenario)


def test_body_is_refused_when_it_comes_too_slowly(tmp_path: Path) -> None:
    async def dripping() -> AsyncIterator[bytes]:
        yield b"\x01"
        await asyncio.Event().wait()

    async def scenario(node: Intaking) -> None:
        answer = await node.http.post("/v1/frames", content=dripping())
        check_refused(answer, 408, "body_too_slow")

    run(tmp_path, scenario, body_timeout_s=0.01)


def test_frame_is_taken_when_its_records_are_from_the_future(tmp_path: Path) -> None:
    """They settle at the clamped time and are marked `early`: a wrong clock loses nothing."""

    async def scenario(node: Intaking) -> None:
        frame = build_frame(build_records(time_ms=NOW_MS + 5 * 60 * MINUTE_MS))
        assert (await node.send(frame)).is_success
        assert node.first_seqs() == [frame.first_seq]

    run(tmp_path, scenario)


@pytest.mark.parametrize("synced_at_ms", [None, NOW_MS - STALLED_AFTER_MS - 1])
def test_frames_are_refused_for_now_when_the_chain_is_not_followed(
    tmp_path: Path, synced_at_ms: int | None
) -> None:
    async def scenario(node: Intaking) -> None:
        node.chain.synced_at_ms = synced_at_ms
        check_refused(await node.send(build_frame()), 503, "chain_behind")

    run(tmp_path, scenario)


def test_frames_are_refused_for_now_when_the_node_is_not_in_the_set(tmp_path: Path) -> None:
    async def scenario(node: Intaking) -> None:
        node.is_member = False
        answer = await node.send(build_frame())
        assert (answer.status_code, answer.json()["code"]) == (503, "not_attesting")
        node.is_member = True
        assert (await node.send(build_frame())).status_code == 200

    run(tmp_path, scenario)


def test_frames_are_refused_when_the_node_is_stopping(tmp_path: Path) -> None:
    async def scenario(node: Intaking) -> None:
        node.intake.close()
        answer = await node.send(build_frame())
        check_refused(answer, 503, "draining")
        assert answer.headers["Retry-After"] == "5"

    run(tmp_path, scenario)


def test_frame_is_refused_with_proof_when_it_differs_from_an_earlier_one(tmp_path: Path) -> None:
    async def scenario(node: Intaking) -> None:
        kept, refused = build_frame(), build_frame(build_records(in_fresh=5))
        await node.send(kept)
        check_refused(await node.send(refused), 409, "sequence_conflict")
        (proof,) = (tmp_path / "proofs").iterdir()
        signatures = [frame.signature for frame in decode_frames(proof.read_bytes(), max_frames=2)]
        assert signatures == [kept.signature, refused.signature]

    run(tmp_path, scenario)


def test_frame_is_refused_when_far_ahead(tmp_path: Path) -> None:
    async def scenario(node: Intaking) -> None:
        check_refused(await node.send(build_frame(first_seq=1_001)), 409, "sequence_gap")

    run(tmp_path, scenario)


def test_meter_is_refused_for_now_when_it_sends_too_fast(tmp_path: Path) -> None:
    async def scenario(node: Intaking) -> None:
        assert (await node.send(build_frame(build_records(10)))).is_success
        answer = await node.send(build_frame(first_seq=10))
        check_refused(answer, 429, "rate_limited")
        assert int(answer.headers["Retry-After"]) >= 1

    run(tmp_path, scenario, rates=replace(WIDE_RATES, records_per_s=1, burst_records=10))


def test_stranger_cannot_use_up_a_meters_rate(tmp_path: Path) -> None:
    async def scenario(node: Intaking) -> None:
        for _ in range(20):
            forged = replace(build_frame(), signature=bytes(64))
            check_refused(await node.send(forged), 401, "bad_signature")
        assert (await node.send(build_frame())).is_success

    run(tmp_path, scenario, rates=replace(WIDE_RATES, frames_per_s=1, burst_frames=1))


def test_meter_is_paused_when_too_much_was_quarantined(tmp_path: Path) -> None:
    async def scenario(node: Intaking) -> None:
        node.intake.apply_settled([SettledFrame(METER, 0, 0, 1_000, quarantined=101)])
        check_refused(await node.send(build_frame(first_seq=1)), 429, "meter_paused")

    run(tmp_path, scenario)


def test_nothing_is_acknowledged_when_the_journal_is_full(tmp_path: Path) -> None:
    async def scenario(node: Intaking) -> None:
        assert (await node.send(build_frame())).is_success
        answer = await node.send(build_frame(first_seq=1), build_frame(first_seq=2))
        check_refused(answer, 507, "storage_full")
        assert node.first_seqs() == [0]
        assert node.pool.frame_count == 1

    run(tmp_path, scenario, journal_bytes=400)


def test_nothing_is_acknowledged_when_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(entries: object) -> None:
        raise OSError(28, "No space left on device")

    async def scenario(node: Intaking) -> None:
        monkeypatch.setattr(node.journal, "_write", refuse)
        answers = await asyncio.gather(*(node.send(build_frame()) for _ in range(3)))
        for answer in answers:
            check_refused(answer, 507, "storage_full")
        monkeypatch.undo()
        assert (await node.send(build_frame())).json()["frames"][0]["status"] == "accepted"

    run(tmp_path, scenario)


def test_same_frame_at_once_is_stored_once_and_acknowledged_to_all(tmp_path: Path) -> None:
    async def scenario(node: Intaking) -> None:
        answers = await asyncio.gather(*(node.send(build_frame()) for _ in range(5)))
        statuses = sorted(answer.json()["frames"][0]["status"] for answer in answers)
        assert statuses == ["accepted", *["known"] * 4]
        assert len(list(node.journal)) == 1

    run(tmp_path, scenario)


def test_acknowledged_frames_are_there_after_a_restart(tmp_path: Path) -> None:
    async def before(node: Intaking) -> None:
        for place in range(3):
            await node.send(build_frame(first_seq=place))

    async def after(node: Intaking) -> None:
        node.chain.cursors[METER] = Cursor(1)
        assert node.intake.recover() == 2
        assert node.first_seqs() == [1, 2]
        assert len(list(node.journal)) == 2

    run(tmp_path, before)
    run(tmp_path, after)


def test_settled_frames_leave_pool_and_journal(tmp_path: Path) -> None:
    async def scenario(node: Intaking) -> None:
        await node.send(build_frame(build_records(2)), build_frame(first_seq=2))
        node.chain.cursors[METER] = Cursor(2)
        node.intake.apply_settled([SettledFrame(METER, 0, 0, 2, quarantined=0)])
        assert node.first_seqs() == [2]
        assert len(list(node.journal)) == 1

    run(tmp_path, scenario)


def settle(node: Intaking, frame: Frame) -> None:
    """The chain settled this frame, whoever had it."""
    header = BatchHeader(1, 1, 0, bytes(32), NOW_MS, NOW_MS)
    batch = join_frames(header, [frame])
    segment = batch.segments[0]
    node.chain.cursors[frame.meter] = Cursor(frame.end_seq)
    node.intake.apply_settled(
        [SettledFrame(frame.meter, 0, frame.first_seq, frame.end_seq, 0, (batch, segment))]
    )


def read_proofs(node: Intaking) -> list[tuple[int, int]]:
    """(meter, first number) of the refused half of every proof."""
    return [(other.meter, other.first_seq) for _, other in EquivocationLog(node.folder / "proofs")]


def test_second_history_is_proven_when_another_validator_settles_the_first(tmp_path: Path) -> None:
    async def scenario(node: Intaking) -> None:
        assert (await node.send(build_frame(build_records(3, step=1)))).is_success
        settle(node, build_frame(build_records(3, step=2)))
        assert read_proofs(node) == [(METER, 0)]
        assert node.first_seqs() == []

    run(tmp_path, scenario)


def test_second_history_is_refused_and_proven_when_the_first_has_settled(tmp_path: Path) -> None:
    async def scenario(node: Intaking) -> None:
        settle(node, build_frame(build_records(3, step=2)))
        other = await node.send(build_frame(build_records(2, step=1), first_seq=1))
        check_refused(other, 409, "sequence_conflict")
        assert read_proofs(node) == [(METER, 1)]

    run(tmp_path, scenario)


def test_settled_frame_is_known_when_it_comes_again(tmp_path: Path) -> None:
    async def scenario(node: Intaking) -> None:
        frame = build_frame(build_records(3))
        assert (await node.send(frame)).is_success
        settle(node, frame)
        assert (await node.send(frame)).json()["frames"][0]["status"] == "settled"
        assert read_proofs(node) == []

    run(tmp_path, scenario)


def test_frame_is_refused_unacknowledged_when_the_disk_is_nearly_full(tmp_path: Path) -> None:
    async def scenario(node: Intaking) -> None:
        check_refused(await node.send(build_frame()), 507, "storage_full")
        assert (node.pool.frame_count, node.journal.size_bytes) == (0, 0)

    run(tmp_path, scenario, disk_reserve_bytes=2**62)
