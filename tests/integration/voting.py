"""Votes on a test's own chain: proposed, carried by every seat, queued and executed at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from web3 import Web3

from tallystick.chain.bindings.governor import Governor, Support, build_proposal
from tallystick.chain.calls import Write
from tallystick.chain.network import Addresses
from tallystick.chain.reader import ask, expect, read
from tallystick.chain.transact import TransactionSender


def carry_vote(
    w3: Web3, addresses: Addresses, seats: Sequence[TransactionSender], writes: Sequence[Write[Any]]
) -> None:
    """The seats have decided that these calls happen, and they have; the chain's time has moved."""
    governor = Governor(addresses.governor)
    proposal = build_proposal(writes, "a test's wish", seats[0].address)
    wait_until(w3, read_time_s(w3) + 1)  # a seat granted in this very second has no say yet
    number = seats[0].send(governor.propose(proposal)).outcome
    wait_until(w3, read(w3, governor.snapshot_s(number)) + 1)
    for seat in seats:
        seat.send(governor.cast_vote(number, Support.FOR))
    wait_until(w3, read(w3, governor.deadline_s(number)) + 1)
    seats[0].send(governor.queue(proposal))
    wait_until(w3, read(w3, governor.executable_at_s(number)) + 1)
    seats[0].send(governor.execute(proposal))


def wait_until(w3: Web3, time_s: int) -> None:
    """The chain's newest block is at least of this time, and its clock goes on from there."""
    lead_s = time_s - read_time_s(w3)
    if lead_s > 0:
        expect(ask(w3, "evm_increaseTime", (lead_s,)))
        expect(ask(w3, "evm_mine", ()))


def read_time_s(w3: Web3) -> int:
    """The time of the chain's newest block."""
    head = expect(ask(w3, "eth_getBlockByNumber", ("latest", False)))
    return int(head["timestamp"], 16)
