"""The local chain: anvil, started so that the same blocks replayed give the same hashes."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final

from tallystick.chain.errors import ChainUnreachable
from tallystick.chain.rpc import Rpc
from tallystick.local.chain_log import LoggedBlock
from tallystick.local.clock import NetworkClock
from tallystick.local.errors import ChainLogBroken, StartFailed
from tallystick.local.folder import ChainEntry
from tallystick.local.names import ANVIL
from tallystick.local.ports import LOOPBACK, check_port_free, format_url
from tallystick.local.processes import Processes, is_running

BLOCK_GAS_LIMIT: Final = 100_000_000
KEPT_STATES: Final = 256
START_PATIENCE_S: Final = 20.0
POLL_S: Final = 0.02


def compute_command(program: Path, chain: ChainEntry) -> list[str]:
    """The command line of anvil: no fees, Cancun, every block final at once, nothing but RAM.

    The genesis block depends on nothing but `chain`.
    """
    return [
        str(program),
        *("--host", LOOPBACK, "--port", str(chain.port)),
        *("--chain-id", str(chain.chain_id), "--timestamp", str(chain.genesis_time_s)),
        *("--hardfork", "cancun", "--base-fee", "0", "--gas-price", "0"),
        *("--gas-limit", str(BLOCK_GAS_LIMIT), "--enable-tx-gas-limit"),
        *("--slots-in-an-epoch", "0", "--order", "fifo", "--accounts", "0"),
        *("--prune-history", str(KEPT_STATES), "--silent"),
    ]


async def start_anvil(
    processes: Processes,
    program: Path,
    chain: ChainEntry,
    blocks: list[LoggedBlock],
    clock: NetworkClock,
) -> None:
    """The chain answers, and holds `blocks`.

    Args:
        processes: of the network.
        program: anvil.
        chain: what the network fixes about it.
        blocks: from block 1 on; none on a new network.
        clock: the network's.

    Raises:
        PortInUse: its port belongs to somebody else.
        StartFailed: it ended, or did not answer in time.
        ChainLogBroken: a replayed block came out different.
    """
    check_port_free(chain.port, "the chain")
    entry = processes.start(ANVIL, compute_command(program, chain))
    rpc = Rpc([format_url(chain.port)])
    try:
        deadline = time.monotonic() + START_PATIENCE_S
        while not await is_answering(rpc):
            if not is_running(entry) or time.monotonic() > deadline:
                raise StartFailed(
                    "the chain did not start",
                    expected=f"an answer on port {chain.port}",
                    actual=f"see {processes.logs / f'{ANVIL}.log'}",
                )
            await asyncio.sleep(POLL_S)
        if blocks:
            await replay_blocks(rpc, blocks, clock)
    finally:
        await rpc.aclose()


async def is_answering(rpc: Rpc) -> bool:
    """Whether the chain answers."""
    try:
        await rpc.call("eth_chainId")
    except ChainUnreachable:
        return False
    return True


async def replay_blocks(rpc: Rpc, blocks: list[LoggedBlock], clock: NetworkClock) -> None:
    """The fresh chain holds `blocks` with the hashes they had, and its clock is right again.

    Raises:
        ChainLogBroken: a block came out different.
    """
    await rpc.call("evm_setAutomine", False)
    for block in blocks:
        await _replay_block(rpc, block)
    await rpc.call("evm_setTime", max(clock() // 1_000, blocks[-1].time_s))
    await rpc.call("evm_setAutomine", True)


async def _replay_block(rpc: Rpc, block: LoggedBlock) -> None:
    answers = await rpc.call_many(
        [
            ("evm_setNextBlockTimestamp", (block.time_s,)),
            *(("eth_sendRawTransaction", ("0x" + raw.hex(),)) for raw in block.transactions),
        ]
    )
    refused = [str(answer) for answer in answers if isinstance(answer, Exception)]
    if not refused:
        await rpc.call("evm_mine")
        mined = await rpc.call("eth_getBlockByNumber", "latest", False)
        if mined["hash"] == block.hash:
            return
        refused = [mined["hash"]]
    raise ChainLogBroken(
        f"block {block.number} came out different when it was replayed",
        expected=block.hash,
        actual=refused[0],
    )
