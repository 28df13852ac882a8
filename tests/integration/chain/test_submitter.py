"""The submitter on a real chain: reorganisations, dropped transactions, restarts, strangers."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from coincurve import PrivateKey
from eth_account import Account
from tests.integration.anvil import CHAIN_ID
from tests.integration.settling import SettlingNetwork

from tallystick.chain.blocks import Advanced, Unwound
from tallystick.chain.errors import RpcRefused, SignerUnreachable
from tallystick.chain.follower import Follower
from tallystick.chain.reader import ask
from tallystick.chain.rpc import Rpc
from tallystick.chain.signer import KeySigner, Signer
from tallystick.chain.submission_effects import Outcome, OutcomeStatus
from tallystick.chain.submission_window import REBROADCAST_AFTER_BLOCKS
from tallystick.chain.submissions import LevelSubmissionStore
from tallystick.chain.submitter import Settle, Submitter

pytestmark = [pytest.mark.integration, pytest.mark.anyio]


class Sender:
    """A submitter and the follower that feeds it, as a node wires them."""

    def __init__(
        self,
        net: SettlingNetwork,
        rpc: Rpc,
        store: Path,
        *,
        window: int = 32,
        signer: Signer | None = None,
    ) -> None:
        self.net = net
        self.store = LevelSubmissionStore(store)
        signer = signer or KeySigner(PrivateKey(bytes(net.validators[0].send.key)))
        ledger = net.network.addresses.ledger
        self.submitter = Submitter(rpc, signer, ledger, CHAIN_ID, self.store, window=window)
        self.follower = Follower(rpc, net.network)

    async def catch_up(self) -> list[Outcome]:
        """Everything that blocks and one tick tell."""
        outcomes: list[Outcome] = []
        while (step := await self.follower.poll()) is not None:
            match step:
                case Advanced(blocks):
                    for block in blocks:
                        outcomes += self.submitter.on_block(block)
                case Unwound(to_block):
                    self.submitter.on_unwound(to_block)
        return outcomes + await self.submitter.tick()


@pytest.fixture
async def sender(net: SettlingNetwork, rpc: Rpc, tmp_path: Path) -> AsyncIterator[Sender]:
    sender = Sender(net, rpc, tmp_path / "submissions")
    await sender.submitter.start()
    yield sender
    sender.store.close()


async def make_settles(net: SettlingNetwork, count: int) -> list[Settle]:
    frames = [net.sign(net.records(2, first=2 * i), first_seq=2 * i) for i in range(count)]
    return [net.attest(await net.judge([frame])) for frame in frames]


def mine(net: SettlingNetwork, blocks: int = 1) -> None:
    ask(net.w3, "anvil_mine", (blocks,))


def hold_blocks(net: SettlingNetwork) -> None:
    ask(net.w3, "evm_setAutomine", (False,))


def settled(settles: list[Settle]) -> list[Outcome]:
    return [Outcome(settle.data_hash, OutcomeStatus.SETTLED) for settle in settles]


async def test_submissions_settle_in_one_block_in_order(
    net: SettlingNetwork, sender: Sender
) -> None:
    hold_blocks(net)
    settles = await make_settles(net, 5)
    for settle in settles:
        await sender.submitter.submit(settle)
    assert sender.submitter.in_flight == 5
    mine(net)
    assert await sender.catch_up() == settled(settles)
    assert sender.submitter.in_flight == 0


async def test_submission_skipped_when_another_validator_was_first(
    net: SettlingNetwork, sender: Sender
) -> None:
    (settle,) = await make_settles(net, 1)
    net.send(settle, sender=1)
    await sender.submitter.submit(settle)
    assert (
        await sender.catch_up()
        == [
            Outcome(
                settle.data_hash, OutcomeStatus.SETTLED
            ),  # its content did settle, in the other's
            Outcome(settle.data_hash, OutcomeStatus.SKIPPED),
        ]
        or await sender.catch_up() == []
    )


async def test_submission_reverted_when_the_ledger_refuses_it(
    net: SettlingNetwork, sender: Sender
) -> None:
    (settle,) = await make_settles(net, 1)
    forged = replace(settle, signer_bitmap=0b1110)
    await sender.submitter.submit(forged)
    outcomes = await sender.catch_up()
    assert outcomes == [Outcome(settle.data_hash, OutcomeStatus.REVERTED)]
    assert sender.submitter.in_flight == 0


async def test_submission_reverted_when_a_sending_key_attests(
    net: SettlingNetwork, sender: Sender
) -> None:
    batch = await net.judge([net.sign(net.records(2), first_seq=0)])
    keys = list(net.validators)
    keys[1] = replace(keys[1], attest=PrivateKey(bytes(keys[1].send.key)))
    net.validators = tuple(keys)
    settle = net.attest(batch)
    await sender.submitter.submit(settle)
    assert await sender.catch_up() == [Outcome(settle.data_hash, OutcomeStatus.REVERTED)]


class HesitantSigner(KeySigner):
    """Signs only while it is told to."""

    is_away = True

    async def sign(self, message: bytes) -> bytes:
        if self.is_away:
            raise SignerUnreachable("away")
        return await super().sign(message)


async def test_submission_waits_with_its_nonce_while_nobody_signs(
    net: SettlingNetwork, rpc: Rpc, tmp_path: Path
) -> None:
    signer = HesitantSigner(PrivateKey(bytes(net.validators[0].send.key)))
    sender = Sender(net, rpc, tmp_path / "submissions", signer=signer)
    await sender.submitter.start()
    settles = await make_settles(net, 3)
    submitting = [asyncio.create_task(sender.submitter.submit(settle)) for settle in settles]
    await asyncio.sleep(0.5)
    assert (sender.submitter.in_flight, list(sender.store.load())) == (1, [])
    signer.is_away = False
    hashes = await asyncio.gather(*submitting)
    assert len(set(hashes)) == 3
    assert await sender.catch_up() == settled(settles)
    sender.store.close()


async def test_unsigned_submission_is_sent_when_its_caller_has_gone(
    net: SettlingNetwork, rpc: Rpc, tmp_path: Path
) -> None:
    signer = HesitantSigner(PrivateKey(bytes(net.validators[0].send.key)))
    sender = Sender(net, rpc, tmp_path / "submissions", signer=signer)
    await sender.submitter.start()
    (settle,) = await make_settles(net, 1)
    submitting = asyncio.create_task(sender.submitter.submit(settle))
    await asyncio.sleep(0.1)
    submitting.cancel()
    await asyncio.gather(submitting, return_exceptions=True)
    signer.is_away = False
    outcomes: list[Outcome] = []
    for _ in range(100):
        outcomes += await sender.catch_up()
        if outcomes:
            break
        await asyncio.sleep(0.05)
    assert outcomes == settled([settle])
    sender.store.close()


async def test_submissions_settle_again_when_the_chain_reorganises(
    net: SettlingNetwork, sender: Sender
) -> None:
    settles = await make_settles(net, 3)
    for settle in settles:
        await sender.submitter.submit(settle)
    assert await sender.catch_up() == settled(settles)
    ask(net.w3, "anvil_reorg", (2, []))
    await sender.catch_up()
    mine(net)
    assert await sender.catch_up() == settled(settles[1:])


async def test_dropped_submission_sent_again_when_blocks_pass_it_by(
    net: SettlingNetwork, sender: Sender
) -> None:
    hold_blocks(net)
    settles = await make_settles(net, 2)
    hashes = [await sender.submitter.submit(settle) for settle in settles]
    assert ask(net.w3, "anvil_dropTransaction", (hashes[0],)) == hashes[0]
    for _ in range(3 * REBROADCAST_AFTER_BLOCKS):
        mine(net)
        await sender.catch_up()
    assert sender.submitter.in_flight == 0
    assert net.w3.eth.get_transaction_count(net.validators[0].send.address) == 2


async def test_submission_moves_on_when_a_stranger_took_its_nonce(
    net: SettlingNetwork, sender: Sender
) -> None:
    (settle,) = await make_settles(net, 1)
    account = net.validators[0].send
    stray = account.sign_transaction(
        {
            "chainId": CHAIN_ID,
            "nonce": 0,
            "gasPrice": 0,
            "gas": 21_000,
            "to": account.address,
            "value": 0,
        }
    )
    net.w3.eth.wait_for_transaction_receipt(
        net.w3.eth.send_raw_transaction(stray.raw_transaction), poll_latency=0.01
    )
    await sender.submitter.submit(settle)
    assert await sender.catch_up() == settled([settle])


async def test_submit_waits_while_the_window_is_full(
    net: SettlingNetwork, rpc: Rpc, tmp_path: Path
) -> None:
    sender = Sender(net, rpc, tmp_path / "narrow", window=2)
    await sender.submitter.start()
    hold_blocks(net)
    settles = await make_settles(net, 3)
    for settle in settles[:2]:
        await sender.submitter.submit(settle)
    third = asyncio.create_task(sender.submitter.submit(settles[2]))
    await asyncio.sleep(0)
    assert not third.done()
    mine(net)
    await sender.catch_up()
    await third
    mine(net)
    assert await sender.catch_up() == settled(settles[2:])
    sender.store.close()


async def test_refused_submission_raises_and_frees_its_nonce(
    net: SettlingNetwork, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    settles = await make_settles(net, 1)
    monkeypatch.setattr("tallystick.chain.submitter.compute_settle_gas", lambda *_: 1_000)
    with pytest.raises(RpcRefused):
        await sender.submitter.submit(settles[0])
    monkeypatch.undo()
    await sender.submitter.submit(settles[0])
    assert await sender.catch_up() == settled(settles)


async def test_stored_submissions_settle_after_a_restart(
    net: SettlingNetwork, rpc: Rpc, tmp_path: Path
) -> None:
    hold_blocks(net)
    first = Sender(net, rpc, tmp_path / "restarted")
    await first.submitter.start()
    settles = await make_settles(net, 3)
    for settle in settles:
        await first.submitter.submit(settle)
    first.store.close()
    ask(net.w3, "anvil_dropAllTransactions", ())
    second = Sender(net, rpc, tmp_path / "restarted")
    await second.submitter.start()
    mine(net)
    assert await second.catch_up() == settled(settles)
    second.store.close()


async def test_outcome_known_after_a_restart_when_mined_meanwhile(
    net: SettlingNetwork, rpc: Rpc, tmp_path: Path
) -> None:
    hold_blocks(net)
    first = Sender(net, rpc, tmp_path / "restarted")
    await first.submitter.start()
    settles = await make_settles(net, 2)
    for settle in settles:
        await first.submitter.submit(settle)
    first.store.close()
    mine(net)
    second = Sender(net, rpc, tmp_path / "restarted")
    await second.submitter.start()
    assert await second.submitter.tick() == settled(settles)
    second.store.close()


async def test_signed_submission_settles_when_its_process_was_killed_before_sending(
    net: SettlingNetwork, rpc: Rpc, tmp_path: Path
) -> None:
    (settle,) = await make_settles(net, 1)
    (tmp_path / "settle").write_bytes(msgspec.msgpack.encode(settle))
    program = [sys.executable, "-m", "tests.integration.chain.submit_and_die"]
    files = [str(tmp_path / "killed"), str(tmp_path / "settle")]
    command = [*program, net.url, net.network.addresses.ledger, *files]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"signed\n"
    process.kill()
    await process.wait()
    assert net.w3.eth.get_transaction_count(Account.from_key(bytes([32]) * 32).address) == 0
    sender = Sender(net, rpc, tmp_path / "killed")
    await sender.submitter.start()
    assert await sender.catch_up() == settled([settle])
    sender.store.close()
