"""Small builders that the node's tests share: a validator set, a chain to stand on, batches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from coincurve import PrivateKey
from nacl.signing import SigningKey
from tests.unit.core.builders import NETWORK_ID, NOW_MS, build_facts

from tallystick.core.attestation import compute_address
from tallystick.core.facts import Facts, Validator, ValidatorSet
from tallystick.core.settlement import Cursor
from tallystick_node.settle.propose import Ground

CHAIN_ID: Final = 82_559
LEDGER: Final = bytes(range(20))
BLOCK_HASH: Final = "0x" + "ab" * 32
ATTEST_KEYS: Final = tuple(PrivateKey(bytes([16 + place]) * 32) for place in range(4))
TRANSPORT_KEYS: Final = tuple(SigningKey(bytes([48 + place]) * 32) for place in range(4))


@dataclass(frozen=True)
class KnownHeader:
    """A block as stages see it."""

    number: int = 7
    hash: str = BLOCK_HASH
    time_s: int = NOW_MS // 1000


@dataclass
class FakeChain:
    """The chain as followed, standing still unless told."""

    facts: Facts = field(default_factory=lambda: build_facts(build_validator_set()))
    cursors: dict[int, Cursor] = field(default_factory=dict)
    synced_at_ms: int | None = NOW_MS
    head: KnownHeader = field(default_factory=KnownHeader)

    def read_cursor(self, meter: int) -> Cursor:
        return self.cursors.get(meter, Cursor())

    def facts_at(self, _block: int) -> Facts:
        return self.facts

    def reference(self, _age_ms: int) -> KnownHeader:
        return self.head

    async def find_block(self, number: int, _timeout_s: float) -> KnownHeader | None:
        return self.head if number == self.head.number else None


def build_validator_set() -> ValidatorSet:
    """Four validators, in force from the beginning."""
    validators = tuple(
        Validator(
            compute_address(attest.public_key),
            f"0x{place:040x}",
            bytes(transport.verify_key),
            f"validator-{place}",
            f"http://validator-{place}",
        )
        for place, (attest, transport) in enumerate(zip(ATTEST_KEYS, TRANSPORT_KEYS, strict=True))
    )
    return ValidatorSet(1, validators, 0)


def build_ground(*, facts: Facts | None = None, now_ms: int = NOW_MS) -> Ground:
    """What a proposal stands on."""
    return Ground(
        facts or build_facts(build_validator_set()),
        7,
        bytes.fromhex(BLOCK_HASH[2:]),
        NETWORK_ID,
        CHAIN_ID,
        LEDGER,
        now_ms,
        300_000,
    )


def read_now_ms() -> int:
    """A clock that stands still."""
    return NOW_MS
