"""The attester: judges what a peer proposes by its own chain and clock, and signs what is right."""

from __future__ import annotations

from typing import Protocol

from tallystick.chain.signer import Signer, attest
from tallystick.core.attestation import compute_attestation_message
from tallystick.core.batches import compute_data_hash, decode_batch
from tallystick.core.facts import Facts
from tallystick_node.attest.judge import Grounds, Reference, judge_batch
from tallystick_node.clock import Clock
from tallystick_node.errors import ReferenceUnknown


class KnownBlock(Protocol):
    """A block of this node's chain."""

    @property
    def number(self) -> int:
        """Its number."""

    @property
    def hash(self) -> str:
        """Its hash, 0x-prefixed."""

    @property
    def time_s(self) -> int:
        """Its timestamp."""


class BlockSource(Protocol):
    """What the attester asks of the chain as followed."""

    async def find_block(self, number: int, timeout_s: float) -> KnownBlock | None:
        """The final block of this number, waited for a moment; None where there is none."""

    @property
    def head(self) -> KnownBlock:
        """The newest block."""

    def facts_at(self, block: int) -> Facts:
        """What was known at a block."""


class Attester:
    """Signs batches that it would have made itself.

    Args:
        signer: of this validator's attestation key.
        chain: as followed.
        network_id: 32 bytes.
        chain_id: of the chain.
        ledger: 20 bytes, the ledger's address.
        clock: this node's.
        reference_wait_s: how long to wait for a reference block that is ahead of this node.
    """

    def __init__(
        self,
        signer: Signer,
        chain: BlockSource,
        *,
        network_id: bytes,
        chain_id: int,
        ledger: bytes,
        clock: Clock,
        reference_wait_s: float,
    ) -> None:
        self._signer = signer
        self._chain = chain
        self._network_id = network_id
        self._chain_id = chain_id
        self._ledger = ledger
        self._clock = clock
        self._reference_wait_s = reference_wait_s

    async def attest(self, data: bytes) -> bytes:
        """The attestation of a batch, 64 bytes.

        Args:
            data: the batch as it would go to the ledger.

        Raises:
            BatchMalformed, ReferenceUnknown and everything that `judge_batch` raises.
            SignerUnreachable, SignerAnswerWrong: it is right, and nobody signed.
        """
        batch = decode_batch(data)
        number = batch.header.reference_block
        block = await self._chain.find_block(number, self._reference_wait_s)
        if block is None:
            raise ReferenceUnknown("the reference block is not known here", actual=number)
        grounds = Grounds(
            self._chain.facts_at(number),
            Reference(block.hash, block.time_s, self._chain.head.time_s),
            self._network_id,
            self._chain_id,
            self._ledger,
            self._clock(),
        )
        config = judge_batch(batch, grounds)
        message = compute_attestation_message(config, compute_data_hash(data))
        return await attest(self._signer, message)
