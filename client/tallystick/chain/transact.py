"""Administrative transactions, one by one or in a row: simulated, signed, kept, sent, waited for.

Settlements go through `submitter.py`; this is for what people and set-up do.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from eth_account.signers.local import LocalAccount
from web3 import Web3

from tallystick.chain.calls import Write
from tallystick.chain.decode import parse_log
from tallystick.chain.errors import (
    Refusal,
    RpcRefused,
    TransactionReverted,
    TransactionUnconfirmed,
)
from tallystick.chain.gas import MAX_TRANSACTION_GAS, bound_gas
from tallystick.chain.reader import PENDING, ask, expect
from tallystick.chain.reverts import explain_refusal
from tallystick.core.hashes import compute_keccak256

T = TypeVar("T")

NONCE_TRIES: Final = 5
POLL_S: Final = 0.02
MAX_POLL_S: Final = 0.2


class TransactionJournal(Protocol):
    """Where raw transactions are kept before they are sent."""

    def append(self, raw: bytes) -> None:
        """The transaction is on disk when this returns."""


@dataclass(frozen=True, slots=True)
class Sent(Generic[T]):
    """A mined transaction and what it told back."""

    tx_hash: str
    block: int
    gas_used: int
    contract_address: str | None
    """Where the contract lies, for a deployment."""
    outcome: T


class TransactionSender:
    """Sends the transactions of one key, each after the one before was mined.

    Args:
        w3: see `reader.connect`.
        key: pays and signs.
        journal: keeps every raw transaction before it is sent, so that `resend` can repeat them.
        gas_price_wei: named in every transaction; web3's own default is not free on a free chain.
        confirm_s: how long a transaction may take to be mined.
    """

    def __init__(
        self,
        w3: Web3,
        key: LocalAccount,
        *,
        journal: TransactionJournal | None = None,
        gas_price_wei: int = 0,
        confirm_s: float = 60.0,
    ) -> None:
        self._w3 = w3
        self._key = key
        self._journal = journal
        self._gas_price_wei = gas_price_wei
        self._confirm_s = confirm_s
        self._chain_id = int(expect(ask(w3, "eth_chainId", ())), 16)

    @property
    def address(self) -> str:
        """The sender's address, lower case."""
        return str(self._key.address).lower()

    def simulate(self, write: Write[Any]) -> None:
        """The transaction would succeed now.

        Raises:
            TransactionReverted: it would not; the leaf says why.
        """
        expect(ask(self._w3, "eth_call", (self._describe(write), PENDING)))

    def send(self, write: Write[T]) -> Sent[T]:
        """The transaction is mined and has succeeded.

        Raises:
            TransactionReverted: it would fail, or did; the leaf says why.
            TransactionUnconfirmed: not mined in time.
            ChainUnreachable: no answer; where a journal is kept, `resend` may still send it.
        """
        self.simulate(write)
        return self._confirm(write, self._send_signed(write))

    def send_all(
        self, writes: Sequence[Write[Any]], *, first_nonce: int | None = None
    ) -> list[Sent[Any]]:
        """The transactions are mined in this order and have all succeeded.

        None waits for the one before it, so that a chain with seconds between its blocks takes them
        in a few. For the same reason none is simulated: each is given all the gas that it may ever
        need, and nobody pays for what is not used. The key is this call's alone meanwhile.

        Args:
            writes: what to do.
            first_nonce: of the first of them, where a former call may have sent some: the same
                writes are the same transactions, and those that are mined stay as they are.

        Raises:
            TransactionReverted: the first that failed; those after it were sent nevertheless.
            TransactionUnconfirmed, ChainUnreachable: see `send`.
        """
        first = self.read_nonce() if first_nonce is None else first_nonce
        hashes = [
            self._send_once(self._sign(write, nonce))
            for nonce, write in enumerate(writes, start=first)
        ]
        return [
            self._confirm(write, tx_hash) for write, tx_hash in zip(writes, hashes, strict=True)
        ]

    def _send_once(self, raw: bytes) -> str:
        """A transaction's hash; it is on its way, or its nonce was used up before."""
        answer = self._send_raw(raw)
        if isinstance(answer, RpcRefused) and answer.refusal is Refusal.NONCE_TOO_LOW:
            return f"0x{compute_keccak256(raw).hex()}"
        return str(expect(answer))

    def read_nonce(self) -> int:
        """The nonce of the key's next transaction, those counted that are mined."""
        count = expect(ask(self._w3, "eth_getTransactionCount", (self.address, "latest")))
        return int(count, 16)

    def _confirm(self, write: Write[T], tx_hash: str) -> Sent[T]:
        receipt = _wait_for_receipt(self._w3, tx_hash, self._confirm_s)
        if receipt["status"] != "0x1":
            self.simulate(write)  # says why, where the state has not changed meanwhile
            raise TransactionReverted(
                f"{write.describe()} failed on chain", actual=receipt["transactionHash"]
            )
        logs = tuple(map(parse_log, receipt["logs"]))
        return Sent(
            tx_hash=receipt["transactionHash"],
            block=int(receipt["blockNumber"], 16),
            gas_used=int(receipt["gasUsed"], 16),
            contract_address=(receipt.get("contractAddress") or "").lower() or None,
            outcome=write.outcome(write.read_events(logs)),
        )

    def _describe(self, write: Write[Any]) -> dict[str, str]:
        described = {
            "from": self.address,
            "data": f"0x{write.data.hex()}",
            "value": hex(write.value_wei),
            "gas": hex(MAX_TRANSACTION_GAS),
            "gasPrice": "0x0",  # nobody needs money to ask
        }
        return described if write.to is None else {**described, "to": write.to}

    def _send_signed(self, write: Write[Any]) -> str:
        for _ in range(NONCE_TRIES):
            answer = self._send_raw(self._sign(write, self.read_nonce()))
            if not isinstance(answer, RpcRefused):
                return answer
            if answer.refusal is not Refusal.NONCE_TOO_LOW:
                raise explain_refusal(answer)
        raise TransactionUnconfirmed(
            "others keep sending with this key; one key is for one program", actual=self.address
        )

    def _send_raw(self, raw: bytes) -> str | RpcRefused:
        if self._journal is not None:
            self._journal.append(raw)
        return _send_raw(self._w3, raw)

    def _sign(self, write: Write[Any], nonce: int) -> bytes:
        transaction: dict[str, Any] = {
            "chainId": self._chain_id,
            "nonce": nonce,
            "gasPrice": self._gas_price_wei,
            "gas": bound_gas(write.to, write.data),
            "value": write.value_wei,
            "data": write.data,
        }
        if write.to is not None:
            transaction["to"] = Web3.to_checksum_address(write.to)
        return bytes(self._key.sign_transaction(transaction).raw_transaction)


def resend(w3: Web3, raw_transactions: Iterable[bytes], *, confirm_s: float = 60.0) -> int:
    """A chain that lost its newest blocks has these transactions again; gives how many it lacked.

    Args:
        w3: see `reader.connect`.
        raw_transactions: everything a journal kept, in order. Those that the chain still has are
            passed over; so are copies that lost their nonce to another when they were first sent.
        confirm_s: how long one transaction may take to be mined.

    Raises:
        RpcRefused: the node refuses one for another reason.
    """
    count = 0
    for raw in raw_transactions:
        answer = _send_raw(w3, raw)
        if isinstance(answer, RpcRefused):
            if answer.refusal is Refusal.NONCE_TOO_LOW:
                continue
            raise answer
        _wait_for_receipt(w3, answer, confirm_s)
        count += 1
    return count


def _send_raw(w3: Web3, raw: bytes) -> str | RpcRefused:
    answer: str | RpcRefused = ask(w3, "eth_sendRawTransaction", (f"0x{raw.hex()}",))
    if isinstance(answer, RpcRefused) and answer.refusal is Refusal.ALREADY_KNOWN:
        return f"0x{compute_keccak256(raw).hex()}"
    return answer


def _wait_for_receipt(w3: Web3, tx_hash: str, confirm_s: float) -> dict[str, Any]:
    until_s, pause_s = time.monotonic() + confirm_s, POLL_S
    while time.monotonic() < until_s:
        receipt = ask(w3, "eth_getTransactionReceipt", (tx_hash,))
        if isinstance(receipt, dict):
            return receipt
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, MAX_POLL_S)
    raise TransactionUnconfirmed(
        "a transaction was sent and not mined yet", expected=f"{confirm_s} s", actual=tx_hash
    )
