"""`Tariff.value` on chain and `core.valuation` agree on random records."""

import random

import pytest
from tests.integration.deployed import DeployedNetwork
from tests.integration.voting import read_time_s

from tallystick.chain.bindings.authority import INDEX, Authority
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.bindings.tariff import Tariff
from tallystick.chain.calls import View
from tallystick.chain.config import load_tariff_config
from tallystick.chain.reader import read_together
from tallystick.core.tariff import Rates, resolve_rates
from tallystick.core.usage import MAX_CONTEXT, NO_MCI_FLAGS, TOKEN_FIELDS
from tallystick.core.valuation import compute_cost_ucr

pytestmark = pytest.mark.integration

MACHINE_FIELDS = ("compute_ms", "memory_gib_s", "transfer_kib")
NOW_MS = 1_700_000_000_000
RECORDS = 300
FLAGS = (0, 0, 1, 64, 128, 192)


def draw_quantities(draw: random.Random) -> dict[str, int]:
    """Quantities of every size a record may have, the largest and zero among them."""
    left = draw.choice([0, 999, 1_000, 5_000, 128_000, MAX_CONTEXT])
    quantities = {}
    for field in draw.sample(TOKEN_FIELDS, len(TOKEN_FIELDS)):
        quantities[field] = draw.choice([0, left, draw.randint(0, left)])
        left -= quantities[field]
    for field in MACHINE_FIELDS:
        quantities[field] = draw.choice([0, 1, draw.randrange(2**32), 2**32 - 1])
    return quantities


def test_value_on_chain_equals_the_core_on_random_records(deployed: DeployedNetwork) -> None:
    draw = random.Random(20)  # noqa: S311 - a test's own numbers, the same every time
    contract = Tariff(deployed.network.addresses.tariff)
    resources = list(load_tariff_config().resources.values())
    views: list[View[int]] = []
    expected: list[int] = []
    for _ in range(RECORDS):
        number = draw.randrange(len(resources))
        quantities, flags = draw_quantities(draw), draw.choice(FLAGS)
        views.append(contract.value(number + 1, quantities, NOW_MS, flags=flags))
        rates = resolve_rates(resources[number].rates)
        expected.append(compute_cost_ucr(quantities, rates, flags=flags))
    assert read_together(deployed.w3, views)[1] == expected
    assert any(cost > 2**40 for cost in expected)


def test_value_follows_a_price_index_and_new_rates(deployed: DeployedNetwork) -> None:
    addresses = deployed.network.addresses
    contract, registry = Tariff(addresses.tariff), Registry(addresses.registry)
    bounds = load_tariff_config().bounds["gpu"]
    register = registry.register_resource("odd-gpu", 3, 2, "odd", bounds)
    resource = deployed.registrar.send(register).outcome
    rates = Rates(
        compute_ncr=17_777,
        gpu_multiplier_ppm=1_333_333,
        memory_ncr=7,
        transfer_ncr=3,
        bandwidth_factor_ppm=1_500_001,
    )
    indexer = deployed.registrar.address
    deployed.vote(
        contract.set_rates({resource: rates}),
        Authority(addresses.authority).grant_role(INDEX, indexer),
    )
    from_ms = (read_time_s(deployed.w3) + 1) * 1_000
    assert (
        deployed.registrar.send(contract.set_index("odd", 1_234_567, from_ms=from_ms)).outcome == 1
    )
    quantities = {"compute_ms": 1_000_003, "memory_gib_s": 11, "transfer_kib": 13}
    _, (before, after, index) = read_together(
        deployed.w3,
        [
            contract.value(resource, quantities, from_ms - 1),
            contract.value(resource, quantities, from_ms, flags=NO_MCI_FLAGS),
            contract.index_at("odd", from_ms),
        ],
    )
    assert index == (1_234_567, 1)
    assert before == compute_cost_ucr(quantities, resolve_rates(rates))
    assert after == compute_cost_ucr(quantities, resolve_rates(rates, 1_234_567))
    assert before != after
