"""Gas of settlements of many shapes on a development chain: what docs/scale.md is calibrated by.

Gas does not depend on the engine: every chain here runs the same instructions at the same prices.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from scripts.scale_model import Shape
from tests.bench.load import create_load, found_limited_network
from tests.integration.anvil import run_anvil
from tests.integration.settling import FIRST_TIME_MS, SettlingNetwork

from tallystick.core.batches import count_lines
from tallystick.core.frames import Frame

SIGNERS: Final = (3, 4)
PLANS: Final = (
    # records of each frame, frames, meters they come from, projects
    (1, 1, 1, 1),
    (8, 1, 1, 4),
    (64, 1, 1, 10),
    (64, 4, 1, 10),
    (64, 8, 4, 10),
    (256, 1, 1, 50),
    (256, 4, 1, 50),
    (256, 7, 1, 50),
    (256, 6, 3, 50),
    (900, 1, 1, 20),
    (850, 2, 2, 50),
    (40, 40, 2, 20),
    (16, 10, 10, 2),
)


def measure_gas(folder: Path) -> list[tuple[Shape, int]]:
    """The gas of settlements of every planned shape, in a state that knows their projects.

    Args:
        folder: empty; for the chain's log.
    """
    with run_anvil(folder) as url:
        network = found_limited_network(url)
        return asyncio.run(_measure(network))


async def _measure(network: SettlingNetwork) -> list[tuple[Shape, int]]:
    next_seqs = [0] * len(network.meters)
    # The first bill of a project writes fresh slots, and so does the first use of a period.
    everything = _sign(network, next_seqs, 256, 2, 1, len(network.projects))
    await network.settle(everything)
    measured: list[tuple[Shape, int]] = []
    for plan in PLANS:
        await network.settle(_sign(network, next_seqs, *plan))  # the meters' first cursors, too
        for signers in SIGNERS:
            frames = _sign(network, next_seqs, *plan)
            measured.append(await _measure_one(network, frames, signers))
    return measured


async def _measure_one(
    network: SettlingNetwork, frames: list[Frame], signers: int
) -> tuple[Shape, int]:
    batch = await network.judge(frames)
    sent = network.send(network.attest(batch, range(signers)))
    receipt = network.w3.eth.get_transaction_receipt(network.w3.to_bytes(hexstr=sent))  # type: ignore[arg-type]
    projects = len(np.unique(batch.records["project"]))
    shape = Shape(len(batch.records), len(frames), count_lines(batch), projects, signers)
    return shape, int(receipt["gasUsed"])


def _sign(
    network: SettlingNetwork,
    next_seqs: list[int],
    records: int,
    frames: int,
    meters: int,
    projects: int,
) -> list[Frame]:
    return list(_sign_each(network, next_seqs, (records, frames, meters, projects)))


def _sign_each(
    network: SettlingNetwork, next_seqs: list[int], plan: tuple[int, int, int, int]
) -> Iterator[Frame]:
    """Frames meter by meter, as a batch carries them."""
    records, frames, meters, projects = plan
    for meter in range(meters):
        for _ in range(frames // meters):
            load = create_load(
                network.projects[:projects],
                records,
                newest_ms=FIRST_TIME_MS,
                seed=next_seqs[meter],
            )
            yield network.sign(load, first_seq=next_seqs[meter], meter=meter)
            next_seqs[meter] += records
