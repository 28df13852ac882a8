"""What a chain of several nodes begins with."""

import base64
import json
from typing import Any

import pytest

from tallystick.chain.config import load_network_config
from tallystick.local.avalanche.genesis import (
    BALANCE_WEI,
    EARLIEST_TIME_S,
    compute_chain_settings,
    compute_genesis,
)

MANAGER, SENDER = "0x" + "aa" * 20, "0x" + "bb" * 20
NOW_S = 1_795_000_000
CHAIN = load_network_config("avalanche").chain


def make(time_s: int = NOW_S) -> dict[str, Any]:
    return compute_genesis(CHAIN, managers=[MANAGER], senders=[SENDER], time_s=time_s)


def test_genesis_lets_nobody_send_but_managers_and_senders() -> None:
    allowed = make()["config"]["txAllowListConfig"]
    assert allowed["adminAddresses"] == [MANAGER]
    assert allowed["enabledAddresses"] == [SENDER]


@pytest.mark.parametrize("time_s", [0, NOW_S])
def test_genesis_asks_who_sends_from_the_first_block_on(time_s: int) -> None:
    genesis = make(time_s)
    assert genesis["config"]["txAllowListConfig"]["blockTimestamp"] == int(genesis["timestamp"], 16)


def test_genesis_is_no_older_than_the_engine_takes() -> None:
    assert int(make(time_s=0)["timestamp"], 16) == EARLIEST_TIME_S


def test_genesis_funds_whoever_may_send() -> None:
    assert make()["alloc"] == {
        "aa" * 20: {"balance": hex(BALANCE_WEI)},
        "bb" * 20: {"balance": hex(BALANCE_WEI)},
    }


def test_genesis_has_the_limits_and_the_price_of_the_configuration() -> None:
    genesis = make()
    fees = genesis["config"]["feeConfig"]
    assert genesis["config"]["chainId"] == CHAIN.id
    assert int(genesis["gasLimit"], 16) == fees["gasLimit"] == CHAIN.gas_limit
    assert fees["minBaseFee"] == CHAIN.gas_price_wei


def test_full_blocks_never_raise_the_price() -> None:
    fees = make()["config"]["feeConfig"]
    gas_in_the_window = 10 * fees["gasLimit"] // fees["targetBlockRate"]
    assert gas_in_the_window <= fees["targetGas"]


def test_settings_keep_accepted_blocks_on_disk() -> None:
    settings = compute_chain_settings()
    database = json.loads(base64.b64decode(settings["database-config"]))
    assert database["sync"] is True
    assert settings["pruning-enabled"] is False


def test_settings_open_no_interface_that_changes_a_node() -> None:
    apis = compute_chain_settings()["eth-apis"]
    assert not {"admin", "internal-personal", "personal", "debug", "miner"} & set(apis)
