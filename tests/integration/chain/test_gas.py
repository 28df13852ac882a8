"""The gas formula bounds what settlements cost at their dearest, and not by absurdly much.

Dearest: every project four levels deep with its own limits, in overdraft, over its soft threshold
and frozen by this very batch; every slot touched for the first time. The contracts' own gas test
holds the sum of it all, at all maxima, below what a transaction may take.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from nacl.signing import SigningKey
from tests.integration.settling import MeterKeys, SettlingNetwork

from tallystick.chain.bindings.budgets import Budgets, PeriodKind
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.config import load_network_config
from tallystick.chain.gas import compute_settle_gas
from tallystick.core.usage import Records

pytestmark = [pytest.mark.integration, pytest.mark.anyio]

DEEP_PROJECTS = 12
METERS = 12
LIMIT_UCR = 1_000


def dig_projects(net: SettlingNetwork) -> tuple[int, ...]:
    """Projects of depth 4 that share nothing but their organisation, limited all the way up."""
    registry = Registry(net.network.addresses.registry)
    budgets = Budgets(net.network.addresses.budgets)
    projects = []
    for index in range(DEEP_PROJECTS):
        node = net.organisation
        for name in (f"deep-{index}", "deeper", "deepest"):
            create = registry.create_account(node, name, net.registrar.address)
            node = net.registrar.send(create).outcome
            limit = budgets.set_budget(
                node, limit_ucr=LIMIT_UCR, period_kind=PeriodKind.MONTH, soft_ppm=500_000
            )
            net.registrar.send(limit)
        net.registrar.send(budgets.grant(node, 1))
        projects.append(node)
    return tuple(projects)


def register_meters(net: SettlingNetwork) -> tuple[MeterKeys, ...]:
    registry = Registry(net.network.addresses.registry)
    bounds = load_network_config().meter_bounds
    meters = []
    for index in range(METERS):
        key = SigningKey(bytes([128 + index]) * 32)
        register = registry.register_meter(
            net.organisation, f"deep-{index}", bytes(key.verify_key), bounds
        )
        meters.append(MeterKeys(net.registrar.send(register).outcome, key))
    return tuple(meters)


@pytest.fixture
def deep(net: SettlingNetwork) -> SettlingNetwork:
    return replace(net, projects=dig_projects(net), meters=register_meters(net))


def make_dense(records: Records, salt: int) -> Records:
    """No zero byte that can be helped: each costs a quarter in calldata of any other."""
    rng = np.random.default_rng(salt)
    records["user"] = rng.integers(2**63, 2**64, len(records), dtype=np.uint64) | 0x0101010101010101
    for field in ("in_cached", "in_written", "out_reasoning", "compute_ms", "transfer_kib"):
        records[field] = 0x00010101 | rng.integers(0, 2**16, len(records), dtype=np.uint32)
    records["step"] = 0x0101
    return records


@pytest.mark.parametrize(
    ("segments", "records_each", "projects", "signers"),
    [
        (1, 1, 1, (0, 1, 2)),
        (1, 1, 1, (0, 1, 2, 3)),
        (1, 12, 12, (0, 1, 2)),
        (12, 1, 12, (0, 1, 2)),
        (12, 1, 1, (0, 1, 2)),
        (1, 900, 1, (0, 1, 2)),
        (2, 900, 12, (0, 1, 2)),
    ],
)
async def test_gas_formula_bounds_the_dearest_settlement(
    deep: SettlingNetwork,
    segments: int,
    records_each: int,
    projects: int,
    signers: tuple[int, ...],
) -> None:
    net = replace(deep, projects=deep.projects[:projects])
    frames = [
        net.sign(
            make_dense(net.records(records_each, first=place), place), first_seq=0, meter=place
        )
        for place in range(segments)
    ]
    tx_hash = net.send(net.attest(await net.judge(frames), signers))
    used = int(net.w3.eth.get_transaction_receipt(tx_hash)["gasUsed"])  # type: ignore[arg-type]
    bound = compute_settle_gas(segments * records_each, segments, projects, len(signers))
    assert used <= bound
    assert bound <= 3 * used


def test_gas_formula_never_asks_for_more_than_a_transaction_may() -> None:
    assert compute_settle_gas(1_800, 40, 120, 32) == 16_777_216
