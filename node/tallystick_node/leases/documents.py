"""What meters send about their leases, as JSON; parsed here alone."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from tallystick.chain.bindings.leases import LeaseEnd, LeaseRequest
from tallystick_node.errors import ParameterInvalid

SIGNATURE_BYTES: Final = 65

U32 = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
U63 = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class LeaseDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """More credits are to be set aside."""

    project: U32
    meter: U32
    amount_ucr: U63
    admit_until_s: U63
    nonce: U32
    signature: str

    def request(self) -> LeaseRequest:
        """What the meter signed."""
        return LeaseRequest(
            self.project, self.meter, self.amount_ucr, self.admit_until_s, self.nonce
        )


class DeclarationDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No record above a number draws on a lease."""

    project: U32
    meter: U32
    last_seq: U63
    nonce: U32
    signature: str

    def end(self) -> LeaseEnd:
        """What the meter signed."""
        return LeaseEnd(self.project, self.meter, self.last_seq, self.nonce)


class LeaseName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which lease: of which project, for which meter."""

    project: U32
    meter: U32


def parse_signature(text: str) -> bytes:
    """The 65 bytes that 0x text stands for.

    Raises:
        ParameterInvalid: no hexadecimal, or of another size.
    """
    try:
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise ParameterInvalid("a signature is no hexadecimal", actual=text[:80]) from error
    if len(value) != SIGNATURE_BYTES:
        raise ParameterInvalid(
            "a signature has a wrong size", expected=SIGNATURE_BYTES, actual=len(value)
        )
    return value
