"""Verification of a whole ledger from a chain node's blocks, logs and transactions.

Nothing is believed but that they are the chain's: facts are rebuilt from events, records are read
from calldata, and every attestation, signature, cost, cursor and hash is recomputed. `BatchSettled`
stands for the per-record `UsageRecorded` events, which repeat the calldata and are not fetched.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from tallystick.chain.bindings.price_index import PriceIndex
from tallystick.chain.blocks import Advanced, Unwound
from tallystick.chain.discovery import discover_network
from tallystick.chain.errors import ChainMoved, SettlementUnreadable
from tallystick.chain.follower import Follower
from tallystick.chain.network import Network
from tallystick.chain.pages import PageReader
from tallystick.chain.reader import read_views
from tallystick.chain.rpc import Rpc
from tallystick.core.batches import Batch
from tallystick.core.facts import FactBook
from tallystick.core.quorum import compute_quorum
from tallystick.verify.batch_checks import Identity
from tallystick.verify.checkpoint import CheckpointRefused, load_checkpoint, save_checkpoint
from tallystick.verify.corrected_records import CorrectedRecords
from tallystick.verify.head_checks import find_code_disagreements, find_head_disagreements
from tallystick.verify.replay import Position, Replay, decode_settlements
from tallystick.verify.verdict import HEAD_CHECKS, Check, Disagreement, Trusted, Verdict

KEPT_HASHES: Final = 8_192
"""Batches refer to blocks a few minutes old; older ones are asked for singly."""
MAX_REREADS: Final = 10
LAST: Final = 2**63

Progress = Callable[[int, int, int], None]
"""(block, head, records so far)."""


async def verify_ledger(
    rpc: Rpc,
    ledger: str,
    *,
    to_block: int | None = None,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Whether everything the ledger settled follows from what meters signed and votes decided.

    Args:
        rpc: any node of the chain; historical state is never asked for.
        ledger: the UsageLedger's address: what is trusted.
        to_block: verify up to here, and leave out the comparison with the newest state.
        checkpoint: goes on from the position in this file; the new one is in it if all agrees.
        progress: told after every page.

    Raises:
        ChainUnreachable, ChainMoved: try again.
        NetworkMismatch: no ledger of ours at the address.
        CheckpointRefused: the checkpoint is not of this chain.
    """
    network = await discover_network(rpc, ledger)
    saved = load_checkpoint(checkpoint, network) if checkpoint else None
    index_epoch_s = await _read_index_epoch_s(rpc, network)
    verification = _Verification(rpc, network, saved, progress, index_epoch_s)
    await verification.catch_up(to_block)
    if to_block is None:
        await verification.compare_head()
    if checkpoint and not verification.disagreements:
        replay = verification.replay
        save_checkpoint(checkpoint, network, replay.position, replay.book)
    return verification.conclude()


class _Verification:
    """One run: the follower, the replay it feeds, and what did not agree so far."""

    def __init__(
        self,
        rpc: Rpc,
        network: Network,
        saved: tuple[Position, FactBook] | None,
        progress: Progress | None,
        index_epoch_s: int,
    ) -> None:
        identity = Identity(
            network.chain_id, bytes.fromhex(network.addresses.ledger[2:]), network.network_id
        )
        self.replay = Replay(identity, *(saved or ()), index_epoch_s=index_epoch_s)
        self.disagreements: list[Disagreement] = []
        self._is_head_compared = False
        self._unreadable: list[Disagreement] = []
        self._rpc = rpc
        self._network = network
        self._progress = progress
        position = self.replay.position
        self._saved_block = position.block if saved else None
        self._follower = Follower(
            rpc,
            network,
            known=[(position.block, position.block_hash)] if saved else [],
            on_unreadable=self._note_unreadable,
        )
        self._pages = PageReader(rpc, network, 1)
        self._corrected = CorrectedRecords(self._pages, network)
        self._hashes: OrderedDict[int, str] = OrderedDict()

    async def catch_up(self, to_block: int | None = None) -> str:
        """The replay stands at the newest block, or at `to_block`; gives that block's hash."""
        rereads = 0
        while True:
            try:
                step = await self._follower.poll(to_block)
            except ChainMoved:
                rereads += 1
                if rereads > MAX_REREADS:
                    raise
                continue
            match step:
                case Advanced():
                    await self._apply(step)
                case Unwound():
                    raise self._explain_unwinding(step)
                case None:
                    break
        return self.replay.position.block_hash

    async def compare_head(self) -> None:
        """The newest state agrees with the replay, or what does not is noted."""
        self._is_head_compared = True
        addresses = self._network.addresses
        self.disagreements += await find_head_disagreements(
            self._rpc, self.replay, addresses, self.catch_up
        )
        self.disagreements += await find_code_disagreements(self._rpc, addresses)

    def conclude(self) -> Verdict:
        """The verdict as of now."""
        failed = {disagreement.check for disagreement in self.disagreements}
        position = self.replay.position
        return Verdict(
            block=position.block,
            records=position.records,
            batches=position.batches,
            checks={
                check: check not in failed
                for check in Check
                if self._is_head_compared or check not in HEAD_CHECKS
            },
            first_disagreement=self.disagreements[0] if self.disagreements else None,
            trusted=self._list_trusted(),
        )

    async def _apply(self, step: Advanced) -> None:
        self._hashes.update((block.number, block.hash) for block in step.blocks)
        batches = decode_settlements(step.blocks)
        hash_by_number = await self._find_references(batches)
        records = await self._corrected.find(step.blocks, batches, self.replay.position)
        found, self._unreadable = self._unreadable, []
        for block in step.blocks:
            found += self.replay.apply(block, batches, hash_by_number, records)
        self.disagreements += sorted(found, key=_place_of)
        while len(self._hashes) > KEPT_HASHES:
            self._hashes.popitem(last=False)
        if self._progress:
            position = self.replay.position
            self._progress(position.block, step.head, position.records)

    async def _find_references(
        self, batches: Mapping[int, Batch | Disagreement]
    ) -> Mapping[int, str]:
        """The hashes of all blocks that the batches refer to, as far as the chain has them."""
        wanted = {
            batch.header.reference_block for batch in batches.values() if isinstance(batch, Batch)
        }
        missing = sorted(wanted - self._hashes.keys())
        if not missing:
            return self._hashes
        headers = await self._pages.read_headers(missing)
        old = {header.number: header.hash for header in headers if header is not None}
        return {**self._hashes, **old}

    def _note_unreadable(self, error: SettlementUnreadable) -> None:
        self._unreadable.append(
            Disagreement(
                Check(error.check),
                error.expected,
                error.actual,
                batch=error.number,
                what=f"{error.message}, transaction {error.tx_hash}",
            )
        )

    def _explain_unwinding(self, step: Unwound) -> ChainMoved | CheckpointRefused:
        if self._saved_block is not None and step.to_block < self._saved_block:
            return CheckpointRefused(
                "the checkpoint's block is not on this chain; start without the file, and ask why",
                expected=self.replay.position.block_hash,
                actual=f"another block {self._saved_block}",
            )
        return ChainMoved(
            "the chain took back blocks that were verified; verify again", actual=step.to_block
        )

    def _list_trusted(self) -> Trusted:
        position = self.replay.position
        facts = self.replay.book.at(position.block)
        known = facts.validator_sets.at(position.time_s * 1000)
        validators: dict[str, int | list[str]] = {}
        if known is not None:
            validators = {
                "version": known.version,
                "quorum": compute_quorum(len(known.validators)),
                "attesters": [validator.attester for validator in known.validators],
            }
        return Trusted(
            chain_id=self._network.chain_id,
            ledger=self._network.addresses.ledger,
            validator_set=validators,
            rpc=[_strip_secrets(url) for url in self._rpc.urls],
        )


async def _read_index_epoch_s(rpc: Rpc, network: Network) -> int:
    """The length of the price index's epochs, which nothing changes."""
    _, (epoch_s,) = await read_views(rpc, [PriceIndex(network.addresses.price_index).epoch_s()])
    return int(epoch_s)


def _place_of(disagreement: Disagreement) -> tuple[int, int]:
    """Batches first, by number; what is of no batch comes after those of its page."""
    order = list(Check).index(disagreement.check)
    return (LAST if disagreement.batch is None else disagreement.batch, order)


def _strip_secrets(url: str) -> str:
    """The URL without user, password, query or fragment."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
