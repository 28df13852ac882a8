"""Credits set aside for meters, as the Leases contract rules over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Any, Final

from coincurve import PrivateKey

from tallystick.chain.calls import View, Write, announced, nothing, view, write
from tallystick.core.typed_data import (
    compute_domain,
    compute_typed_digest,
    encode_word,
    sign_typed_digest,
)

_DOMAIN_NAME: Final = "Tallystick Leases"
_LEASE_TYPE: Final = (
    "Lease(uint32 project,uint32 meter,uint64 amountUcr,uint64 admitUntilS,uint32 nonce)"
)
_LEASE_END_TYPE: Final = "LeaseEnd(uint32 project,uint32 meter,uint64 lastSeq,uint32 nonce)"

_view = partial(view, "Leases")
_write = partial(write, "Leases")


class Tightest(IntEnum):
    """What allows no larger lease."""

    NOTHING = 0
    BALANCE = 1
    LIMIT = 2
    RATE = 3
    FROZEN = 4
    INACTIVE = 5


@dataclass(frozen=True, slots=True)
class Lease:
    """What is set aside of a project for a meter. `last_seq` counts where it is declared."""

    left_ucr: int
    admit_until_s: int
    last_seq: int
    is_declared: bool
    nonce: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """The share (ppm) of the room that one opening may take, and its times in seconds."""

    share_ppm: int
    max_ttl_s: int
    grace_s: int


@dataclass(frozen=True, slots=True)
class Room:
    """The most that a lease of a project could take now, and who allows no more."""

    room_ucr: int
    account: int
    why: Tightest


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """What a meter asks for; signed by its lease key."""

    project: int
    meter: int
    amount_ucr: int
    admit_until_s: int
    nonce: int


@dataclass(frozen=True, slots=True)
class LeaseEnd:
    """A meter's word that no record above `last_seq` draws on the lease; signed as well."""

    project: int
    meter: int
    last_seq: int
    nonce: int


def sign_lease(key: PrivateKey, leases: str, chain_id: int, request: LeaseRequest) -> bytes:
    """The 65 bytes by which a request counts as the meter's.

    Args:
        key: the meter's lease key.
        leases: the Leases contract's address.
        chain_id: the network's.
        request: what is asked for.
    """
    values = (
        request.project,
        request.meter,
        request.amount_ucr,
        request.admit_until_s,
        request.nonce,
    )
    return _sign(key, leases, chain_id, _LEASE_TYPE, values)


def sign_lease_end(key: PrivateKey, leases: str, chain_id: int, end: LeaseEnd) -> bytes:
    """The 65 bytes by which a declaration counts as the meter's; see `sign_lease`."""
    values = (end.project, end.meter, end.last_seq, end.nonce)
    return _sign(key, leases, chain_id, _LEASE_END_TYPE, values)


@dataclass(frozen=True, slots=True)
class Leases:
    """The Leases contract at an address."""

    address: str

    def terms(self) -> View[LeaseTerms]:
        """What leases may take at most."""
        return _view(self.address, "leaseTerms", shape=lambda v: LeaseTerms(*v))

    def lease_of(self, project: int, meter: int) -> View[Lease]:
        """What is set aside of a project for a meter; all zero where nothing ever was."""
        return _view(self.address, "leaseOf", project, meter, shape=lambda v: Lease(*v[0]))

    def room_of(self, project: int) -> View[Room]:
        """The most a lease of the project could take now, activity and meters aside."""
        return _view(self.address, "roomOf", project, shape=_room)

    def open_lease(self, request: LeaseRequest, signature: bytes) -> Write[int]:
        """Credits are set aside, or more of them; gives what the lease holds. By anyone.

        Args:
            request: what the meter asks for; its nonce is the stored one plus one.
            signature: see `sign_lease`.
        """
        return _write(
            self.address,
            "openLease",
            request.project,
            request.meter,
            request.amount_ucr,
            request.admit_until_s,
            request.nonce,
            signature,
            outcome=announced("LeaseOpened", "leftUcr"),
        )

    def declare_last(self, end: LeaseEnd, signature: bytes) -> Write[None]:
        """The lease ends when the meter's cursor has passed its last number. By anyone."""
        values = (end.project, end.meter, end.last_seq, end.nonce, signature)
        return _write(self.address, "declareLast", *values, outcome=nothing)

    def release(self, project: int, meter: int) -> Write[int]:
        """What is left of the lease is free again; gives how much. By anyone."""
        outcome = announced("LeaseReleased", "returnedUcr")
        return _write(self.address, "release", project, meter, outcome=outcome)

    def set_terms(self, terms: LeaseTerms) -> Write[None]:
        """Later leases follow these terms. By governance."""
        values = (terms.share_ppm, terms.max_ttl_s, terms.grace_s)
        return _write(self.address, "setLeaseTerms", *values, outcome=nothing)


def _sign(
    key: PrivateKey, leases: str, chain_id: int, type_text: str, values: Sequence[int]
) -> bytes:
    domain = compute_domain(_DOMAIN_NAME, chain_id, bytes.fromhex(leases.removeprefix("0x")))
    digest = compute_typed_digest(domain, type_text, *map(encode_word, values))
    return sign_typed_digest(key, digest)


def _room(values: tuple[Any, ...]) -> Room:
    room_ucr, account, why = values
    return Room(room_ucr, account, Tightest(why))
