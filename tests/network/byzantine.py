"""A validator that lies, with the real keys of one: its answers, questions and settlements.

`replaced` and `answering` put it in an honest one's place; `impostor.WAYS` are ways to answer.
`ask` puts anything to the others in its name, `gather` collects what they attest, `settle` brings
anything to the ledger from its sending key.
"""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from tests.network.ground import Ground
from tests.network.impostor import Answer, Heard, listen
from tests.network.parts import Parts

from tallystick.chain.gas import compute_settle_gas
from tallystick.chain.reader import ask, expect
from tallystick.chain.settle_calldata import SettleCall, encode_settle
from tallystick.core.attestation import (
    LedgerConfig,
    compute_attestation_digest,
    recover_attester,
    sign_attestation,
)
from tallystick.core.batches import Batch, compute_data_hash, encode_batch
from tallystick.core.errors import BadSignature
from tallystick_node.peers.question import BATCHES_PATH
from tallystick_node.peers.signing import NONCE_BYTES, PeerRequest, sign_request

RECEIPT_S: Final = 60.0
ANSWER_S: Final = 30.0
POLL_S: Final = 0.05


@dataclass(frozen=True)
class Claims:
    """What a request's headers say; the truth where nothing is given."""

    sender: int | None = None
    signed_for: int | None = None
    """Another recipient."""
    ahead_ms: int = 0
    nonce: bytes = b""


@dataclass
class ByzantineValidator:
    """One of a network's validators, gone bad.

    Args:
        ground: the network.
        index: whose keys and place it has.
    """

    ground: Ground
    index: int
    heard: list[Heard] = field(default_factory=list)
    """What others asked of it, newest last."""

    @property
    def name(self) -> str:
        """As the validator set has it."""
        return self.ground.names[self.index]

    @property
    def others(self) -> list[int]:
        """The indices of the honest ones."""
        return [index for index in range(len(self.ground.urls)) if index != self.index]

    @contextmanager
    def replaced(self) -> Iterator[None]:
        """The honest validator of this name is dead inside the block; afterwards it is back."""
        parts = Parts(self.ground.path)
        parts.kill(self.name)
        try:
            yield
        finally:
            parts.revive()

    @contextmanager
    def answering(self, answer: Answer) -> Iterator[None]:
        """This validator listens on its URL, which is free, and answers like this."""
        port = int(self.ground.urls[self.index].rpartition(":")[2])
        with listen(port, answer, self.heard):
            yield

    def ask(
        self, recipient: int, path: str, body: bytes, claims: Claims | None = None
    ) -> httpx.Response:
        """Another validator's answer to a signed request.

        Args:
            recipient: the other's index.
            path: where.
            body: what.
            claims: what the headers say instead of the truth.
        """
        headers = self.sign(recipient, path, body, claims or Claims())
        url = self.ground.urls[recipient] + path
        return httpx.post(url, content=body, headers=headers, timeout=ANSWER_S)

    def sign(self, recipient: int, path: str, body: bytes, claims: Claims) -> dict[str, str]:
        """The headers of a request, made with this validator's transport key."""
        request = PeerRequest(
            self.ground.net.network.network_id,
            "POST",
            path,
            recipient if claims.signed_for is None else claims.signed_for,
            time.time_ns() // 1_000_000 + claims.ahead_ms,
            claims.nonce or secrets.token_bytes(NONCE_BYTES),
            body,
        )
        key = self.ground.net.validators[self.index].transport
        return sign_request(key, self.index if claims.sender is None else claims.sender, request)

    def propose(self, batch: Batch | bytes) -> dict[int, httpx.Response]:
        """What the others answer to a batch, by their index."""
        data = batch if isinstance(batch, bytes) else encode_batch(batch)
        return {index: self.ask(index, BATCHES_PATH, data) for index in self.others}

    def gather(self, batch: Batch) -> dict[int, bytes]:
        """The attestations of all who attest the batch, this one's own among them."""
        answers = self.propose(batch)
        found = {
            index: bytes.fromhex(answer.json()["attestation"][2:])
            for index, answer in answers.items()
            if answer.status_code == httpx.codes.OK
        }
        return {**found, self.index: self.attest(batch)}

    def attest(self, batch: Batch) -> bytes:
        """Its own attestation, whatever the batch says."""
        digest = compute_digest(self.ground, batch)
        return sign_attestation(self.ground.net.validators[self.index].attest, digest)

    def settle(
        self, batch: Batch, attestations: Mapping[int, bytes], *, signers: int | None = None
    ) -> dict[str, Any]:
        """The receipt of a settlement sent with this validator's sending key.

        Args:
            batch: anything.
            attestations: by index; sent in ascending order.
            signers: bitmap to claim instead of theirs.
        """
        raw = self.sign_settle(batch, attestations, signers=signers)
        return self.wait_receipt(send_raw(self.ground, raw))

    def sign_settle(
        self, batch: Batch, attestations: Mapping[int, bytes], *, signers: int | None = None
    ) -> str:
        """The raw transaction of such a settlement."""
        ground, account = self.ground, self.ground.net.validators[self.index].send
        bitmap = sum(1 << index for index in attestations) if signers is None else signers
        ordered = tuple(attestations[index] for index in sorted(attestations))
        gas = compute_settle_gas(
            len(batch.records),
            len(batch.segments),
            len(set(batch.records["project"].tolist())),
            max(len(ordered), 1),
        )
        call = SettleCall(encode_batch(batch), bitmap, ordered)
        signed = account.sign_transaction(
            {
                "chainId": ground.net.network.chain_id,
                # What the validator had sent before it was replaced may still wait for a block.
                "nonce": ground.net.w3.eth.get_transaction_count(account.address, "pending"),
                "gasPrice": ground.gas_price_wei,
                "gas": gas,
                "to": ground.net.w3.to_checksum_address(ground.net.network.addresses.ledger),
                "value": 0,
                "data": encode_settle(call),
            }
        )
        return f"0x{bytes(signed.raw_transaction).hex()}"

    def wait_receipt(self, tx_hash: str) -> dict[str, Any]:
        """The receipt of a transaction, once it is mined."""
        deadline_s = time.monotonic() + RECEIPT_S
        while time.monotonic() < deadline_s:
            receipt = expect(ask(self.ground.net.w3, "eth_getTransactionReceipt", (tx_hash,)))
            if receipt is not None:
                return dict(receipt)
            time.sleep(POLL_S)
        raise AssertionError(f"transaction {tx_hash} was never mined")


def send_raw(ground: Ground, raw: str) -> str:
    """The hash of a transaction that the chain took."""
    return str(expect(ask(ground.net.w3, "eth_sendRawTransaction", (raw,))))


def compute_digest(ground: Ground, batch: Batch) -> bytes:
    """What validators sign for a batch."""
    network, header = ground.net.network, batch.header
    ledger = bytes.fromhex(network.addresses.ledger[2:])
    config = LedgerConfig(network.chain_id, ledger, header.set_version, header.rules_version)
    return compute_attestation_digest(config, compute_data_hash(encode_batch(batch)))


def list_false(ground: Ground, batch: Batch, attestations: Mapping[int, bytes]) -> Sequence[int]:
    """The indices whose attestations are not theirs, or not of this batch."""
    digest = compute_digest(ground, batch)

    def is_false(index: int) -> bool:
        attester = ground.net.validators[index].describe(index).attester
        try:
            return recover_attester(digest, attestations[index]) != attester
        except BadSignature:
            return True

    return [index for index in attestations if is_false(index)]
