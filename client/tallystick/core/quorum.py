"""How many signers make a quorum, and whom a meter turns to first."""

from __future__ import annotations

from collections.abc import Sequence

from tallystick.core.hashes import compute_sha256

_HOME_DOMAIN = b"tallystick/home/v1"


def compute_quorum(validators: int) -> int:
    """How many of n validators must attest: n - floor((n-1)/3).

    With at most f of n >= 3f+1 faulty, any two quorums share an honest member.

    Args:
        validators: n, at least 1.
    """
    return validators - (validators - 1) // 3


def rank_validators(meter: int, transport_keys: Sequence[bytes]) -> list[int]:
    """Indices of the validators in the order in which `meter` turns to them, home first.

    Rendezvous hashing: when a validator leaves, only its own meters move.

    Args:
        meter: the meter's id.
        transport_keys: of the active set, by index.
    """

    def weight(index: int) -> bytes:
        return compute_sha256(_HOME_DOMAIN, meter.to_bytes(4, "big"), transport_keys[index])

    return sorted(range(len(transport_keys)), key=weight, reverse=True)
