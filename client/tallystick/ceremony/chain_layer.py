"""What operators do on the chain itself when members change: votes on the ledger cannot. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from tallystick.ceremony.changes import Action
from tallystick.ceremony.members import Member

BESU, AVALANCHE = "besu", "avalanche"
ALLOW_LIST: Final = "0x0200000000000000000000000000000000000002"
BEFORE, AFTER = "before the vote is executed", "once the vote is in force"


class Step(msgspec.Struct, frozen=True):
    """Who does what and when; `commands` are what to run or to write."""

    who: str
    when: str
    what: str
    commands: list[str]


def list_steps(engine: str, action: Action, old: Member | None, new: Member | None) -> list[Step]:
    """Everything that has to be done beside the vote, in order.

    Args:
        engine: of the network's configuration.
        action: what happens to the member.
        old: the member as it was, None where it joins or nobody holds its card.
        new: the member as it will be, None where it leaves.
    """
    if engine == BESU:
        return list(_list_besu(action, old, new))
    if engine == AVALANCHE:
        return list(_list_avalanche(old, new))
    return []


def _list_besu(action: Action, old: Member | None, new: Member | None) -> Iterator[Step]:
    coming = [one for one in _senders(new) if one not in _senders(old)]
    going = [one for one in _senders(old) if one not in _senders(new)]
    old_node, new_node = (None if one is None else one.enode for one in (old, new))
    if old_node == new_node:
        old_node = new_node = None
    if coming or new_node is not None:
        yield Step("every chain node's operator", BEFORE, "let it in", _allow(coming, new_node))
    if new is not None and new_node is not None:
        yield Step(
            "more than half of the chain's validators",
            BEFORE,
            "vote its node into those that make blocks",
            [_vote(new.chain_address, joins=True)],
        )
    if old is not None and old_node is not None:
        yield Step(
            "more than half of the chain's validators",
            AFTER,
            "vote its node out of those that make blocks",
            [_vote(old.chain_address, joins=False)],
        )
    if going or old_node is not None:
        yield Step("every chain node's operator", AFTER, "shut it out", _forbid(going, old_node))
    if action is Action.REMOVE and old is None:
        yield Step(
            "every chain node's operator",
            AFTER,
            "shut out the sender, seat and chain node that the member's card names",
            [
                "remove its lines from permissions_config.toml",
                _call("perm_reloadPermissionsFromFile"),
            ],
        )


def _allow(senders: Sequence[str], enode: str | None) -> list[str]:
    return _edit("add", "to", senders, enode)


def _forbid(senders: Sequence[str], enode: str | None) -> list[str]:
    return _edit("remove", "from", senders, enode)


def _edit(verb: str, where: str, senders: Sequence[str], enode: str | None) -> list[str]:
    """What happens to the lists in every node's files, which are then read again."""
    file = "permissions_config.toml"
    lines = [f'{file}: {verb} "{one}" {where} accounts-allowlist' for one in senders]
    if enode is not None:
        lines += [
            f'{file}: {verb} "{enode}" {where} nodes-allowlist',
            f'static-nodes.json: {verb} "{enode}"',
        ]
    return [*lines, _call("perm_reloadPermissionsFromFile")]


def _vote(address: str | None, *, joins: bool) -> str:
    return _call("qbft_proposeValidatorVote", f'"{address}"', str(joins).lower())


def _call(method: str, *params: str) -> str:
    return f'{{"jsonrpc":"2.0","id":1,"method":"{method}","params":[{",".join(params)}]}}'


def _list_avalanche(old: Member | None, new: Member | None) -> Iterator[Step]:
    coming = [one for one in _senders(new) if one not in _senders(old)]
    going = [one for one in _senders(old) if one not in _senders(new)]
    manager = "the manager of the transaction allow list"
    if coming:
        commands = [f"{ALLOW_LIST} setEnabled({one}), and send it gas money" for one in coming]
        yield Step(manager, BEFORE, "let it send", commands)
    if going:
        commands = [f"{ALLOW_LIST} setNone({one})" for one in going]
        yield Step(manager, AFTER, "let it send no longer", commands)


def _senders(member: Member | None) -> tuple[str, ...]:
    """Addresses that send transactions; an attester never does."""
    return () if member is None else (member.sender, member.seat)
