"""Leases: credits of a project set aside for a meter until a deadline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from tallystick.chain.bindings.leases import (
    Lease,
    LeaseEnd,
    LeaseRequest,
    Leases,
    sign_lease,
    sign_lease_end,
)
from tallystick.client.accounts import load_tree
from tallystick.client.errors import LeaseUnknown
from tallystick.client.lease_keys import load_lease_key
from tallystick.client.meters import find_meter, load_meters
from tallystick.client.reads import ListQuery, Reads, Row
from tallystick.client.wire import Wire
from tallystick.local.roles import REGISTRAR

MS_PER_S: Final = 1_000


class LeaseView(msgspec.Struct, frozen=True):
    """A lease: amounts in ucr, times in Unix ms; `last_seq` is None until the meter declared it."""

    project: str
    meter: str
    open: bool
    left_ucr: int
    admit_until: int
    nonce: int
    last_seq: int | None
    room_ucr: int
    tightest: str
    why: str
    changed: bool = False


class LeaseBook:
    """Credits set aside for meters, so that they can admit calls before they are paid.

    Args:
        wire: the network.
        reads: who answers questions about the past.
    """

    def __init__(self, wire: Wire, reads: Callable[[], Reads]) -> None:
        self._wire = wire
        self._reads = reads
        self._leases = Leases(wire.address("Leases"))

    def open(
        self, project: str, meter: str, amount_ucr: int, *, lasts_s: int | None = None
    ) -> LeaseView:
        """Credits are set aside for a meter of this folder; an open lease stays as it is.

        Args:
            project: whose credits.
            meter: `organisation/name`, or its name alone.
            amount_ucr: how many.
            lasts_s: seconds until the meter admits nothing more, None = as long as allowed.

        Raises:
            ValueRefused: the project or an account above it has no room for it; says which and why.
        """
        if self.lease(project, meter).open:
            return self.lease(project, meter)
        return self.extend(project, meter, amount_ucr, lasts_s=lasts_s)

    def extend(
        self, project: str, meter: str, amount_ucr: int, *, lasts_s: int | None = None
    ) -> LeaseView:
        """More credits are set aside, until the later of both deadlines; see `open`.

        Repeating it adds again.
        """
        account, number, found = self._locate(project, meter)
        seconds = self._wire.read(self._leases.terms()).max_ttl_s if lasts_s is None else lasts_s
        request = LeaseRequest(
            project=account,
            meter=number,
            amount_ucr=amount_ucr,
            admit_until_s=self._wire.clock() // MS_PER_S + seconds,
            nonce=found.nonce + 1,
        )
        key = load_lease_key(self._wire, number)
        signature = sign_lease(key, self._leases.address, self._wire.network.chain_id, request)
        self._wire.send(REGISTRAR, self._leases.open_lease(request, signature))
        return msgspec.structs.replace(self.lease(project, meter), changed=True)

    def declare(self, project: str, meter: str, last_seq: int | None = None) -> LeaseView:
        """The lease ends when the meter's cursor has passed its last number.

        Args:
            project: whose credits.
            meter: whose lease.
            last_seq: the last record that draws on it, None = the last one that has settled.
        """
        account, number, found = self._locate(project, meter)
        if not found.is_open:
            raise LeaseUnknown("there is no open lease", actual=f"{project} for {meter}")
        if found.is_declared:
            return self.lease(project, meter)
        last = self._read_last_seq(number) if last_seq is None else last_seq
        end = LeaseEnd(account, number, last, found.nonce)
        key = load_lease_key(self._wire, number)
        signature = sign_lease_end(key, self._leases.address, self._wire.network.chain_id, end)
        self._wire.send(REGISTRAR, self._leases.declare_last(end, signature))
        return msgspec.structs.replace(self.lease(project, meter), changed=True)

    def release(self, project: str, meter: str) -> LeaseView:
        """What is left of a lease is free again; one that was released stays so."""
        account, number, found = self._locate(project, meter)
        if found.is_open:
            self._wire.send(REGISTRAR, self._leases.release(account, number))
        view = self.lease(project, meter)
        return msgspec.structs.replace(view, changed=found.is_open)

    def lease(self, project: str, meter: str) -> LeaseView:
        """A lease as it stands, and the most that the project could set aside now."""
        account, _, found = self._locate(project, meter)
        room = self._wire.read(self._leases.room_of(account))
        return LeaseView(
            project=project,
            meter=meter,
            open=found.is_open,
            left_ucr=found.left_ucr,
            admit_until=found.admit_until_s * MS_PER_S,
            nonce=found.nonce,
            last_seq=found.last_seq if found.is_declared else None,
            room_ucr=room.room_ucr,
            tightest=load_tree(self._wire).path(room.account),
            why=room.why.name.lower(),
        )

    def leases(self, account: str | None = None, *, state: str | None = None) -> list[Row]:
        """Leases, newest first.

        Args:
            account: only those of this account and all below it.
            state: open, extended, ending, lapsed or released.
        """
        return self._reads().rows(ListQuery("leases", account, {"state": state}, limit=None))

    def _locate(self, project: str, meter: str) -> tuple[int, int, Lease]:
        account = load_tree(self._wire).require(project)
        number = find_meter(self._wire, meter)
        return account, number, self._wire.read(self._leases.lease_of(account, number))

    def _read_last_seq(self, meter: int) -> int:
        cursor = self._wire.read(self._wire.cursors.cursors_of([meter]))[0]
        if not cursor.next_seq:
            name = load_meters(self._wire)[meter].name
            raise LeaseUnknown("nothing of this meter has settled yet", actual=name)
        return cursor.next_seq - 1
