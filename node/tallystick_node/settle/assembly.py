"""Settlement, put together from the settings."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from tallystick.chain.submissions import LevelSubmissionStore
from tallystick.chain.submitter import Submitter
from tallystick_node.basis import Basis
from tallystick_node.peers.client import PeerClient
from tallystick_node.peers.collect import Collector
from tallystick_node.settle.submit import FrameSource, Settler, SettleSettings


def assemble_submitter(basis: Basis, stack: AsyncExitStack) -> Submitter:
    """The submitter of this validator's sending key; its store is closed with the stack."""
    signer = basis.keys.send_signer
    store = LevelSubmissionStore(_place_store(basis.settings.data_dir, signer.address))
    stack.callback(store.close)
    return Submitter(
        basis.rpc,
        signer,
        basis.network.addresses.ledger,
        basis.network.chain_id,
        store,
        gas_price_wei=basis.settings.gas_price_wei,
        window=basis.settings.settle.batches_in_flight,
    )


def assemble_settler(
    basis: Basis,
    source: FrameSource,
    peers: PeerClient,
    submitter: Submitter,
    stack: AsyncExitStack,
) -> Settler:
    """The settler; what it asked peers is ended with the stack."""
    limits = basis.settings.settle
    collector = Collector(basis.keys.attest_signer, peers, timeout_s=limits.attest_timeout_s)
    stack.push_async_callback(collector.aclose)
    terms = SettleSettings(
        basis.network.network_id,
        basis.network.chain_id,
        basis.ledger,
        limits.linger_ms,
        limits.reference_age_ms,
        limits.validity_ms,
        limits.batches_in_flight,
    )
    return Settler(
        source,
        basis.view,
        collector,
        submitter,
        terms,
        basis.view.now_ms,
        basis.metrics,
        is_member=basis.members.is_member,
    )


def _place_store(data_dir: Path, sender: str) -> Path:
    """The folder of what one key has sent: another key's nonces are not its own.

    A validator that had only one key, ever, kept it under a name without the address.
    """
    path, former = data_dir / f"submissions-{sender}", data_dir / "submissions"
    if former.is_dir() and not path.exists():
        former.rename(path)
    return path
