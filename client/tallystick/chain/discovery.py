"""A network found from its ledger's address, by the contracts' own word on one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tallystick.chain.bindings.budgets import Budgets
from tallystick.chain.bindings.ledger import Ledger
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.errors import AnswerMalformed, NetworkMismatch, TransactionReverted
from tallystick.chain.network import Addresses, Network
from tallystick.chain.reader import Dialogue, expect, hold, hold_async, reading_together
from tallystick.chain.rpc import Rpc

if TYPE_CHECKING:
    from web3 import Web3


async def discover_network(rpc: Rpc, ledger: str) -> Network:
    """The network that the ledger at this address belongs to.

    Args:
        rpc: endpoints of its chain.
        ledger: 0x address, in any case.

    Raises:
        NetworkMismatch: no ledger of ours is there.
        ChainUnreachable: no endpoint answered.
    """
    return await hold_async(rpc, discovering(ledger.lower()))


def find_network(w3: Web3, ledger: str) -> Network:
    """The same through web3; see `discover_network`."""
    return hold(w3, discovering(ledger.lower()))


def discovering(ledger: str) -> Dialogue[Network]:
    """The rounds of `discover_network`: the chain, the ledger, then what the ledger names."""
    answers = yield [
        ("eth_chainId", ()),
        ("eth_getBlockByNumber", ("0x0", False)),
        ("eth_getCode", (ledger, "latest")),
    ]
    chain_id, genesis, code = map(expect, answers)
    if code == "0x":
        raise NetworkMismatch(
            "no contract lies at the ledger's address", expected="a UsageLedger", actual=ledger
        )
    try:
        _, (parts,) = yield from reading_together([Ledger(ledger).parts()])
    except (TransactionReverted, AnswerMalformed) as error:
        raise NetworkMismatch(
            "another contract lies at the ledger's address", expected="a UsageLedger", actual=ledger
        ) from error
    registry, budgets = Registry(parts.registry), Budgets(parts.budgets)
    _, found = yield from reading_together(
        [registry.network_id(), registry.authority(), budgets.credits(), budgets.state()]
    )
    network_id, authority, credit_ledger, state = found
    return Network(
        chain_id=int(chain_id, 16),
        network_id=network_id,
        addresses=Addresses(
            registry=parts.registry,
            validators=parts.validators,
            tariff=parts.tariff,
            credits=credit_ledger,
            budgets=parts.budgets,
            budget_state=state,
            cursors=parts.cursors,
            ledger=ledger,
            authority=authority,
        ),
        genesis_hash=_hash_of(genesis),
        start_block=0,
    )


def _hash_of(genesis: Any) -> str:  # noqa: ANN401 - JSON
    if not isinstance(genesis, dict) or "hash" not in genesis:
        raise NetworkMismatch("the chain node does not know its first block", actual=str(genesis))
    genesis_hash: str = genesis["hash"]
    return genesis_hash.lower()
