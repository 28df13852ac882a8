"""The chain's newest state beside the replay's: every figure that settling has moved.

Only ever read at `latest`, so a node that keeps no historical state will do. The chain may go on
meanwhile: a figure that differs while it does is read again once the replay has caught up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from tallystick.chain.artifacts import is_deployed_code, load_artifact
from tallystick.chain.bindings.budgets import Budget, Budgets
from tallystick.chain.bindings.credits import Credits
from tallystick.chain.bindings.cursors import Cursors
from tallystick.chain.calls import View, first, view
from tallystick.chain.errors import ChainMoved, Refusal, RpcRefused
from tallystick.chain.network import Addresses
from tallystick.chain.rpc import Rpc
from tallystick.core.facts import Facts
from tallystick.core.settlement import Cursor
from tallystick.verify.replay import Position, Replay, compute_lifetime_spent
from tallystick.verify.verdict import Check, Disagreement

IDS_PER_CALL: Final = 100
MAX_ROUNDS: Final = 40


@dataclass(frozen=True, slots=True)
class StateCheck:
    """One read of the newest state, and what it is compared with."""

    check: Check
    view: View[Any]
    compare: Callable[[Any], Disagreement | None]

    @property
    def key(self) -> tuple[str, bytes]:
        """The same read of another moment has the same key."""
        return self.view.to, self.view.data


def list_state_checks(
    position: Position, facts: Facts, addresses: Addresses
) -> Iterator[StateCheck]:
    """Every figure of the newest state that follows from the replay."""
    cursors = Cursors(addresses.cursors)
    for meters in _chunk(sorted(facts.meters)):
        yield StateCheck(
            Check.HEAD_CURSORS,
            cursors.cursors_of(meters),
            partial(
                _compare_cursors, meters, [position.cursors.get(m) or Cursor() for m in meters]
            ),
        )
    yield _check_value(
        Check.HEAD_ACCUMULATOR, cursors.accumulator(), position.accumulator, "accumulator"
    )
    yield _check_value(
        Check.HEAD_ACCUMULATOR, cursors.batch_count(), position.batches, "number of batches"
    )
    spent = compute_lifetime_spent(position.own_costs_ucr, facts)
    leased = position.economy.leases.compute_leased(facts)
    for accounts in _chunk(sorted(facts.accounts)):
        yield StateCheck(
            Check.HEAD_SPENT,
            Budgets(addresses.budgets).budgets_of(accounts),
            partial(_compare_budgets, accounts, spent, leased),
        )
    yield from _list_credit_checks(position, addresses.credits)


async def find_head_disagreements(
    rpc: Rpc, replay: Replay, addresses: Addresses, catch_up: Callable[[], Awaitable[str]]
) -> list[Disagreement]:
    """What the newest state says differently.

    Args:
        rpc: the chain.
        replay: the replay, which `catch_up` moves on.
        addresses: the network's.
        catch_up: applies new blocks and gives the hash of the chain's newest one.

    Raises:
        ChainMoved: the chain did not hold still for the few figures that were left.
    """
    agreed: set[tuple[str, bytes]] = set()
    for _ in range(MAX_ROUNDS):
        head_hash = await catch_up()
        facts = replay.book.at(replay.position.block)
        checks = [
            check
            for check in list_state_checks(replay.position, facts, addresses)
            if check.key not in agreed
        ]
        found = await _compare_all(rpc, checks)
        agreed.update(check.key for check, each in zip(checks, found, strict=True) if each is None)
        disagreements = [each for each in found if each is not None]
        if not disagreements:
            return []
        # A figure that differs is a fault only if the chain stood where the replay stands.
        newest = await rpc.call("eth_getBlockByNumber", "latest", False)
        if newest["hash"].lower() == head_hash == replay.position.block_hash:
            return disagreements
    raise ChainMoved("the chain moves faster than its state can be compared")


async def find_code_disagreements(rpc: Rpc, addresses: Addresses) -> list[Disagreement]:
    """Contracts whose code is not the published one, whatever their immutables hold."""
    contracts = addresses.by_contract()
    calls = [("eth_getCode", (address, "latest")) for address in contracts.values()]
    found: list[Disagreement] = []
    for (contract, address), answer in zip(
        contracts.items(), await rpc.call_many(calls), strict=True
    ):
        if isinstance(answer, RpcRefused):
            raise answer
        if not is_deployed_code(load_artifact(contract), bytes.fromhex(answer[2:])):
            found.append(Disagreement(Check.HEAD_CODE, contract, "other code", what=address))
    return found


async def _compare_all(rpc: Rpc, checks: Sequence[StateCheck]) -> list[Disagreement | None]:
    calls = [
        ("eth_call", ({"to": check.view.to, "data": f"0x{check.view.data.hex()}"}, "latest"))
        for check in checks
    ]
    answers = await rpc.call_many(calls)
    return [_compare(check, answer) for check, answer in zip(checks, answers, strict=True)]


def _compare(check: StateCheck, answer: Any | RpcRefused) -> Disagreement | None:  # noqa: ANN401 - JSON
    if isinstance(answer, RpcRefused):
        if answer.refusal is not Refusal.REVERTED:
            raise answer
        return Disagreement(check.check, "an answer", "a revert", what=check.view.function)
    return check.compare(check.view.decode(bytes.fromhex(answer[2:])))


def _check_value(check: Check, view: View[Any], expected: int | bytes, what: str) -> StateCheck:
    def compare(actual: int | bytes) -> Disagreement | None:
        if actual == expected:
            return None
        return Disagreement(check, _show(expected), _show(actual), what=what)

    return StateCheck(check, view, compare)


def _list_credit_checks(position: Position, address: str) -> Iterator[StateCheck]:
    """Minted, burned and every balance; their sums agree because the events' do (I1)."""
    book, contract = position.credit_book, Credits(address)
    for credit_id in sorted(book.minted | book.burned):
        for read, amount_ucr, what in (
            (contract.minted(credit_id), book.minted[credit_id], "minted"),
            (contract.burned(credit_id), book.burned[credit_id], "burned"),
        ):
            yield _check_value(
                Check.HEAD_CREDITS, read, amount_ucr, f"{what} of credit id {credit_id}"
            )
    for (holder, credit_id), amount_ucr in sorted(book.balances.items()):
        yield _check_value(
            Check.HEAD_CREDITS,
            view("Credits", address, "balanceOf", holder, credit_id, shape=first),
            amount_ucr,
            f"credit id {credit_id} held by {holder}",
        )


def _compare_cursors(
    meters: Sequence[int], expected: Sequence[Cursor], actual: Sequence[Cursor]
) -> Disagreement | None:
    for meter, mine, found in zip(meters, expected, actual, strict=True):
        if mine != found:
            return Disagreement(
                Check.HEAD_CURSORS,
                f"{mine.next_seq} under key {mine.key_index}",
                f"{found.next_seq} under key {found.key_index}",
                what=f"cursor of meter {meter}",
            )
    return None


def _compare_budgets(
    accounts: Sequence[int], spent: Counter[int], leased: Counter[int], actual: Sequence[Budget]
) -> Disagreement | None:
    for account, found in zip(accounts, actual, strict=True):
        if spent[account] != found.spent_lifetime_ucr:
            return Disagreement(
                Check.HEAD_SPENT,
                spent[account],
                found.spent_lifetime_ucr,
                what=f"lifetime spent of account {account}, ucr",
            )
        if leased[account] != found.leased_ucr:
            return Disagreement(
                Check.HEAD_LEASED,
                leased[account],
                found.leased_ucr,
                what=f"leased of account {account}, ucr",
            )
    return None


def _chunk(ids: Sequence[int]) -> Iterator[list[int]]:
    return (list(ids[start : start + IDS_PER_CALL]) for start in range(0, len(ids), IDS_PER_CALL))


def _show(value: int | bytes) -> str | int:
    return value.hex() if isinstance(value, bytes) else value
