"""What a chain of several nodes begins with: limits, permitted senders and their money.

Source: docs/operations/avalanche.md; the fields are subnet-evm's.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from tallystick.chain.config import Chain

BALANCE_WEI: Final = 10**24
"""Each sender's: at 1 wei for a unit of gas, full blocks for some hundred million years."""
EARLIEST_TIME_S: Final = 0x5FCB13D0
"""Before it the rules that the genesis block is read with do not hold yet."""
_BLOCK_S: Final = 1
_MIB: Final = 1024 * 1024
_UNREACHED_GAS: Final = 1_000_000_000
"""In ten seconds; a chain that stays below never raises its price."""
_ZERO_HASH: Final = "0x" + 64 * "0"
_ZERO_ADDRESS: Final = "0x" + 40 * "0"
_OLD_RULES: Final = (
    "homestead",
    "eip150",
    "eip155",
    "eip158",
    "byzantium",
    "constantinople",
    "petersburg",
    "istanbul",
    "muirGlacier",
)


def compute_genesis(
    chain: Chain, *, managers: Sequence[str], senders: Sequence[str], time_s: int
) -> dict[str, Any]:
    """The genesis document of a chain on which nobody sends but managers and senders.

    Args:
        chain: from the network's configuration.
        managers: addresses that may permit others, and send.
        senders: addresses that may send.
        time_s: of the first block, Unix seconds; moved up to the earliest that the engine takes.

    Returns:
        JSON-ready; managers and senders are funded.
    """
    began_s = max(time_s, EARLIEST_TIME_S)
    return {
        "config": {
            "chainId": chain.id,
            **{f"{rule}Block": 0 for rule in _OLD_RULES},
            "feeConfig": _compute_fees(chain),
            "txAllowListConfig": {
                "blockTimestamp": began_s,
                "adminAddresses": list(managers),
                "enabledAddresses": list(senders),
            },
        },
        "alloc": {
            _strip(address): {"balance": hex(BALANCE_WEI)} for address in (*managers, *senders)
        },
        "timestamp": hex(began_s),
        "gasLimit": hex(chain.gas_limit),
        "difficulty": "0x0",
        "nonce": "0x0",
        "number": "0x0",
        "gasUsed": "0x0",
        "extraData": "0x",
        "mixHash": _ZERO_HASH,
        "parentHash": _ZERO_HASH,
        "coinbase": _ZERO_ADDRESS,
    }


def _compute_fees(chain: Chain) -> dict[str, int]:
    return {
        "gasLimit": chain.gas_limit,
        "targetBlockRate": _BLOCK_S,
        "minBaseFee": chain.gas_price_wei,
        "targetGas": _UNREACHED_GAS,
        "baseFeeChangeDenominator": 48,
        "minBlockGasCost": 0,
        "maxBlockGasCost": 0,
        "blockGasCostStep": 0,
    }


def compute_chain_settings() -> dict[str, Any]:
    """How each node serves the chain: every state kept, a deep pool, bounded memory and answers."""
    return {
        "eth-apis": [
            *("eth", "eth-filter", "net", "web3", "debug-tracer"),
            *("internal-eth", "internal-blockchain", "internal-transaction", "internal-tx-pool"),
        ],
        "log-level": "warn",
        "metrics-expensive-enabled": False,
        "database-config": base64.b64encode(msgspec.json.encode(_compute_database())).decode(),
        # An auditor may ask for what was true at any block.
        "pruning-enabled": False,
        "trie-clean-cache": 64,
        "trie-dirty-cache": 64,
        "snapshot-cache": 64,
        # A sender has up to 64 transactions of four slots (32 kB each) in flight.
        "local-txs-enabled": True,
        "tx-pool-price-limit": 1,
        "tx-pool-account-slots": 4_096,
        "tx-pool-global-slots": 16_384,
        "tx-pool-account-queue": 1_024,
        "tx-pool-global-queue": 4_096,
        "batch-response-max-size": 64 * 1024 * 1024,
    }


def _compute_database() -> dict[str, Any]:
    """What was accepted is on disk: without `sync` nodes that are all killed lose final blocks."""
    return {"sync": True, "cacheSize": 64 * _MIB, "memTableSize": 16 * _MIB}


def _strip(address: str) -> str:
    return address.removeprefix("0x")
