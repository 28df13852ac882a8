"""The same ledger without validators in the way: one transaction per record, and full batches.

Transactions are attested and signed beforehand and sent one by one over one kept-alive connection,
so that what is timed is the chain.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Sequence
from statistics import median
from typing import Final
from urllib.parse import urlsplit

from coincurve import PrivateKey
from tests.bench.load import create_load
from tests.integration.anvil import CHAIN_ID
from tests.integration.settling import VALID_MS, SettlingNetwork

from tallystick.chain.bindings.cursors import Cursors
from tallystick.chain.gas import compute_settle_gas
from tallystick.chain.reader import read
from tallystick.chain.rpc import encode_call
from tallystick.chain.settle_calldata import SettleCall, encode_settle
from tallystick.chain.signer import KeySigner
from tallystick.chain.signing import UnsignedTransaction, sign_transaction
from tallystick.chain.submitter import Settle
from tallystick.core.batches import Batch, BatchHeader, join_frames
from tallystick.core.frames import Frame
from tallystick.core.verdicts import compute_verdicts

ROUNDS: Final = 3
SENDER: Final = 0
JSON_HEADERS: Final = {"content-type": "application/json"}
PATIENCE_S: Final = 60.0


async def measure_baseline(
    network: SettlingNetwork,
    places: Sequence[int],
    *,
    frame_records: int,
    batch_frames: int,
    batches: int,
) -> float:
    """Records a second, the median of a few rounds.

    Args:
        network: with no other sender at work.
        places: one unused meter for each round.
        frame_records: of every frame.
        batch_frames: of every batch.
        batches: of every round.
    """
    rates: list[float] = []
    for place in places[:ROUNDS]:
        count = frame_records * batch_frames * batches
        frames = _sign_frames(network, place, count, frame_records)
        groups = [
            frames[start : start + batch_frames] for start in range(0, len(frames), batch_frames)
        ]
        bodies = await _prepare_bodies(network, groups)
        began_s = time.perf_counter()
        _send(network.url, bodies)
        _wait_for_cursor(network, network.meters[place].id, count)
        rates.append(count / (time.perf_counter() - began_s))
    return median(rates)


def _sign_frames(
    network: SettlingNetwork, place: int, count: int, frame_records: int
) -> list[Frame]:
    newest_ms = time.time_ns() // 1_000_000
    records = create_load(network.projects, count, newest_ms=newest_ms, seed=place)
    return [
        network.sign(records[start : start + frame_records], first_seq=start, meter=place)
        for start in range(0, count, frame_records)
    ]


async def _prepare_bodies(
    network: SettlingNetwork, groups: Sequence[Sequence[Frame]]
) -> list[bytes]:
    """One request per group of frames: its batch judged, attested by a quorum, and signed."""
    block = await network.learn()
    facts, now_ms = network.book.at(block.number), block.time_s * 1000
    header = BatchHeader(
        set_version=1,
        rules_version=1,
        reference_block=block.number,
        reference_hash=bytes.fromhex(block.hash[2:]),
        batch_time_ms=now_ms,
        valid_until_ms=now_ms + VALID_MS,
    )
    first_nonce = network.w3.eth.get_transaction_count(network.validators[SENDER].send.address)
    bodies: list[bytes] = []
    for nonce, frames in enumerate(groups, first_nonce):
        batch: Batch = join_frames(header, frames)
        batch.records["cost_word"] = compute_verdicts(batch.records, batch.meters(), facts, now_ms)
        bodies.append(await _encode_request(network, network.attest(batch), nonce))
    return bodies


async def _encode_request(network: SettlingNetwork, settle: Settle, nonce: int) -> bytes:
    transaction = UnsignedTransaction(
        chain_id=CHAIN_ID,
        nonce=nonce,
        gas_price_wei=0,
        gas=compute_settle_gas(
            settle.records, settle.segments, settle.projects, len(settle.attestations)
        ),
        to=bytes.fromhex(network.network.addresses.ledger[2:]),
        data=encode_settle(SettleCall(settle.data, settle.signer_bitmap, settle.attestations)),
    )
    signer = KeySigner(PrivateKey(bytes(network.validators[SENDER].send.key)))
    raw = await sign_transaction(signer, transaction)
    return encode_call(nonce, "eth_sendRawTransaction", ("0x" + raw.hex(),))


def _send(url: str, bodies: Sequence[bytes]) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_S)
    for body in bodies:
        connection.request("POST", "/", body, JSON_HEADERS)
        answer = json.loads(connection.getresponse().read())
        assert "error" not in answer, answer["error"]
    connection.close()


def _wait_for_cursor(network: SettlingNetwork, meter: int, goal: int) -> None:
    view = Cursors(network.network.addresses.cursors).cursors_of([meter])
    deadline_s = time.monotonic() + PATIENCE_S
    while read(network.w3, view)[0].next_seq != goal:
        assert time.monotonic() < deadline_s, f"meter {meter} did not reach {goal}"
