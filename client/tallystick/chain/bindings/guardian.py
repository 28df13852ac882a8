"""What is stopped in an emergency, as the Guardian contract keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from coincurve import PrivateKey

from tallystick.chain.calls import View, Write, first, nothing, view, write
from tallystick.core.typed_data import (
    compute_domain,
    compute_typed_digest,
    encode_word,
    sign_typed_digest,
)

_DOMAIN_NAME: Final = "Tallystick Guardian"
_SUSPENSION_TYPE: Final = "Suspension(address attester,uint64 untilS)"

_view = partial(view, "Guardian")
_write = partial(write, "Guardian")


@dataclass(frozen=True, slots=True)
class Stop:
    """Something the guardians stopped: times in Unix seconds, 0 = never, or not yet."""

    from_s: int
    until_s: int
    ended_s: int


def compute_suspension_digest(guardian: str, chain_id: int, attester: str, until_s: int) -> bytes:
    """The EIP-712 digest by which a validator agrees that another's key be suspended.

    Args:
        guardian: the Guardian contract's address.
        chain_id: the network's.
        attester: the key to be suspended, as an address.
        until_s: when it counts again, in Unix seconds.
    """
    domain = compute_domain(_DOMAIN_NAME, chain_id, _bytes_of(guardian))
    suspended = _bytes_of(attester).rjust(32, b"\0")
    return compute_typed_digest(domain, _SUSPENSION_TYPE, suspended, encode_word(until_s))


def sign_suspension(
    key: PrivateKey, guardian: str, chain_id: int, attester: str, until_s: int
) -> bytes:
    """The 65 bytes by which a validator agrees, with its attesting key."""
    digest = compute_suspension_digest(guardian, chain_id, attester, until_s)
    return sign_typed_digest(key, digest)


@dataclass(frozen=True, slots=True)
class Guardian:
    """The Guardian contract at an address."""

    address: str

    def pause_of(self, meter: int) -> View[Stop]:
        """The last pause of a meter."""
        return _view(self.address, "pauseOf", meter, shape=lambda v: Stop(*v[0]))

    def closure_of(self, target: str) -> View[Stop]:
        """The last closing of a contract."""
        return _view(self.address, "closureOf", target, shape=lambda v: Stop(*v[0]))

    def suspension_of(self, attester: str) -> View[Stop]:
        """The last suspension of an attesting key."""
        return _view(self.address, "suspensionOf", attester, shape=lambda v: Stop(*v[0]))

    def suspension_digest(self, attester: str, until_s: int) -> View[bytes]:
        """What the contract takes for signed; see `compute_suspension_digest`."""
        return _view(self.address, "suspensionDigest", attester, until_s, shape=first)

    def pause_meter(self, meter: int) -> Write[None]:
        """A meter's records are quarantined for 72 hours. By a guardian."""
        return _write(self.address, "pauseMeter", meter, outcome=nothing)

    def resume_meter(self, meter: int) -> Write[None]:
        """A meter's pause is over. By a guardian or a vote, after 72 hours by anyone."""
        return _write(self.address, "resumeMeter", meter, outcome=nothing)

    def close_contract(self, target: str) -> Write[None]:
        """A contract's restricted functions refuse everyone for 72 hours. By a guardian."""
        return _write(self.address, "closeContract", target, outcome=nothing)

    def reopen_contract(self, target: str) -> Write[None]:
        """A contract is open again. By a guardian or a vote, after 72 hours by anyone."""
        return _write(self.address, "reopenContract", target, outcome=nothing)

    def suspend_key(
        self, attester: str, until_s: int, validator: int, signature: bytes
    ) -> Write[None]:
        """An attesting key counts for nothing until a time. By a guardian.

        Args:
            attester: the key as an address.
            until_s: Unix seconds, within 7 days.
            validator: the index in the set in force of the other validator that agrees.
            signature: from `sign_suspension`.
        """
        values = (attester, until_s, validator, signature)
        return _write(self.address, "suspendKey", *values, outcome=nothing)

    def end_suspension(self) -> Write[None]:
        """The suspended key counts again. By a guardian or a vote."""
        return _write(self.address, "endSuspension", outcome=nothing)


def _bytes_of(address: str) -> bytes:
    return bytes.fromhex(address.removeprefix("0x"))
