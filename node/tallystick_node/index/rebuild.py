"""`tallystick node rebuild`: the index made anew from the chain alone."""

from __future__ import annotations

from pathlib import Path

from tallystick.chain.blocks import Advanced
from tallystick.chain.follower import Follower
from tallystick.chain.network import Network
from tallystick.chain.rpc import Rpc
from tallystick.projection import Projection, ProjectionUnreadable, Queries
from tallystick_node.index.errors import IndexInUse

Totals = dict[str, int]


async def rebuild_index(
    rpc: Rpc, network: Network, path: Path, *, from_block: int, finality_tag: str
) -> Totals:
    """The file at `path` holds the whole chain, up to its head.

    A new file is filled beside the old one and takes its place at the end, so that an interrupted
    rebuild leaves the old one as it was.

    Args:
        rpc: any endpoint of the chain.
        network: whose index it is.
        path: the index file; nobody may have it open.
        from_block: where the network begins.
        finality_tag: up to where to follow.

    Returns:
        block, batches, records and quarantined of the new index.

    Raises:
        IndexInUse: a running validator has the file open.
    """
    _require_unused(path, network)
    fresh = path.with_suffix(".rebuilding")
    _remove(fresh)
    projection = Projection(fresh, network)
    try:
        await _follow_to_head(rpc, network, projection, from_block, finality_tag)
        state = Queries(projection).chain.state()
    finally:
        projection.close()
    _remove(path)
    fresh.replace(path)
    return {name: state[name] or 0 for name in ("block", "batches", "records", "quarantined")}


async def _follow_to_head(
    rpc: Rpc, network: Network, projection: Projection, from_block: int, finality_tag: str
) -> None:
    follower = Follower(rpc, network, from_block=from_block, finality_tag=finality_tag)
    while (change := await follower.poll()) is not None:
        if isinstance(change, Advanced):
            projection.apply(change.blocks)
        else:
            projection.unwind(change.to_block)


def _require_unused(path: Path, network: Network) -> None:
    """Nobody has the file open. A damaged one is no hindrance: it is what a rebuild is for."""
    if not path.exists():
        return
    try:
        Projection(path, network).close()
    except ProjectionUnreadable as error:
        if "lock" in str(error.actual):
            raise IndexInUse(
                "the index is in use; stop its validator first", actual=str(path)
            ) from error


def _remove(path: Path) -> None:
    """The DuckDB file and its log are gone."""
    path.unlink(missing_ok=True)
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
