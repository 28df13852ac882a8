"""Verification refuses every lie, be it the chain node's or a quorum's, and names where it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from coincurve import PrivateKey
from eth_typing import HexStr
from nacl.signing import SigningKey
from tests.integration.settling import SettlingNetwork
from tests.integration.verify.proxy import (
    Alter,
    Json,
    answer_honestly,
    refuse_historical_state,
    run_proxy,
)

from tallystick.chain.abi import load_functions
from tallystick.chain.reader import ask
from tallystick.chain.rpc import Rpc
from tallystick.chain.settle_calldata import SettleCall, decode_settle, encode_settle
from tallystick.chain.submitter import Settle
from tallystick.core.attestation import sign_attestation
from tallystick.core.batches import Batch, compute_data_hash
from tallystick.core.frames import Frame
from tallystick.core.usage import Reason
from tallystick.verify import Check, Disagreement, Verdict, verify_ledger

pytestmark = [pytest.mark.integration, pytest.mark.anyio]

FIRST_RECORD = 64 + 96
"""Where the first record of a batch starts."""
PLACES = {Check.HEAD_SPENT: -15, Check.HEAD_LEASED: -14, Check.HEAD_CURSORS: -2}
"""Which word of an answer is changed, counted from its end."""
STEP = 55
"""The low byte of a record's step, which no verdict depends on."""


async def verify_through(net: SettlingNetwork, alter: Alter = answer_honestly) -> Verdict:
    with run_proxy(net.url, alter) as proxy:
        rpc = Rpc([proxy.url])
        try:
            return await verify_ledger(rpc, net.network.addresses.ledger)
        finally:
            await rpc.aclose()


async def settle_three(net: SettlingNetwork) -> list[str]:
    """Three batches: one meter, then two meters with a repeated frame, then quarantined records."""
    first = net.sign(net.records(5), first_seq=0)
    other = net.sign(net.records(4, first=7), first_seq=0, meter=1)
    broken = net.sign(net.records(3, resource=999), first_seq=5)
    return [await net.settle([first]), await net.settle([first, other]), await net.settle([broken])]


def alter_calldata(tx_hash: str, change: Callable[[SettleCall], SettleCall]) -> Alter:
    def alter(method: str, _params: list[Json], result: Json) -> Json:
        if method == "eth_getTransactionByHash" and result["hash"] == tx_hash:
            call = decode_settle(bytes.fromhex(result["input"][2:]))
            result["input"] = "0x" + encode_settle(change(call)).hex()
        return result

    return alter


def flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def expect_only(verdict: Verdict, *failed: Check) -> Disagreement:
    """The checks that failed are these; gives the first disagreement."""
    assert {check for check, holds in verdict.checks.items() if not holds} == set(failed)
    assert not verdict.is_verified
    assert verdict.first_disagreement is not None
    return verdict.first_disagreement


async def test_honest_chain_verified(net: SettlingNetwork) -> None:
    await settle_three(net)
    verdict = await verify_through(net)
    assert verdict.first_disagreement is None
    assert (verdict.is_verified, verdict.batches, verdict.records) == (True, 3, 12)
    assert set(verdict.checks) == set(Check)
    assert all(verdict.checks.values())


async def test_empty_ledger_verified(net: SettlingNetwork) -> None:
    verdict = await verify_through(net)
    assert (verdict.is_verified, verdict.batches, verdict.records) == (True, 0, 0)


async def test_chain_verified_when_node_refuses_historical_state(net: SettlingNetwork) -> None:
    await settle_three(net)
    verdict = await verify_through(net, refuse_historical_state)
    assert (verdict.is_verified, verdict.records) == (True, 12)


@pytest.mark.parametrize("place", [FIRST_RECORD, FIRST_RECORD + 63, 20])
async def test_flipped_byte_found_by_its_batch(net: SettlingNetwork, place: int) -> None:
    hashes = await settle_three(net)
    lie = alter_calldata(hashes[1], lambda call: replace(call, data=flip(call.data, place)))
    first = (await verify_through(net, lie)).first_disagreement
    assert first is not None
    assert (first.check, first.batch) == (Check.DATA_HASH, 1)
    assert first.expected != first.actual


async def test_flipped_byte_found_when_the_node_lies_about_the_hash_too(
    net: SettlingNetwork,
) -> None:
    hashes = await settle_three(net)
    in_calldata = alter_calldata(
        hashes[0], lambda call: replace(call, data=flip(call.data, FIRST_RECORD + STEP))
    )
    honest = net.w3.eth.get_transaction(HexStr(hashes[0]))["input"]
    true_hash = compute_data_hash(decode_settle(bytes(honest)).data)
    false_hash = compute_data_hash(flip(decode_settle(bytes(honest)).data, FIRST_RECORD + STEP))

    def alter(method: str, params: list[Json], result: Json) -> Json:
        if method == "eth_getLogs":
            for log in result:
                log["topics"] = [
                    topic.replace(true_hash.hex(), false_hash.hex()) for topic in log["topics"]
                ]
        return in_calldata(method, params, result)

    verdict = await verify_through(net, alter)
    first = expect_only(verdict, Check.ATTESTATIONS, Check.FRAMES, Check.ACCUMULATOR)
    assert (first.check, first.batch) == (Check.ATTESTATIONS, 0)


async def test_forged_attestation_found_when_its_key_is_unregistered(
    net: SettlingNetwork,
) -> None:
    hashes = await settle_three(net)
    stranger = sign_attestation(PrivateKey(bytes([99]) * 32), bytes(32))

    def forge(call: SettleCall) -> SettleCall:
        return replace(call, attestations=(*call.attestations[:2], stranger))

    verdict = await verify_through(net, alter_calldata(hashes[2], forge))
    first = expect_only(verdict, Check.ATTESTATIONS)
    assert first.batch == 2
    assert first.expected in verdict.trusted.validator_set["attesters"]  # type: ignore[operator]


async def test_attestation_found_when_its_signer_repeats(net: SettlingNetwork) -> None:
    hashes = await settle_three(net)

    def repeat(call: SettleCall) -> SettleCall:
        return replace(call, attestations=(call.attestations[0],) * 3)

    verdict = await verify_through(net, alter_calldata(hashes[0], repeat))
    first = expect_only(verdict, Check.ATTESTATIONS)
    attesters = verdict.trusted.validator_set["attesters"]
    assert isinstance(attesters, list)
    assert (first.batch, first.expected, first.actual) == (0, attesters[1], attesters[0])


async def test_attestations_found_when_they_are_too_few(net: SettlingNetwork) -> None:
    hashes = await settle_three(net)

    def drop(call: SettleCall) -> SettleCall:
        return SettleCall(call.data, 0b011, call.attestations[:2])

    verdict = await verify_through(net, alter_calldata(hashes[0], drop))
    assert expect_only(verdict, Check.ATTESTATIONS).expected == "a quorum of 3"


async def settle_altered(
    net: SettlingNetwork, frames: list[Frame], change: Callable[[Batch], None]
) -> None:
    """A real quorum attests a batch that is not what honest validators would make of the frames."""
    batch = await net.judge(frames)
    change(batch)
    net.send(net.attest(batch))


async def test_wrong_cost_found_when_a_real_quorum_attested_it(net: SettlingNetwork) -> None:
    await net.settle([net.sign(net.records(5), first_seq=0)])
    frames = [
        net.sign(net.records(4), first_seq=0, meter=1),
        net.sign(net.records(6), first_seq=5),
    ]
    honest = int((await net.judge(frames)).records["cost_word"][7])

    def charge_more(batch: Batch) -> None:
        batch.records["cost_word"][7] += 1

    await settle_altered(net, frames, charge_more)
    verdict = await verify_through(net)
    first = expect_only(verdict, Check.VERDICTS, Check.TOTALS, Check.HEAD_SPENT)
    assert first.check is Check.VERDICTS
    assert (first.batch, first.segment, first.record) == (1, 1, 7)
    assert (first.expected, first.actual) == (f"{honest} ucr", f"{honest + 1} ucr")


async def test_wrong_quarantine_found_when_a_real_quorum_attested_it(
    net: SettlingNetwork,
) -> None:
    def quarantine(batch: Batch) -> None:
        batch.records["cost_word"][2] = int(Reason.PROJECT_UNKNOWN) << 56

    await settle_altered(net, [net.sign(net.records(5), first_seq=0)], quarantine)
    first = expect_only(await verify_through(net), Check.VERDICTS, Check.TOTALS, Check.HEAD_SPENT)
    assert (first.batch, first.record) == (0, 2)
    assert first.actual == "quarantined, project_unknown"


async def test_invented_records_found_when_a_real_quorum_attested_them(
    net: SettlingNetwork,
) -> None:
    stranger = replace(
        net, meters=(replace(net.meters[0], key=SigningKey(bytes([98]) * 32)), net.meters[1])
    )
    frames = [
        net.sign(net.records(2), first_seq=0, meter=1),
        stranger.sign(net.records(2), first_seq=0),
    ]
    await net.settle(frames)
    first = expect_only(await verify_through(net), Check.FRAMES)
    assert (first.batch, first.segment) == (0, 1)
    assert first.what.startswith("bad_signature")


async def test_reference_block_found_when_it_is_of_another_chain(net: SettlingNetwork) -> None:
    batch = await net.judge([net.sign(net.records(2), first_seq=0)])
    stray = replace(batch.header, reference_hash=bytes([7]) * 32)
    ask(net.w3, "anvil_mine", (300,))  # the ledger no longer sees that far back
    net.send(net.attest(replace(batch, header=stray)))
    first = expect_only(await verify_through(net), Check.REFERENCE_BLOCK)
    assert (first.batch, first.actual) == (0, "0x" + "07" * 32)


async def test_settlement_found_when_its_calldata_is_not_canonical(net: SettlingNetwork) -> None:
    await net.settle([net.sign(net.records(2), first_seq=0)])
    hashes = await settle_three_more(net)

    def alter(method: str, _params: list[Json], result: Json) -> Json:
        if method == "eth_getTransactionByHash" and result["hash"] == hashes[0]:
            result["input"] += "00" * 32
        return result

    first = (await verify_through(net, alter)).first_disagreement
    assert first is not None
    assert (first.check, first.batch) == (Check.CALLDATA, 1)


async def settle_three_more(net: SettlingNetwork) -> list[str]:
    return [await net.settle([net.sign(net.records(1), first_seq=first)]) for first in (2, 3, 4)]


async def test_settlement_found_when_made_inside_another_call(net: SettlingNetwork) -> None:
    hashes = await settle_three(net)

    def alter(method: str, _params: list[Json], result: Json) -> Json:
        if method == "eth_getTransactionByHash" and result["hash"] == hashes[1]:
            result["to"] = net.network.addresses.budgets
        return result

    first = (await verify_through(net, alter)).first_disagreement
    assert first is not None
    assert (first.check, first.batch) == (Check.DIRECT_CALL, 1)


@pytest.mark.parametrize("place", [0, 1])
async def test_missing_batch_found_by_its_number(net: SettlingNetwork, place: int) -> None:
    hashes = await settle_three(net)
    verdict = await verify_through(net, hide_transaction(hashes[place]))
    first = verdict.first_disagreement
    assert first is not None
    assert (first.check, first.batch) == (Check.BATCH_NUMBER, place)
    assert (first.expected, first.actual) == (place, place + 1)
    assert not verdict.checks[Check.ACCUMULATOR]


async def test_missing_batch_found_when_it_is_the_last(net: SettlingNetwork) -> None:
    hashes = await settle_three(net)
    verdict = await verify_through(net, hide_transaction(hashes[2]))
    first = expect_only(verdict, Check.HEAD_CURSORS, Check.HEAD_ACCUMULATOR)
    assert (first.check, first.expected, first.actual) == (
        Check.HEAD_CURSORS,
        "5 under key 0",
        "8 under key 0",
    )


def hide_transaction(tx_hash: str) -> Alter:
    def alter(method: str, _params: list[Json], result: Json) -> Json:
        if method == "eth_getLogs":
            return [log for log in result if log["transactionHash"] != tx_hash]
        return result

    return alter


@pytest.mark.parametrize(
    ("contract", "function", "check"),
    [
        ("cursors", "cursorsOf", Check.HEAD_CURSORS),
        ("cursors", "accumulator", Check.HEAD_ACCUMULATOR),
        ("cursors", "batchCount", Check.HEAD_ACCUMULATOR),
        ("budgets", "budgetsOf", Check.HEAD_SPENT),
        ("budgets", "budgetsOf", Check.HEAD_LEASED),
        ("credits", "minted", Check.HEAD_CREDITS),
        ("credits", "burned", Check.HEAD_CREDITS),
        ("credits", "balanceOf", Check.HEAD_CREDITS),
    ],
)
async def test_newest_state_found_when_it_differs(
    net: SettlingNetwork, contract: str, function: str, check: Check
) -> None:
    await settle_three(net)
    to = getattr(net.network.addresses, contract)
    selector = selector_of(net, to, function)

    def alter(method: str, params: list[Json], result: Json) -> Json:
        if method != "eth_call" or params[0]["to"] != to:
            return result
        if not params[0]["data"].startswith(selector):
            return result
        # The lowest bit of the value, or of a figure in the last account's budget.
        words = [result[2 + start : 66 + start] for start in range(0, len(result) - 2, 64)]
        place = PLACES.get(check, -1)
        words[place] = f"{int(words[place], 16) ^ 1:064x}"
        return "0x" + "".join(words)

    expect_only(await verify_through(net, alter), check)


def selector_of(net: SettlingNetwork, to: str, function: str) -> str:
    contract = next(name for name, at in net.network.addresses.by_contract().items() if at == to)
    return f"0x{load_functions(contract)[function].selector.hex()}"


async def test_chain_verified_when_it_moves_on_meanwhile(net: SettlingNetwork) -> None:
    await settle_three(net)
    later: list[Settle] = [
        net.attest(await net.judge([net.sign(net.records(4), first_seq=8)])),
        net.attest(await net.judge([net.sign(net.records(2), first_seq=4, meter=1)])),
    ]

    def alter(method: str, params: list[Json], result: Json) -> Json:
        if method == "eth_call" and params[0]["to"] == net.network.addresses.cursors and later:
            net.send(later.pop())
        return result

    verdict = await verify_through(net, alter)
    assert (verdict.is_verified, verdict.records, verdict.batches) == (True, 18, 5)
