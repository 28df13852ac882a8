"""Batches that say something else than the truth, and what honest validators call each of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from nacl.signing import SigningKey
from tests.integration.settling import SettlingNetwork

from tallystick.core.batches import Batch, BatchHeader, encode_batch, join_frames
from tallystick.core.frames import Frame
from tallystick.core.usage import Reason
from tallystick.core.verdicts import compute_verdicts

VALID_MS: Final = 300_000
HOUR_MS: Final = 3_600_000
REASON_SHIFT: Final = 56
NOBODY: Final = 4_000_000_000
STRANGER: Final = SigningKey(bytes([99]) * 32)


@dataclass(frozen=True)
class Forgery:
    """A wrong batch."""

    what: str
    code: str
    """With which every honest validator refuses to attest it."""
    make: Callable[[SettlingNetwork, Sequence[Frame]], Batch | bytes]


def compose(net: SettlingNetwork, frames: Sequence[Frame], **header: Any) -> Batch:  # noqa: ANN401
    """The batch of these frames, valued as every validator values them now.

    Args:
        net: whose facts count.
        frames: at least one.
        header: fields that say something else than they should; the costs go by them.
    """
    block = asyncio.run(net.learn())
    now_ms = time.time_ns() // 1_000_000
    facts = net.book.at(block.number)
    true = BatchHeader(
        set_version=facts.validators_at(now_ms).version,
        rules_version=facts.rules_at(now_ms).version,
        reference_block=block.number,
        reference_hash=bytes.fromhex(block.hash[2:]),
        batch_time_ms=now_ms,
        valid_until_ms=now_ms + VALID_MS,
    )
    batch = join_frames(replace(true, **header), frames)
    value(net, batch)
    return batch


def value(net: SettlingNetwork, batch: Batch) -> None:
    """The batch's costs are what its records are worth."""
    assert net.newest is not None
    facts = net.book.at(net.newest.number)
    batch.records["cost_word"] = 0
    batch.records["cost_word"] = compute_verdicts(
        batch.records, batch.meters(), facts, batch.header.batch_time_ms
    )


def alter_costs(alter: Callable[[Any], None]) -> Callable[..., Batch]:
    """Makes batches of which only the costs are wrong."""

    def make(net: SettlingNetwork, frames: Sequence[Frame]) -> Batch:
        batch = compose(net, frames)
        alter(batch.records["cost_word"])
        return batch

    return make


def alter_records(alter: Callable[[Any], None]) -> Callable[..., Batch]:
    """Makes batches of records that no meter signed, valued rightly."""

    def make(net: SettlingNetwork, frames: Sequence[Frame]) -> Batch:
        batch = compose(net, frames)
        alter(batch.records)
        value(net, batch)
        return batch

    return make


def alter_segment(**fields: Any) -> Callable[..., Batch]:  # noqa: ANN401
    """Makes batches whose first segment claims another origin."""

    def make(net: SettlingNetwork, frames: Sequence[Frame]) -> Batch:
        batch = compose(net, frames)
        first = replace(batch.segments[0], **fields)
        altered = replace(batch, segments=(first, *batch.segments[1:]))
        value(net, altered)
        return altered

    return make


def alter_header(alter: Callable[[BatchHeader], dict[str, Any]]) -> Callable[..., Batch]:
    """Makes batches with another header."""

    def make(net: SettlingNetwork, frames: Sequence[Frame]) -> Batch:
        return compose(net, frames, **alter(compose(net, frames).header))

    return make


def alter_bytes(alter: Callable[[bytes], bytes]) -> Callable[..., bytes]:
    """Makes bytes that are nearly a batch."""

    def make(net: SettlingNetwork, frames: Sequence[Frame]) -> bytes:
        return alter(encode_batch(compose(net, frames)))

    return make


def invent(net: SettlingNetwork, frames: Sequence[Frame]) -> Batch:
    """A frame that a stranger signed in a meter's name."""
    frame = frames[0]
    forged = net.sign_as(STRANGER, frame.meter, frame.records.copy(), first_seq=frame.first_seq)
    return compose(net, [forged])


def quarantine(costs: Any) -> None:  # noqa: ANN401
    """What is owed is called nobody's."""
    costs[:] = int(Reason.PROJECT_UNKNOWN) << REASON_SHIFT


def _charge_more(costs: Any) -> None:  # noqa: ANN401
    costs[0] += 1


def _charge_nothing(costs: Any) -> None:  # noqa: ANN401
    costs[-1] = 0


def _double(records: Any) -> None:  # noqa: ANN401
    records["in_fresh"] *= 2


def _blame_another(records: Any) -> None:  # noqa: ANN401
    records["user"] += 1


FORGERIES: Final = (
    Forgery("a record costs more", "verdict_differs", alter_costs(_charge_more)),
    Forgery("a record costs nothing", "verdict_differs", alter_costs(_charge_nothing)),
    Forgery("what is valid is quarantined", "verdict_differs", alter_costs(quarantine)),
    Forgery("quantities nobody signed", "bad_signature", alter_records(_double)),
    Forgery("another user", "bad_signature", alter_records(_blame_another)),
    Forgery("an invented frame", "bad_signature", invent),
    Forgery("other numbers", "bad_signature", alter_segment(first_seq=1_000)),
    Forgery("a meter that nobody registered", "unknown_meter", alter_segment(meter=NOBODY)),
    Forgery("another key", "wrong_key", alter_segment(key_index=1)),
    Forgery("another version", "frame_version_inactive", alter_segment(version=9)),
    Forgery(
        "a batch of an hour ago",
        "batch_untimely",
        alter_header(lambda header: {"batch_time_ms": header.batch_time_ms - HOUR_MS}),
    ),
    Forgery(
        "a batch of in an hour",
        "batch_untimely",
        alter_header(
            lambda header: {
                "batch_time_ms": header.batch_time_ms + HOUR_MS,
                "valid_until_ms": header.valid_until_ms + HOUR_MS,
            }
        ),
    ),
    Forgery(
        "a batch valid for too long",
        "batch_malformed",
        alter_header(lambda header: {"valid_until_ms": header.valid_until_ms + HOUR_MS}),
    ),
    Forgery(
        "a batch that has expired already",
        "batch_malformed",
        alter_header(lambda header: {"valid_until_ms": header.batch_time_ms - 1}),
    ),
    Forgery(
        "another fork",
        "reference_unknown",
        alter_header(lambda _: {"reference_hash": bytes([7]) * 32}),
    ),
    Forgery(
        "a block to come",
        "reference_unknown",
        alter_header(lambda header: {"reference_block": header.reference_block + 1_000_000}),
    ),
    Forgery(
        "another validator set",
        "versions_differ",
        alter_header(lambda header: {"set_version": header.set_version + 1}),
    ),
    Forgery(
        "other rules",
        "versions_differ",
        alter_header(lambda header: {"rules_version": header.rules_version + 1}),
    ),
    Forgery("a batch cut short", "batch_malformed", alter_bytes(lambda data: data[:-1])),
    Forgery("a word too much", "batch_malformed", alter_bytes(lambda data: data + bytes(32))),
    Forgery("another format", "batch_malformed", alter_bytes(lambda data: b"\2" + data[1:])),
)
"""Each wrong in one way, and right in every other."""
