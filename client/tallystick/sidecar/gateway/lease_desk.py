"""Leases of one meter: read from the chain, asked for at validators, believed only from the chain.

What is asked for is tried on the chain first, so that a refusal says why in the contract's own
words. Then validators are asked in turn until the chain shows the lease: one that lies, or whose
answer is lost, delays it and no more. The same nonce is never granted twice: each word that the
meter gives has a deadline of its own, by which the one that counted is known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import httpx
import structlog
from coincurve import PrivateKey

from tallystick.chain.bindings.leases import (
    Lease,
    LeaseEnd,
    LeaseRequest,
    Leases,
    sign_lease,
    sign_lease_end,
)
from tallystick.chain.calls import Write
from tallystick.chain.errors import TransactionReverted
from tallystick.chain.keys import read_private
from tallystick.meter.admission.errors import NetworkUnreachable
from tallystick.meter.admission.ports import LeaseState
from tallystick.sidecar.gateway.lease_chain import LeaseChain, read_number
from tallystick.sidecar.gateway.lease_words import Words
from tallystick.sidecar.site import Site

KEY_FILE: Final = "lease.key"
MAX_ANSWER_BYTES: Final = 65_536
RELAY_TIMEOUT_S: Final = 5.0
"""For a validator to bring a call into a block and to say so."""
SEEN_TIMEOUT_S: Final = 4.0
"""For the chain's endpoint to show what a validator says has happened."""
POLL_S: Final = 0.05
MAX_CORRECTIONS: Final = 3
"""Of a deadline that lies too far ahead for the chain."""
_log = structlog.get_logger(__name__)


class ValidatorLeaseDesk:
    """A meter's leases, as `LeaseSource` of admission.

    Args:
        site: the network.
        meter: its id.
        key: its lease key.
    """

    def __init__(self, site: Site, meter: int, key: PrivateKey) -> None:
        self._site = site
        self._meter = meter
        self._key = key
        self._chain = LeaseChain(site, meter)
        self._leases = Leases(site.network.addresses.leases)
        self._words: dict[int, Words] = {}
        self._turn = meter

    async def read(self, project: int) -> LeaseState:
        """The lease as it stands, and the room for more.

        Raises:
            NetworkUnreachable, LeaseDenied.
        """
        return await self._chain.read(project)

    async def extend(self, project: int, amount_ucr: int, admit_until_s: int) -> LeaseState:
        """More is set aside; `granted_ucr` says how much of what this process asked for.

        Raises:
            NetworkUnreachable, LeaseDenied.
        """
        lease = await self.read(project)
        words = self._words.setdefault(project, Words())
        granted_ucr = words.take(lease)  # by a word whose answer was lost
        if granted_ucr or lease.is_declared:
            return replace(lease, granted_ucr=granted_ucr)
        until_s = max(admit_until_s, lease.admit_until_s + 1 if lease.is_open else 0)
        request = LeaseRequest(project, self._meter, amount_ucr, until_s, lease.nonce + 1)
        request = await self._try(request)
        words.add(request)
        await self._relay(
            "",
            _describe(request, self._sign(request)),
            self._leases.open_lease(request, self._sign(request)),
            self._until(project, lambda lease: lease.nonce >= request.nonce),
        )
        state = await self.read(project)
        return replace(state, granted_ucr=words.take(state))

    async def declare(self, project: int, last_seq: int) -> LeaseState:
        """The lease's last record is known to the chain; one that was declared stays as it is."""
        lease = await self._chain.read_lease(project)
        if lease.is_open and not lease.is_declared:
            end = LeaseEnd(project, self._meter, last_seq, lease.nonce)
            signature = sign_lease_end(
                self._key, self._leases.address, self._site.network.chain_id, end
            )
            await self._relay(
                "/declarations",
                {
                    "project": project,
                    "meter": self._meter,
                    "last_seq": last_seq,
                    "nonce": end.nonce,
                    "signature": "0x" + signature.hex(),
                },
                self._leases.declare_last(end, signature),
                self._until(project, lambda lease: lease.is_declared or not lease.is_open),
            )
        return await self.read(project)

    async def release(self, project: int) -> LeaseState:
        """What is left is free again, if the chain already lets it go."""
        state = await self.read(project)
        if not state.is_open or state.next_seq <= state.last_seq:
            return state
        await self._relay(
            "/releases",
            {"project": project, "meter": self._meter},
            self._leases.release(project, self._meter),
            self._until(project, lambda lease: not lease.is_open),
        )
        return await self.read(project)

    async def _try(self, request: LeaseRequest) -> LeaseRequest:
        """The request with a deadline that the chain would take.

        Raises:
            LeaseDenied: it would not take it in any form.
        """
        for _ in range(MAX_CORRECTIONS):
            write = self._leases.open_lease(request, self._sign(request))
            try:
                await self._chain.simulate(write)
            except TransactionReverted as refusal:
                if refusal.error_name != "LeaseTooLong":
                    raise await self._chain.deny(refusal) from refusal
                request = replace(request, admit_until_s=read_number(refusal, "latestS"))
            else:
                return request
        raise NetworkUnreachable("the chain contradicts itself about a lease")

    async def _relay(
        self,
        path: str,
        document: dict[str, Any],
        write: Write[Any],
        has_happened: Callable[[], Awaitable[bool]],
    ) -> None:
        """It has happened on the chain; validators were asked in turn until then.

        Raises:
            NetworkUnreachable: no validator brought it there.
            LeaseDenied: the chain refuses it by now.
        """
        validators = self._site.directory.validators()
        for _ in validators:
            validator = validators[self._turn % len(validators)]
            is_taken = await self._post(f"{validator.url}/v1/leases{path}", document)
            if await has_happened() or (is_taken and await _wait_for(has_happened)):
                return
            self._turn += 1
            await self._chain.check(write)
        raise NetworkUnreachable(
            "no validator brought a lease to the chain", expected="one of them", actual="none"
        )

    async def _post(self, url: str, document: dict[str, Any]) -> bool:
        """Whether the validator says that it is done."""
        try:
            async with asyncio.timeout(RELAY_TIMEOUT_S):
                answer = await post_bounded(self._site.http, url, document)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            _log.info("lease_not_relayed", url=url, why=type(error).__name__)
            return False
        if not answer.is_success:
            _log.info("lease_not_relayed", url=url, status=answer.status_code)
        return answer.is_success

    def _until(self, project: int, holds: Callable[[Lease], bool]) -> Callable[[], Awaitable[bool]]:
        async def has_happened() -> bool:
            return holds(await self._chain.read_lease(project))

        return has_happened

    def _sign(self, request: LeaseRequest) -> bytes:
        chain_id = self._site.network.chain_id
        return sign_lease(self._key, self._leases.address, chain_id, request)


async def post_bounded(
    http: httpx.AsyncClient, url: str, document: dict[str, Any]
) -> httpx.Response:
    """The answer's head; of its body no more is read than an honest one has.

    Args:
        http: who asks.
        url: a validator's.
        document: what is asked.

    Raises:
        httpx.HTTPError: there is no answer.
    """
    size = 0
    async with http.stream("POST", url, json=document) as answer:
        async for part in answer.aiter_raw():
            size += len(part)
            if size > MAX_ANSWER_BYTES:
                break
    return answer


def load_lease_key(folder: Path) -> PrivateKey:
    """The lease key of the meter in a folder.

    Raises:
        KeyFileInvalid: missing, or readable by others.
    """
    return PrivateKey.from_hex(read_private(folder / KEY_FILE).decode().strip().removeprefix("0x"))


async def _wait_for(has_happened: Callable[[], Awaitable[bool]]) -> bool:
    """Whether it shows in time; an endpoint may lag behind the validator's."""
    try:
        async with asyncio.timeout(SEEN_TIMEOUT_S):
            while True:
                if await has_happened():
                    return True
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        return False


def _describe(request: LeaseRequest, signature: bytes) -> dict[str, Any]:
    return {
        "project": request.project,
        "meter": request.meter,
        "amount_ucr": request.amount_ucr,
        "admit_until_s": request.admit_until_s,
        "nonce": request.nonce,
        "signature": "0x" + signature.hex(),
    }
