"""Sends settlements, and now and then another call, from one key.

The I/O around `submission_window` (docs/architecture.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from tallystick.chain.blocks import Block
from tallystick.chain.errors import (
    ChainUnreachable,
    Refusal,
    RpcRefused,
    SignerAnswerWrong,
    SignerUnreachable,
)
from tallystick.chain.gas import compute_settle_gas
from tallystick.chain.rpc import Rpc
from tallystick.chain.settle_calldata import SettleCall, encode_settle
from tallystick.chain.signer import Signer
from tallystick.chain.signing import UnsignedTransaction, sign_transaction
from tallystick.chain.submission_effects import (
    Alarm,
    Broadcast,
    Effect,
    Forget,
    LookUp,
    Mined,
    Outcome,
    OutcomeStatus,
    Report,
    Send,
    Sign,
    Store,
)
from tallystick.chain.submission_window import SubmissionWindow
from tallystick.chain.submissions import Attempt, SubmissionStore
from tallystick.core.hashes import compute_keccak256

RETRY_S: Final = 0.25
MAX_RETRY_S: Final = 4.0
_SKIPPED_TOPIC: Final = "0x" + compute_keccak256(b"BatchSkipped(bytes32,address,uint8)").hex()

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Settle:
    """A batch with its quorum, ready to be sent; the counts make its gas limit."""

    data: bytes
    signer_bitmap: int
    attestations: tuple[bytes, ...]
    data_hash: bytes
    records: int
    segments: int
    projects: int


@dataclass(frozen=True, slots=True)
class Call:
    """A transaction to another contract than the ledger, such as a correction."""

    to: str
    """0x address."""
    calldata: bytes
    gas: int
    key: bytes
    """What its outcome is known by, 32 bytes; the same key again is sent once."""


class Submitter:
    """The only user of one sending key.

    Args:
        rpc: the chain.
        signer: of the sending key; closed by whoever made it.
        ledger: the UsageLedger's address.
        chain_id: signed into every transaction.
        store: where what was signed survives a crash; belongs to this submitter alone.
        gas_price_wei: 0 on free chains, 1 where the engine wants a price.
        window: submissions in flight at most.
    """

    def __init__(
        self,
        rpc: Rpc,
        signer: Signer,
        ledger: str,
        chain_id: int,
        store: SubmissionStore,
        *,
        gas_price_wei: int = 0,
        window: int = 32,
    ) -> None:
        self._rpc = rpc
        self._signer = signer
        self._ledger = bytes.fromhex(ledger.removeprefix("0x"))
        self._chain_id = chain_id
        self._store = store
        self._limit = window
        self._window = SubmissionWindow(gas_price_wei=gas_price_wei)
        self._newest_hash = ""
        """Of what was signed last: the caller's own, which is the only one in turn."""
        self._outcomes: list[Outcome] = []
        self._refusals: dict[bytes, RpcRefused] = {}
        self._queue = asyncio.Lock()
        self._step = asyncio.Lock()
        self._changed = asyncio.Event()

    @property
    def address(self) -> str:
        """The sender's address, lower case."""
        return self._signer.address

    @property
    def in_flight(self) -> int:
        """Submissions that own a nonce, and are not yet in a block."""
        return self._window.in_flight

    @property
    def head_nonce_age_blocks(self) -> int:
        """For how many blocks our oldest submission has waited while blocks went on."""
        return self._window.head_nonce_age_blocks

    async def start(self) -> None:
        """Stored submissions are compared with the chain, and sent again where it lacks them."""
        self._window.apply_restart(self._store.load())
        await self._poll()

    @property
    def calls_in_flight(self) -> int:
        """Those in flight that are no settlements."""
        return self._window.calls_in_flight

    async def submit(self, settle: Settle) -> str:
        """The transaction's hash, once a chain node accepted it.

        Waits its turn, while the window is full, and while no signer or node can be reached; what
        was signed by then is on disk, and it is sent even if the caller stops waiting.

        Raises:
            RpcRefused: the node refused it; nothing was sent. A refusal that comes only after nodes
                were out of reach is a `lost` outcome instead.
        """
        calldata = encode_settle(SettleCall(settle.data, settle.signer_bitmap, settle.attestations))
        gas = compute_settle_gas(
            settle.records, settle.segments, settle.projects, len(settle.attestations)
        )
        return await self._submit(settle.data_hash, calldata, gas, b"")

    async def call(self, call: Call) -> str:
        """The same for another call, with a gas limit that its caller knows to be enough."""
        to = bytes.fromhex(call.to.removeprefix("0x"))
        return await self._submit(call.key, call.calldata, call.gas, to)

    async def _submit(self, data_hash: bytes, calldata: bytes, gas: int, to: bytes) -> str:
        async with self._queue:
            while self._window.in_flight >= self._limit:
                self._changed.clear()
                await self._changed.wait()
            await self._send_unsent()
            async with self._step:
                await self._run(self._window.apply_offer(data_hash, calldata, gas, to))
            if not self._window.owns_nonce(data_hash):
                # The caller hears of it here, and so not as an outcome.
                self._outcomes.remove(Outcome(data_hash, OutcomeStatus.LOST))
                raise self._refusals.pop(data_hash)
            await self._send_unsent()
            return self._window.hash_of(data_hash) or self._newest_hash

    def on_block(self, block: Block) -> list[Outcome]:
        """What the followed chain's next block decided, and what was found out since."""
        status_by_hash = {event.tx_hash: OutcomeStatus.SETTLED for event in block.events}
        for skip in block.skips:
            status_by_hash[skip.tx_hash] = OutcomeStatus.SKIPPED
        for settlement in block.settlements:
            status_by_hash[settlement.tx_hash] = OutcomeStatus.SETTLED
        for effect in self._window.apply_block(block.number, status_by_hash):
            self._apply_local(effect)
        self._changed.set()
        return self._drain()

    def on_unwound(self, to_block: int) -> None:
        """The followed chain took blocks back; the next tick sends their settlements again."""
        self._window.apply_unwinding(to_block)

    async def tick(self) -> list[Outcome]:
        """Due resends, rebroadcasts, replacements and look-ups are done; what was found out.

        Call it about once a block. Does nothing while nothing is in flight.

        Raises:
            ChainUnreachable: no endpoint answered; the next tick goes on.
        """
        if self._window.in_flight:
            await self._poll()
        return self._drain()

    async def _poll(self) -> None:
        async with self._step:
            nonce, height = await self._rpc.call_many(
                [
                    ("eth_getTransactionCount", (self.address, "latest")),
                    ("eth_blockNumber", ()),
                ]
            )
            if isinstance(nonce, RpcRefused) or isinstance(height, RpcRefused):
                raise nonce if isinstance(nonce, RpcRefused) else height
            await self._run(self._window.apply_poll(int(height, 16), int(nonce, 16)))
        self._changed.set()

    async def _send_unsent(self) -> None:
        """Everything signed is accepted by a chain node; what an earlier caller left goes first."""
        delay_s = RETRY_S
        while self._window.has_unsent:
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, MAX_RETRY_S)
            try:
                await self._poll()
            except ChainUnreachable as error:
                _log.warning("submission_delayed", reason=str(error), sender=self.address)

    async def _run(self, effects: Sequence[Effect]) -> bool:
        """Every effect is done in order, and what follows from it before the next one.

        Returns:
            Whether everything was signed and sent: else the next nonce has to wait.
        """
        may_send = True
        for effect in effects:
            match effect:
                case Sign():
                    may_send = may_send and await self._sign(effect)
                case Send():
                    may_send = may_send and await self._send(effect)
                case Broadcast():
                    await self._rpc.send_to_all("eth_sendRawTransaction", "0x" + effect.raw.hex())
                case LookUp():
                    await self._run(
                        self._window.apply_receipt(effect.nonce, await self._look_up(effect))
                    )
                case _:
                    self._apply_local(effect)
        return may_send

    async def _sign(self, effect: Sign) -> bool:
        """Whether the next nonce may be signed: this one is, and a node accepted it."""
        submission = effect.submission
        transaction = UnsignedTransaction(
            chain_id=self._chain_id,
            nonce=effect.nonce,
            gas_price_wei=effect.gas_price_wei,
            gas=submission.gas,
            to=submission.to or self._ledger,
            data=submission.calldata,
        )
        try:
            raw = await sign_transaction(self._signer, transaction)
        except (SignerUnreachable, SignerAnswerWrong) as error:
            _log.warning("submission_unsigned", sender=self.address, **error.as_dict())
            return False
        attempt = Attempt("0x" + compute_keccak256(raw).hex(), effect.gas_price_wei, raw)
        self._newest_hash = attempt.hash
        return await self._run(
            self._window.apply_signed(effect.nonce, submission.data_hash, attempt)
        )

    async def _send(self, effect: Send) -> bool:
        """Whether the next nonce may be sent: a node accepted this one."""
        refusal: Refusal | None = None
        try:
            await self._rpc.call("eth_sendRawTransaction", "0x" + effect.raw.hex())
        except ChainUnreachable:
            return False
        except RpcRefused as error:
            refusal = error.refusal
            self._note_refusal(effect.nonce, error)
        await self._run(self._window.apply_answer(effect.nonce, refusal))
        return refusal in (None, Refusal.ALREADY_KNOWN)

    async def _look_up(self, effect: LookUp) -> Mined | None:
        calls = [("eth_getTransactionReceipt", (tx_hash,)) for tx_hash in effect.hashes]
        for receipt in await self._rpc.call_many(calls):
            if receipt is not None and not isinstance(receipt, RpcRefused):
                return Mined(int(receipt["blockNumber"], 16), _read_status(receipt))
        return None

    def _apply_local(self, effect: Effect) -> None:
        match effect:
            case Store(submission):
                self._store.put(submission)
            case Forget(nonce):
                self._store.delete(nonce)
            case Report(outcome):
                self._outcomes.append(outcome)
            case Alarm(kind, nonce):
                _log.error("submission_alarmed", kind=kind, nonce=nonce, sender=self.address)

    def _note_refusal(self, nonce: int, error: RpcRefused) -> None:
        data_hash = self._window.data_hash_of(nonce)
        if data_hash is not None:
            self._refusals = {data_hash: error}

    def _drain(self) -> list[Outcome]:
        outcomes, self._outcomes = self._outcomes, []
        return outcomes


def _read_status(receipt: dict[str, Any]) -> OutcomeStatus:
    if int(receipt["status"], 16) == 0:
        return OutcomeStatus.REVERTED
    is_skipped = any(log["topics"][0] == _SKIPPED_TOPIC for log in receipt["logs"])
    return OutcomeStatus.SKIPPED if is_skipped else OutcomeStatus.SETTLED
