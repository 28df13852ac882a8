"""One of four validators lies: nothing wrong settles, and everything right does."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import pytest
from tests.network.byzantine import ByzantineValidator, Claims, list_false
from tests.network.faults import Drill
from tests.network.forgery import FORGERIES, STRANGER, compose, quarantine
from tests.network.ground import Ground, wait_until
from tests.network.impostor import Heard, forge

from tallystick.core.batches import Batch, encode_batch
from tallystick.core.frames import Frame, encode_frame
from tallystick.core.hashes import compute_keccak256
from tallystick_node.peers.question import (
    BATCHES_PATH,
    CREDITS_PATH,
    FREEZES_PATH,
    RELEASES_PATH,
)

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]

BATCH_SETTLED: Final = (
    "0x"
    + compute_keccak256(
        b"BatchSettled(uint64,bytes32,address,uint256,uint32,uint32,uint256,bytes32)"
    ).hex()
)
KEPT_BACK_MS: Final = 12_000
"""A batch's validity: long enough to be attested, and over soon."""


@pytest.fixture(scope="module")
def meter(ground: Ground) -> int:
    """A meter whose frames the liar gets hold of."""
    return ground.register_meter(f"besieged-{secrets.token_hex(4)}")


def sign_next(liar: ByzantineValidator, meter: int, *, ahead: int = 0) -> Frame:
    """The meter's next records, as far as an honest validator knows it has come."""
    ground = liar.ground
    first = ground.cursor(liar.others[0], meter) + ahead
    return ground.net.sign(ground.net.records(5, first=first), first_seq=first, meter=meter)


def test_nothing_wrong_is_attested_or_settled(network: Path, ground: Ground, meter: int) -> None:
    with Drill(network, "a validator proposes falsely") as drill:
        liar = ByzantineValidator(ground, drill.chance.randrange(len(ground.urls)))
        frames = [sign_next(liar, meter)]
        with liar.replaced(), liar.answering(forge):
            for forgery in FORGERIES:
                drill.inject()
                answers = liar.propose(forgery.make(ground.net, frames))
                codes = {index: answer.json().get("code") for index, answer in answers.items()}
                assert set(codes.values()) == {forgery.code}, (forgery.what, codes)
            wrong = compose(ground.net, frames)
            quarantine(wrong.records["cost_word"])
            check_unsettled(drill, liar, wrong, compose(ground.net, frames))
            drill.recovered()
            assert ground.cursor(liar.others[0], meter) == frames[0].first_seq
        assert ground.send(liar.others[0], *frames).status_code == httpx.codes.OK
        ground.wait_settled(liar.others[0], meter, frames[0].end_seq)


def check_unsettled(drill: Drill, liar: ByzantineValidator, wrong: Batch, right: Batch) -> None:
    """The ledger takes the wrong batch on no signatures that one validator can come by."""
    others = {index: each for index, each in liar.gather(right).items() if index != liar.index}
    assert len(others) == len(liar.others), "the right batch was not attested"
    own = {liar.index: liar.attest(wrong)}
    own_thrice = dict.fromkeys(range(len(liar.ground.urls)), own[liar.index])
    for attestations in ({}, own, own_thrice, {**others, **own}, others):
        drill.inject()
        assert set(list_false(liar.ground, wrong, attestations)) >= set(attestations) - set(own)
        receipt = liar.settle(wrong, attestations)
        assert int(receipt["status"], 16) == 0, "a wrong batch settled"
    claimed = sum(1 << index for index in liar.others) | 1 << liar.index
    receipt = liar.settle(wrong, own, signers=claimed)
    assert int(receipt["status"], 16) == 0, "a wrong batch settled"


def test_batches_settle_once_whatever_their_proposer_does_with_them(
    network: Path, ground: Ground, meter: int
) -> None:
    with Drill(network, "a validator repeats, keeps back and overlaps batches") as drill:
        liar = ByzantineValidator(ground, drill.chance.randrange(len(ground.urls)))
        watch = liar.others[0]
        with liar.replaced(), liar.answering(forge):
            first = sign_next(liar, meter)
            batch = compose(ground.net, [first])
            attestations = liar.gather(batch)
            late = compose(
                ground.net,
                [sign_next(liar, meter, ahead=5)],
                valid_until_ms=batch.header.batch_time_ms + KEPT_BACK_MS,
            )
            kept_back = liar.gather(late)
            assert set(kept_back) == {liar.index, *liar.others}, "it expired too soon"
            for expected in (True, False, False):
                drill.inject()
                assert has_settled(liar.settle(batch, attestations)) is expected
            ground.wait_settled(watch, meter, first.end_seq)
            sleep_past(late.header.valid_until_ms)
            drill.inject()
            assert not has_settled(liar.settle(late, kept_back))
            for ahead in (-2, 7):  # overlaps what has settled; leaves a gap
                drill.inject()
                other = compose(ground.net, [sign_next(liar, meter, ahead=ahead)])
                assert not has_settled(liar.settle(other, liar.gather(other)))
            drill.recovered()
        assert ground.cursor(watch, meter) == first.end_seq
        assert ground.send(watch, sign_next(liar, meter)).status_code == httpx.codes.OK
        ground.wait_settled(watch, meter, first.end_seq + 5)


def sleep_past(time_ms: int) -> None:
    """Blocks, which count whole seconds, are later than this."""
    time.sleep(max(0.0, time_ms / 1_000 + 2 - time.time()))


def has_settled(receipt: dict[str, Any]) -> bool:
    """Whether a settlement that was attested moved a cursor."""
    assert int(receipt["status"], 16) == 1, "an attested batch reverted"
    return any(entry["topics"][0] == BATCH_SETTLED for entry in receipt["logs"])


def test_validator_speaks_for_nobody_else(network: Path, ground: Ground, meter: int) -> None:
    with Drill(network, "a validator asks for what it is not owed, and in others' names") as drill:
        liar = ByzantineValidator(ground, drill.chance.randrange(len(ground.urls)))
        one, other = liar.others[:2]
        settled = settle_one(liar, meter)
        with liar.replaced(), liar.answering(forge):
            drill.inject()
            drill.recovered()
            records = [ask_record(ground, index, settled) for index in liar.others]
            check_corrections(drill, liar, settled, records[0])
            heard = next(each for each in reversed(liar.heard) if each.path == BATCHES_PATH)
            for recipient in liar.others:
                drill.inject()
                assert repeat(ground, recipient, heard) == (401, "peer_unknown")
            data = encode_batch(compose(ground.net, [sign_next(liar, meter)]))
            nonce = secrets.token_bytes(16)
            for claims, code in (
                (Claims(nonce=nonce), None),
                (Claims(nonce=nonce), "peer_replayed"),
                (Claims(sender=other), "peer_unknown"),
                (Claims(sender=200), "peer_unknown"),
                (Claims(sender=-1), "peer_unknown"),
                (Claims(sender=2**63), "peer_unknown"),
                (Claims(signed_for=other), "peer_unknown"),
                (Claims(ahead_ms=-31_000), "peer_replayed"),
                (Claims(ahead_ms=31_000), "peer_replayed"),
            ):
                drill.inject()
                answer = liar.ask(one, BATCHES_PATH, data, claims).json()
                assert answer.get("code") == code, (claims, answer)
            drill.recovered()


def repeat(ground: Ground, recipient: int, heard: Heard) -> tuple[int, str]:
    """Status and code of the answer to a request that was made for somebody else."""
    headers = {
        name: value for name, value in heard.headers.items() if name.startswith("Tallystick")
    }
    url = ground.urls[recipient] + heard.path
    answer = httpx.post(url, content=heard.body, headers=headers, timeout=30.0)
    return answer.status_code, answer.json().get("code", "")


def settle_one(liar: ByzantineValidator, meter: int) -> Frame:
    """The meter's next frame, settled by honest validators."""
    ground, place = liar.ground, liar.others[0]
    frame = sign_next(liar, meter)
    assert ground.send(place, frame).status_code == httpx.codes.OK
    ground.wait_settled(place, meter, frame.end_seq)
    return frame


def check_corrections(
    drill: Drill, liar: ByzantineValidator, frame: Frame, record: dict[str, Any]
) -> None:
    """Nobody attests a correction that is not owed, nor a freeze that is not proven."""
    name = {key: record[key] for key in ("meter", "seq", "project", "record_hash")}
    release = {**name, "resource": record["resource"], "user": 0, "cost_ucr": 10**9}
    credit = {
        **name,
        "cost_ucr": record["cost_ucr"],
        "amount_ucr": record["cost_ucr"],
        "reason": "0x" + "00" * 32,
        "owner_signature": "0x" + "11" * 65,
        "registrar_signature": "0x" + "22" * 65,
    }
    too_much = {**credit, "amount_ucr": record["cost_ucr"] + 1}
    records = liar.ground.net.records(5, first=900)
    invented = liar.ground.net.sign_as(STRANGER, frame.meter, records, first_seq=frame.first_seq)
    for path, body, code in (
        (RELEASES_PATH, msgspec.json.encode(release), "not_releasable"),
        (RELEASES_PATH, msgspec.json.encode({**release, "seq": 10**6}), "record_unknown"),
        (CREDITS_PATH, msgspec.json.encode(credit), "signer_refused"),
        (CREDITS_PATH, msgspec.json.encode(too_much), "not_creditable"),
        (FREEZES_PATH, encode_frame(frame) + encode_frame(invented), "bad_signature"),
        (FREEZES_PATH, encode_frame(frame) * 2, "not_equivocal"),
    ):
        drill.inject()
        answers = [liar.ask(index, path, body).json() for index in liar.others]
        assert {answer.get("code") for answer in answers} == {code}, (path, answers)


def ask_record(ground: Ground, place: int, frame: Frame) -> dict[str, Any]:
    """The frame's first record as a validator's index shows it, once it does."""
    where = f"meter={frame.meter}&seq={frame.first_seq}"
    url = f"{ground.urls[place]}/v1/corrections/records?{where}"
    wait_until(lambda: httpx.get(url).is_success, "the index shows the record")
    found: dict[str, Any] = httpx.get(url).json()
    return found
