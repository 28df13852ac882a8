"""The genesis file of a QBFT chain. Pure.

Sources: Besu's documentation, "Configure QBFT consensus" and "Configure free gas networks".
`emptyblockperiodseconds` carries no x in front since besu-eth/besu #10264; Besu before 26.5 reads
only the older name and would make an empty block every period.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from tallystick.ceremony.besu.extra_data import encode_extra_data
from tallystick.chain.config import Chain, load_config_document

MIX_HASH: Final = "0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365"
"""Marks a block of this kind of consensus; it is no source of randomness."""


class Qbft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How blocks are agreed on (chain-config/besu/qbft.toml)."""

    block_period_s: int
    empty_block_period_s: int
    request_timeout_s: int
    epoch_blocks: int


def compute_genesis(chain: Chain, qbft: Qbft, validators: Sequence[str]) -> dict[str, Any]:
    """The genesis file's document: the same members make the same block, whoever writes it.

    Args:
        chain: from the network's configuration.
        qbft: how blocks are agreed on.
        validators: addresses of the nodes that make the first blocks, in any order.
    """
    return {
        "config": {
            "chainId": chain.id,
            "londonBlock": 0,
            "shanghaiTime": 0,
            "cancunTime": 0,
            "zeroBaseFee": True,
            "qbft": {
                "blockperiodseconds": qbft.block_period_s,
                "emptyblockperiodseconds": qbft.empty_block_period_s,
                "requesttimeoutseconds": qbft.request_timeout_s,
                "epochlength": qbft.epoch_blocks,
            },
        },
        "nonce": "0x0",
        "timestamp": "0x0",
        "gasLimit": hex(chain.gas_limit),
        "difficulty": "0x1",
        "baseFeePerGas": "0x0",
        "mixHash": MIX_HASH,
        "coinbase": "0x" + "00" * 20,
        "alloc": {},
        "extraData": encode_extra_data(sorted(address.lower() for address in validators)),
    }


def load_qbft() -> Qbft:
    """How blocks are agreed on, from chain-config/besu/qbft.toml.

    Raises:
        ConfigInvalid: missing, or a field is missing, unknown or of the wrong type.
    """
    return load_config_document("besu/qbft.toml", Qbft)
