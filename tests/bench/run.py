"""`make bench`: what this machine settles, values, verifies, admits and relays, all in one run.

Four validators run as processes of their own on one development chain. Everything that is compared
with each other is measured on that chain, one after the other; then the gateway and its rival get
the same calls, on a network of the gateway's own.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from tests.bench import gateway
from tests.bench.admission import measure_admission
from tests.bench.baselines import measure_baseline
from tests.bench.gateway import measure_gateway
from tests.bench.load import PROJECTS, LoadedMeter, assign_meters, found_limited_network
from tests.bench.machine import describe_machine
from tests.bench.report import print_report, write_report
from tests.bench.settling import Settled, prepare_sendings, settle_load
from tests.bench.valuing import measure_valuation
from tests.bench.verifying import measure_verification
from tests.integration.anvil import run_anvil
from tests.integration.node.nodes import run_nodes
from tests.integration.settling import SettlingNetwork

REPORT: Final = Path("build/bench.json")
CHAIN_FRAME_RECORDS: Final = 225
CHAIN_BATCH_FRAMES: Final = 8


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    warm_up_records: int
    records: int
    naive_records: int
    chain_batches: int
    gateway: gateway.Sizes


FULL: Final = Sizes(
    warm_up_records=32_768,
    records=409_600,
    naive_records=600,
    chain_batches=40,
    gateway=gateway.FULL,
)
QUICK: Final = Sizes(
    warm_up_records=8_192,
    records=81_920,
    naive_records=100,
    chain_batches=10,
    gateway=gateway.QUICK,
)


def main() -> None:
    """The table is printed and build/bench.json written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a rough answer, while developing")
    sizes = QUICK if parser.parse_args().quick else FULL
    with tempfile.TemporaryDirectory(prefix="tallystick-bench-") as folder:
        document = measure(sizes, Path(folder))
    write_report(document, REPORT)
    print_report(document)


def measure(sizes: Sizes, folder: Path) -> dict[str, dict[str, Any]]:
    """All numbers.

    Args:
        sizes: of the load.
        folder: empty; for the chain's log and the validators.
    """
    machine = describe_machine(folder)
    with run_anvil(folder) as url:
        network = found_limited_network(url)
        meters, unused = assign_meters(network)
        settled = measure_settlement(network, meters, sizes, folder)
        ledger = network.network.addresses.ledger
        verify = asyncio.run(measure_verification(url, ledger))
        naive, alone = asyncio.run(measure_baselines(network, unused, sizes))
        valuation = asyncio.run(measure_valuation(network))
    beside = folder / "beside"
    beside.mkdir()
    relayed = measure_gateway(sizes.gateway, beside)
    return {
        "machine": asdict(machine),
        "settle": {
            "records_per_s": settled.records_per_s,
            "naive_records_per_s": naive,
            "ratio": settled.records_per_s / naive,
            "gas_per_record": settled.gas_per_record,
            "chain_records_per_s": alone,
            "chain_share": settled.records_per_s / alone,
            "validators": len(network.validators),
            "meters": len(meters),
            "projects": PROJECTS,
            **asdict(settled),
        },
        "valuation": valuation,
        "verify": verify,
        "admission": measure_admission(),
        "gateway": relayed,
    }


def measure_settlement(
    network: SettlingNetwork, meters: list[LoadedMeter], sizes: Sizes, folder: Path
) -> Settled:
    """Real frames through real validators, after a warm-up that is not counted."""
    with run_nodes(network, folder) as group:
        each = sizes.warm_up_records // len(meters)
        settle_load(group, prepare_sendings(group, meters, each, first_seq=0))
        sendings = prepare_sendings(group, meters, sizes.records // len(meters), first_seq=each)
        return settle_load(group, sendings)


async def measure_baselines(
    network: SettlingNetwork, unused: list[int], sizes: Sizes
) -> tuple[float, float]:
    """Records a second: one transaction per record, and full batches, by one sender."""
    half = len(unused) // 2
    naive = await measure_baseline(
        network, unused[:half], frame_records=1, batch_frames=1, batches=sizes.naive_records
    )
    alone = await measure_baseline(
        network,
        unused[half:],
        frame_records=CHAIN_FRAME_RECORDS,
        batch_frames=CHAIN_BATCH_FRAMES,
        batches=sizes.chain_batches,
    )
    return naive, alone


if __name__ == "__main__":
    main()
