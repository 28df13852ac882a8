"""A network found from its ledger's address, by the contracts' own word on one another.

The ledger names the contracts that it works with, and their authority. The authority's events name
all others: each holds a place, a role that opens no door and has one member. A vote that replaces
a contract gives its place to the new one, and who looks finds it. Ledgers have their role for a
place: from any ledger that ever had it the one in force is found, and those before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from tallystick.chain.abi import load_events
from tallystick.chain.bindings.authority import LEDGER, place_of
from tallystick.chain.bindings.budgets import Budgets
from tallystick.chain.bindings.ledger import Ledger
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.decode import Event, decode_event, parse_log
from tallystick.chain.errors import (
    AnswerMalformed,
    EndpointBehind,
    NetworkMismatch,
    RpcRefused,
    TransactionReverted,
)
from tallystick.chain.network import CONTRACT_BY_FIELD, PLACES, Addresses, Network
from tallystick.chain.reader import Dialogue, expect, hold, hold_async, reading_together
from tallystick.chain.rpc import Rpc
from tallystick.chain.words import WORD_BYTES

if TYPE_CHECKING:
    from web3 import Web3

LOG_PAGE_BLOCKS: Final = 2_000
PAGES_PER_ROUND: Final = 50


async def discover_network(rpc: Rpc, ledger: str, *, at_least: int = 0) -> Network:
    """The network that the ledger at this address belongs to.

    Args:
        rpc: endpoints of its chain.
        ledger: 0x address, in any case.
        at_least: a block that the answer has to know of.

    Raises:
        NetworkMismatch: no ledger of ours is there, or a contract of the network is missing.
        ChainUnreachable: no endpoint answered.
        EndpointBehind: the one that did has not come to that block yet.
    """
    return await hold_async(rpc, discovering(ledger.lower(), at_least))


def find_network(w3: Web3, ledger: str) -> Network:
    """The same through web3; see `discover_network`."""
    return hold(w3, discovering(ledger.lower()))


def discovering(ledger: str, at_least: int = 0) -> Dialogue[Network]:
    """The rounds of `discover_network`: chain, ledger, what it names, what the authority says."""
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
    _, (authority,) = yield from reading_together([Registry(parts.registry).authority()])
    grants = yield from _reading_grants(authority, at_least)
    *former_ledgers, current = _list_ledgers(grants) or [ledger]
    if current != ledger:
        _, (parts,) = yield from reading_together([Ledger(current).parts()])
    registry, budgets = Registry(parts.registry), Budgets(parts.budgets)
    _, found = yield from reading_together(
        [registry.network_id(), budgets.credits(), budgets.state()]
    )
    network_id, credit_ledger, state = found
    places = _find_places(grants, authority)
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
            ledger=current,
            authority=authority,
            **places,
        ),
        genesis_hash=_hash_of(genesis),
        start_block=0,
        former_ledgers=tuple(former_ledgers),
    )


def reading_places(authority: str) -> Dialogue[Mapping[str, str]]:
    """Who holds each place now; every contract of the network has one or is the ledger's."""
    grants = yield from _reading_grants(authority)
    return _find_places(grants, authority)


def _reading_grants(authority: str, at_least: int = 0) -> Dialogue[list[Event]]:
    """Every grant and revocation of a place, or of the ledger's role, in order."""
    logs = yield from _reading_logs(authority, _list_topics(), at_least)
    shapes = load_events("AccessManager")
    return [decode_event(shapes[log.topics[0]], log) for log in map(parse_log, logs)]


def _list_ledgers(grants: Sequence[Event]) -> list[str]:
    """Every ledger there was, the one in force last: the newest that still has the role."""
    known: list[str] = []
    holding: list[str] = []
    for event in grants:
        account = event.args["account"]
        if event.args["roleId"] != LEDGER:
            continue
        if account not in known:
            known.append(account)
        if account in holding:
            holding.remove(account)
        if event.name == "RoleGranted":
            holding.append(account)
    current = (holding or known)[-1:]
    return [account for account in known if account not in current] + current


def _find_places(grants: Sequence[Event], authority: str) -> Mapping[str, str]:
    holder_by_role: dict[int, str] = {}
    for event in grants:
        role, account = event.args["roleId"], event.args["account"]
        if event.name == "RoleGranted":
            holder_by_role[role] = account
        elif holder_by_role.get(role) == account:
            del holder_by_role[role]
    missing = [field for field in PLACES if place_of(field) not in holder_by_role]
    if missing:
        raise NetworkMismatch(
            "the network lacks contracts",
            expected=", ".join(CONTRACT_BY_FIELD[field] for field in missing),
            actual=f"none named by the authority at {authority}",
        )
    return {field: holder_by_role[place_of(field)] for field in PLACES}


def _reading_logs(address: str, topics: list[list[str]], at_least: int) -> Dialogue[list[Any]]:
    """All logs of these topics: in one answer, or page by page where the node gives no more."""
    wanted = {"address": address, "topics": topics}
    whole = {**wanted, "fromBlock": "0x0", "toBlock": "latest"}
    # The number first: logs that are read after it know of that block.
    number, answer = yield [("eth_blockNumber", ()), ("eth_getLogs", (whole,))]
    head = int(expect(number), 16)
    if head < at_least:
        raise EndpointBehind(
            "a chain endpoint lags behind", expected=f"block {at_least}", actual=f"block {head}"
        )
    if not isinstance(answer, RpcRefused):
        return list(answer)
    pages = [
        {**wanted, "fromBlock": hex(first), "toBlock": hex(first + LOG_PAGE_BLOCKS - 1)}
        for first in range(0, head + 1, LOG_PAGE_BLOCKS)
    ]
    logs: list[Any] = []
    for start in range(0, len(pages), PAGES_PER_ROUND):
        chosen = pages[start : start + PAGES_PER_ROUND]
        answers = yield [("eth_getLogs", (page,)) for page in chosen]
        for answer in answers:
            logs += expect(answer)
    return logs


def _list_topics() -> list[list[str]]:
    """Grants and revocations of places, and of the ledger's role."""
    names = ("RoleGranted", "RoleRevoked")
    events = [t for t, shape in load_events("AccessManager").items() if shape.name in names]
    wanted = [LEDGER, *(place_of(field) for field in PLACES)]
    roles = [role.to_bytes(WORD_BYTES, "big") for role in wanted]
    return [[f"0x{topic.hex()}" for topic in topics] for topics in (events, roles)]


def _hash_of(genesis: Any) -> str:  # noqa: ANN401 - JSON
    if not isinstance(genesis, dict) or "hash" not in genesis:
        raise NetworkMismatch("the chain node does not know its first block", actual=str(genesis))
    genesis_hash: str = genesis["hash"]
    return genesis_hash.lower()
