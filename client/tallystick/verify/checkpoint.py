"""Where an earlier verification ended, kept in a file.

The file is bound to one block of one ledger: on another chain, or where that block was taken back,
it is refused. Its digest tells of damage and stray edits. It does not protect against somebody who
may write the file and knows how: such a person can make the history before the block count as
verified, though not the figures, which are compared with the chain's newest state each time. Keep
it where only the auditor writes.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_type_hints

import msgspec

from tallystick.chain.network import Network
from tallystick.core.errors import InvalidInput
from tallystick.core.facts import (
    Account,
    Experiment,
    Fact,
    FactBook,
    Meter,
    MeterFrozen,
    MeterKey,
    PriceIndex,
    Resource,
    ResourceRates,
    Rules,
    ValidatorSet,
)
from tallystick.core.hashes import compute_sha256
from tallystick.core.settlement import Cursor
from tallystick.verify.book_codec import decode_book, encode_book
from tallystick.verify.credit_book import CreditBook
from tallystick.verify.replay import Position

FORMAT: Final = 2
_FACT_BY_KIND: Final[dict[str, type[Fact]]] = {
    kind.__name__: kind
    for kind in (
        Account,
        Experiment,
        Meter,
        MeterFrozen,
        MeterKey,
        PriceIndex,
        Resource,
        ResourceRates,
        Rules,
        ValidatorSet,
    )
}
_ENCODED: Final = ("economy", "suspended", "segments", "batch_blocks")
"""Fields of the position that are written as they are."""


class CheckpointRefused(InvalidInput):
    """A checkpoint is damaged, of another ledger, or of a block that is no longer on the chain."""

    code = "checkpoint_refused"


@dataclass(frozen=True, slots=True)
class _Announced:
    block: int
    kind: str
    fact: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Content:
    """The file but for its digest."""

    format: int
    chain_id: int
    ledger: str
    block: int
    block_hash: str
    time_s: int
    batches: int
    records: int
    accumulator: bytes
    cursors: dict[int, Cursor]
    own_costs_ucr: dict[int, str]
    """Decimal text: sums may pass 64 bits."""
    balances: list[tuple[str, str, str]]
    """Holder, credit id, ucr."""
    minted: dict[str, str]
    burned: dict[str, str]
    economy: list[Any]
    suspended: list[Any]
    segments: list[Any]
    batch_blocks: list[Any]
    """Encoded by `book_codec`."""
    facts: list[_Announced]


@dataclass(frozen=True, slots=True)
class _File:
    digest: str
    content: msgspec.Raw


def save_checkpoint(path: Path, network: Network, position: Position, book: FactBook) -> None:
    """The file holds this position, whole or not at all."""
    content = msgspec.json.encode(_describe(network, position, book))
    whole = msgspec.json.encode(_File(_digest(content), msgspec.Raw(content)))
    unfinished = path.with_name(f"{path.name}.new")
    with unfinished.open("wb") as file:
        file.write(whole)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def load_checkpoint(path: Path, network: Network) -> tuple[Position, FactBook] | None:
    """The position in the file, None where there is no file.

    Raises:
        CheckpointRefused: damaged, or of another ledger.
    """
    if not path.exists():
        return None
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
        digest = _digest(bytes(file.content))
        if digest != file.digest:
            raise CheckpointRefused("a checkpoint is damaged", expected=file.digest, actual=digest)
        content = msgspec.json.decode(file.content, type=_Content)
    except msgspec.MsgspecError as error:
        raise CheckpointRefused("a checkpoint is malformed", actual=str(error)) from error
    expected = (FORMAT, network.chain_id, network.ledgers[0])
    actual = (content.format, content.chain_id, content.ledger)
    if expected != actual:
        raise CheckpointRefused(
            "a checkpoint is of another ledger", expected=str(expected), actual=str(actual)
        )
    return _restore(content)


def _digest(content: bytes) -> str:
    return compute_sha256(b"tallystick/checkpoint/v1", content).hex()


def _describe(network: Network, position: Position, book: FactBook) -> _Content:
    credit_book = position.credit_book
    return _Content(
        format=FORMAT,
        chain_id=network.chain_id,
        ledger=network.ledgers[0],
        block=position.block,
        block_hash=position.block_hash,
        time_s=position.time_s,
        batches=position.batches,
        records=position.records,
        accumulator=position.accumulator,
        cursors=position.cursors,
        own_costs_ucr={project: str(ucr) for project, ucr in position.own_costs_ucr.items()},
        balances=[
            (holder, str(credit_id), str(ucr))
            for (holder, credit_id), ucr in credit_book.balances.items()
        ],
        minted={str(credit_id): str(ucr) for credit_id, ucr in credit_book.minted.items()},
        burned={str(credit_id): str(ucr) for credit_id, ucr in credit_book.burned.items()},
        **{name: encode_book(getattr(position, name)) for name in _ENCODED},
        facts=[
            _Announced(block, type(fact).__name__, msgspec.to_builtins(fact))
            for block, fact in book.dump()
        ],
    )


def _restore(content: _Content) -> tuple[Position, FactBook]:
    credit_book = CreditBook(
        balances=Counter(
            {(holder, int(credit_id)): int(ucr) for holder, credit_id, ucr in content.balances}
        ),
        minted=Counter({int(credit_id): int(ucr) for credit_id, ucr in content.minted.items()}),
        burned=Counter({int(credit_id): int(ucr) for credit_id, ucr in content.burned.items()}),
    )
    position = Position(
        block=content.block,
        block_hash=content.block_hash,
        time_s=content.time_s,
        batches=content.batches,
        records=content.records,
        accumulator=content.accumulator,
        cursors=content.cursors,
        own_costs_ucr=Counter({key: int(ucr) for key, ucr in content.own_costs_ucr.items()}),
        credit_book=credit_book,
        **{name: _decode(name, getattr(content, name)) for name in _ENCODED},
    )
    book = FactBook()
    for announced in content.facts:
        book.announce(announced.block, [_restore_fact(announced)])
    return position, book


def _decode(name: str, document: list[Any]) -> Any:  # noqa: ANN401 - a field of Position
    try:
        return decode_book(get_type_hints(Position)[name], document)
    except (ValueError, TypeError) as error:
        raise CheckpointRefused("a checkpoint is malformed", actual=f"{name}: {error}") from error


def _restore_fact(announced: _Announced) -> Fact:
    kind: type[Fact] | None = _FACT_BY_KIND.get(announced.kind)
    if kind is None:
        raise CheckpointRefused("a checkpoint holds an unknown fact", actual=announced.kind)
    try:
        return msgspec.convert(announced.fact, kind)
    except msgspec.MsgspecError as error:
        raise CheckpointRefused("a checkpoint is malformed", actual=str(error)) from error
