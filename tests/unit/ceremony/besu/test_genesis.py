from typing import Any

import pytest
from tests.unit.ceremony.besu.published import load_published

from tallystick.ceremony.besu.extra_data import encode_extra_data
from tallystick.ceremony.besu.genesis import compute_genesis, load_qbft
from tallystick.chain.config import load_network_config

PUBLISHED = load_published("genesis.json")
VALIDATORS = load_published("extra_data.json")[0]["validators"]


@pytest.fixture
def genesis() -> dict[str, Any]:
    return compute_genesis(load_network_config("besu").chain, load_qbft(), VALIDATORS)


def test_genesis_has_the_published_keys_and_no_other(genesis: dict[str, Any]) -> None:
    assert sorted(genesis) == sorted(PUBLISHED["required"])
    assert sorted(genesis["config"]) == sorted(PUBLISHED["config"])
    assert sorted(genesis["config"]["qbft"]) == sorted(PUBLISHED["qbft"])


def test_genesis_has_the_published_constants(genesis: dict[str, Any]) -> None:
    assert {key: genesis[key] for key in PUBLISHED["fixed"]} == PUBLISHED["fixed"]


def test_genesis_names_validators_ascending_whatever_their_order(genesis: dict[str, Any]) -> None:
    chain = load_network_config("besu").chain
    assert genesis["extraData"] == encode_extra_data(sorted(VALIDATORS))
    assert compute_genesis(chain, load_qbft(), VALIDATORS[::-1]) == genesis


def test_genesis_takes_no_fees(genesis: dict[str, Any]) -> None:
    assert genesis["config"]["zeroBaseFee"] is True
    assert genesis["baseFeePerGas"] == "0x0"
    assert genesis["alloc"] == {}


def test_genesis_limits_blocks_as_the_network_does(genesis: dict[str, Any]) -> None:
    chain = load_network_config("besu").chain
    assert int(genesis["gasLimit"], 16) == chain.gas_limit
    assert genesis["config"]["chainId"] == chain.id


def test_an_idle_chain_is_no_halt() -> None:
    chain, qbft = load_network_config("besu").chain, load_qbft()
    assert qbft.empty_block_period_s < chain.longest_block_s
    assert qbft.block_period_s < qbft.request_timeout_s < chain.longest_block_s
