"""`tallystick node rebuild`: settings in, a fresh index out; a small composition root."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tallystick.chain.discovery import discover_network
from tallystick.chain.rpc import Rpc
from tallystick_node.index.rebuild import Totals, rebuild_index
from tallystick_node.settings import NodeSettings, load_settings


def rebuild(settings_path: Path) -> Totals:
    """The validator's index is made anew from the chain; the validator must be down.

    Args:
        settings_path: as for `node.run`.

    Returns:
        block, batches, records and quarantined of the new index.

    Raises:
        SettingsInvalid: before anything is opened.
        ProjectionUnreadable: the index is in use.
        ChainUnreachable: no endpoint answered; the old index stands.
    """
    return asyncio.run(_rebuild(load_settings(settings_path)))


async def _rebuild(settings: NodeSettings) -> Totals:
    rpc = Rpc(settings.rpc_urls)
    try:
        network = await discover_network(rpc, settings.ledger)
        return await rebuild_index(
            rpc,
            network,
            settings.data_dir / "index.duckdb",
            from_block=settings.start_block,
            finality_tag=settings.finality_tag,
        )
    finally:
        await rpc.aclose()
