"""How a network's contracts came to be: the very transactions that a deployment sends.

Code alone does not tell. What a constructor was given lies in immutables, and a contract that asks
somebody's own validator set looks like any other once these are masked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from web3 import Web3

from tallystick.chain.config import NetworkConfig
from tallystick.chain.deploy_contracts import Plan, describe_creation
from tallystick.chain.errors import DeploymentFailed
from tallystick.chain.network import CONTRACT_BY_FIELD, Addresses
from tallystick.chain.reader import ask, ask_many, expect
from tallystick.chain.wiring import Founding

BLOCKS_PER_CALL: Final = 20


def check_creations(
    w3: Web3, addresses: Addresses, founding: Founding, config: NetworkConfig, *, start_block: int
) -> None:
    """Every contract was created by its artifact's code with the configured arguments.

    Args:
        w3: the chain.
        addresses: of the network.
        founding: its identity.
        config: what its constructors were to be given.
        start_block: before its first contract.

    Raises:
        DeploymentFailed: one was not, or not since that block.
    """
    creations = _find_creations(w3, set(asdict(addresses).values()), start_block)
    missing = sorted(set(asdict(addresses).values()) - set(creations))
    if missing:
        raise DeploymentFailed(
            "contracts were not created by a deployment",
            expected=f"since block {start_block}",
            actual=", ".join(missing),
        )
    plan = Plan(creations[addresses.authority]["from"].lower(), founding.network_id, config)
    for field, address in asdict(addresses).items():
        expected = describe_creation(field, addresses, plan).data
        if creations[address]["input"] != f"0x{expected.hex()}":
            raise DeploymentFailed(
                f"the {CONTRACT_BY_FIELD[field]} at {address} was created in another way",
                expected=f"its artifact's code and {len(expected)} bytes in all",
                actual=creations[address]["hash"],
            )


def _find_creations(w3: Web3, wanted: set[str], start_block: int) -> Mapping[str, Any]:
    """The transactions that created these contracts, by their addresses."""
    transactions = [
        transaction
        for block in _read_blocks(w3, start_block)
        for transaction in block["transactions"]
        if transaction.get("to") is None
    ]
    calls = [("eth_getTransactionReceipt", (each["hash"],)) for each in transactions]
    receipts = map(expect, ask_many(w3, calls))
    found = {
        (receipt.get("contractAddress") or "").lower(): transaction
        for transaction, receipt in zip(transactions, receipts, strict=True)
    }
    return {address: found[address] for address in wanted if address in found}


def _read_blocks(w3: Web3, first: int) -> Iterator[Any]:
    head = int(expect(ask(w3, "eth_blockNumber", ())), 16)
    for start in range(first, head + 1, BLOCKS_PER_CALL):
        numbers = range(start, min(start + BLOCKS_PER_CALL, head + 1))
        calls = [("eth_getBlockByNumber", (hex(number), True)) for number in numbers]
        yield from map(expect, ask_many(w3, calls))
