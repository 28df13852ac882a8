"""The submitter's rules without its I/O: what happened goes in, what to do comes out.

A submission is QUEUED while its caller waits for room, UNSIGNED once it owns a nonce, SIGNED once
it was signed for that nonce and is on disk, SENT once a chain node accepted it, MINED once it is in
a block, and DONE when that block lies deep enough to be forgotten. A nonce is never skipped: n + 1
is signed only after n was sent. Resending is harmless because the ledger's cursors let every record
through once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from tallystick.chain.errors import Refusal
from tallystick.chain.submission_effects import (
    Alarm,
    Broadcast,
    Effect,
    Forget,
    LookUp,
    Mined,
    Outcome,
    OutcomeStatus,
    Report,
    Send,
    Sign,
    Store,
)
from tallystick.chain.submissions import Attempt, Submission

REBROADCAST_AFTER_BLOCKS: Final = 5
REPLACE_AFTER_BLOCKS: Final = 20
MAX_ATTEMPTS: Final = 12
MAX_RENUMBERED: Final = 3
MISSES_UNTIL_TAKEN: Final = 3
"""A receipt can be missing right after its block: only repeated misses tell that there is none."""


class Stage(StrEnum):
    """How far a submission that owns a nonce has come."""

    UNSIGNED = "unsigned"
    SIGNED = "signed"
    SENT = "sent"
    MINED = "mined"


@dataclass(slots=True)
class _Entry:
    submission: Submission
    stage: Stage = Stage.SIGNED
    stored_under: int | None = None
    """While unsigned: the nonce under which an earlier signature of it is on disk."""
    mined: Mined | None = None
    used_height: int | None = None
    """Where the chain stood when it first showed the nonce as used."""
    misses: int = 0
    missed_in_poll: int = 0

    @property
    def raw(self) -> bytes:
        return self.submission.attempts[-1].raw

    @property
    def hashes(self) -> tuple[str, ...]:
        return tuple(attempt.hash for attempt in self.submission.attempts)


class SubmissionWindow:
    """The submissions of one key that own a nonce.

    Args:
        gas_price_wei: of first attempts.
        keep_blocks: how deep a mined submission must lie before it is forgotten; a reorganisation
            that is no deeper costs a rebroadcast, a deeper one new signatures.
    """

    def __init__(self, *, gas_price_wei: int = 0, keep_blocks: int = 16) -> None:
        self._gas_price_wei = gas_price_wei
        self._keep_blocks = keep_blocks
        self._entries: dict[int, _Entry] = {}
        self._next_nonce = 0
        self._height = 0
        self._followed: int | None = None
        """The newest block of the followed chain, None before the first."""
        self._polls = 0
        self._head = (-1, 0)
        """The nonce the chain waits for, and the height since which it has."""
        self._rebroadcast_height = 0

    @property
    def in_flight(self) -> int:
        """Submissions that own a nonce and are not in a block."""
        return sum(entry.stage is not Stage.MINED for entry in self._entries.values())

    @property
    def calls_in_flight(self) -> int:
        """Those of them that are no settlements: a call that fails leaves no event to be seen."""
        return sum(
            entry.stage is not Stage.MINED and entry.submission.to != b""
            for entry in self._entries.values()
        )

    @property
    def head_nonce_age_blocks(self) -> int:
        """For how many blocks the chain has waited for our oldest submission; 0 when for none."""
        nonce, since = self._head
        entry = self._entries.get(nonce)
        return self._height - since if entry and entry.stage is Stage.SENT else 0

    @property
    def has_unsent(self) -> bool:
        """Whether a submission owns a nonce and no chain node has accepted it."""
        return any(
            entry.stage in (Stage.UNSIGNED, Stage.SIGNED) for entry in self._entries.values()
        )

    def data_hash_of(self, nonce: int) -> bytes | None:
        """Which submission owns the nonce."""
        entry = self._entries.get(nonce)
        return entry.submission.data_hash if entry else None

    def hash_of(self, data_hash: bytes) -> str | None:
        """The transaction hash in force of a submission that owns a nonce and is signed."""
        for entry in self._entries.values():
            if entry.submission.data_hash == data_hash and entry.hashes:
                return entry.hashes[-1]
        return None

    def owns_nonce(self, data_hash: bytes) -> bool:
        """Whether the submission is in the window, signed or not."""
        return any(entry.submission.data_hash == data_hash for entry in self._entries.values())

    def apply_restart(self, stored: Iterable[Submission]) -> None:
        """What the disk holds is in the window; nobody knows how far it had come."""
        for submission in stored:
            self._entries[submission.nonce] = _Entry(submission)
            self._next_nonce = submission.nonce + 1

    def apply_offer(
        self, data_hash: bytes, calldata: bytes, gas: int, to: bytes = b""
    ) -> list[Effect]:
        """A submission takes the next nonce; the same data again takes none."""
        if self.owns_nonce(data_hash):
            return []
        submission = Submission(self._claim_nonce(), data_hash, calldata, gas, (), to=to)
        entry = self._entries[submission.nonce] = _Entry(submission, Stage.UNSIGNED)
        return [self._push(entry)]

    def apply_signed(self, nonce: int, data_hash: bytes, attempt: Attempt) -> list[Effect]:
        """A submission was signed as `Sign` asked; late answers change nothing."""
        entry = self._entries.get(nonce)
        if entry is None or entry.submission.data_hash != data_hash or entry.stage is Stage.MINED:
            return []
        attempts = entry.submission.attempts
        if attempts and attempt.gas_price_wei <= attempts[-1].gas_price_wei:
            return []
        entry.submission = replace(entry.submission, attempts=(*attempts, attempt))
        effects: list[Effect] = [Store(entry.submission)]
        if entry.stage is Stage.UNSIGNED:
            entry.stage = Stage.SIGNED
            effects += self._forget_former(entry)
        return [*effects, Send(nonce, attempt.raw)]

    def _forget_former(self, entry: _Entry) -> list[Effect]:
        """What is on disk under the submission's former nonce, unless another is there by now."""
        nonce, entry.stored_under = entry.stored_under, None
        if nonce is None or nonce == entry.submission.nonce:
            return []
        other = self._entries.get(nonce)
        return [Forget(nonce)] if other is None or other.stage is Stage.UNSIGNED else []

    def apply_answer(self, nonce: int, refusal: Refusal | None) -> list[Effect]:
        """A chain node answered a send; None is its yes."""
        entry = self._entries.get(nonce)
        if entry is None or entry.stage is Stage.MINED:
            return []
        if refusal is None or refusal is Refusal.ALREADY_KNOWN:
            entry.stage = Stage.SENT
            return []
        return self._apply_refusal(nonce, entry, refusal)

    def _apply_refusal(self, nonce: int, entry: _Entry, refusal: Refusal) -> list[Effect]:
        match refusal:
            case Refusal.NONCE_TOO_LOW:
                return [LookUp(nonce, entry.hashes)]
            case Refusal.NONCE_TOO_HIGH:
                return self._resend_before(nonce)
            case Refusal.UNDERPRICED if len(entry.submission.attempts) < MAX_ATTEMPTS:
                return self._replace(entry)
            case _ if entry.stage is Stage.SENT:
                return self._withdraw_attempt(entry, refusal)
            case _ if nonce == self._next_nonce - 1:
                return self._give_up(entry)
            case _:
                return [Alarm(f"send_{refusal}", nonce)]

    def apply_block(self, number: int, status_by_hash: Mapping[str, OutcomeStatus]) -> list[Effect]:
        """A block of the followed chain holds these transactions, whoever sent them."""
        self._height = max(self._height, number)
        self._followed = number
        effects: list[Effect] = []
        for entry in self._entries.values():
            found = [status_by_hash[each] for each in entry.hashes if each in status_by_hash]
            if found:
                effects += self._mark_mined(entry, Mined(number, found[0]))
            elif _is_visible_at(entry.mined, number):
                _mark_unmined(entry)
        return effects + self._forget_deep(number)

    def apply_unwinding(self, to_block: int) -> None:
        """The followed chain took blocks back; what was in them is to be sent again, as it was."""
        self._height = min(self._height, to_block)
        self._followed = to_block
        for entry in self._entries.values():
            if entry.mined is not None and entry.mined.block > to_block:
                _mark_unmined(entry)

    def apply_poll(self, height: int, chain_nonce: int) -> list[Effect]:
        """The chain stands at `height` and has mined the key's transactions below `chain_nonce`."""
        self._height = height
        self._polls += 1
        effects = self._renumber_from(chain_nonce) if self._has_gap(chain_nonce) else []
        if chain_nonce > self._next_nonce:
            if self._entries:
                effects.append(Alarm("nonce_taken", chain_nonce - 1))
            self._next_nonce = chain_nonce
        for nonce, entry in sorted(self._entries.items()):
            if entry.stage is Stage.MINED:
                if nonce < chain_nonce:
                    continue
                _mark_unmined(entry)  # its block went before the follower came to it
            if nonce < chain_nonce:
                effects += self._look_up(nonce, entry, height)
                continue
            entry.used_height = None
            if entry.stage in (Stage.UNSIGNED, Stage.SIGNED):
                effects.append(self._push(entry))
        return effects + self._push_head(height, chain_nonce)

    def apply_receipt(self, nonce: int, mined: Mined | None) -> list[Effect]:
        """A look-up found one of the submission's transactions in a block, or none of them."""
        entry = self._entries.get(nonce)
        if entry is None or entry.stage is Stage.MINED:
            return []
        if mined is not None:
            return self._mark_mined(entry, mined)
        if entry.missed_in_poll == self._polls:
            return []
        entry.misses, entry.missed_in_poll = entry.misses + 1, self._polls
        if entry.misses < MISSES_UNTIL_TAKEN:
            return []
        return self._yield_nonce(nonce, entry)

    def _yield_nonce(self, nonce: int, entry: _Entry) -> list[Effect]:
        """Another transaction took the nonce: the submission takes the next free one."""
        if entry.submission.renumbered >= MAX_RENUMBERED:
            return [Alarm("nonce_taken", nonce), *self._give_up(entry)]
        moved = self._renumber(entry, self._claim_nonce())
        return [Alarm("nonce_taken", nonce), self._push(moved)]

    def _look_up(self, nonce: int, entry: _Entry, height: int) -> list[Effect]:
        """What became of a submission whose nonce is used, unless the followed chain may yet tell.

        The receipt of a full batch is 1.7 MB of JSON, and takes a chain node and us 20 ms each.
        """
        if entry.stage is Stage.UNSIGNED:
            return self._yield_nonce(nonce, entry)
        if entry.used_height is None:
            entry.used_height = height
        if self._followed is not None and self._followed < entry.used_height:
            return []
        return [LookUp(nonce, entry.hashes)]

    def _push(self, entry: _Entry) -> Effect:
        """What an unsigned or unsent submission needs next."""
        nonce = entry.submission.nonce
        if entry.stage is Stage.UNSIGNED:
            return Sign(nonce, self._gas_price_wei, entry.submission)
        return Send(nonce, entry.raw)

    def _claim_nonce(self) -> int:
        self._next_nonce += 1
        return self._next_nonce - 1

    def _mark_mined(self, entry: _Entry, mined: Mined) -> list[Effect]:
        is_news = entry.mined != mined
        entry.stage, entry.mined = Stage.MINED, mined
        return [Report(Outcome(entry.submission.data_hash, mined.status))] if is_news else []

    def _forget_deep(self, height: int) -> list[Effect]:
        deep = [
            nonce
            for nonce, entry in self._entries.items()
            if entry.mined is not None and entry.mined.block <= height - self._keep_blocks
        ]
        for nonce in deep:
            del self._entries[nonce]
        return [Forget(nonce) for nonce in deep]

    def _give_up(self, entry: _Entry) -> list[Effect]:
        nonce = entry.submission.nonce
        del self._entries[nonce]
        if nonce == self._next_nonce - 1:
            self._next_nonce = nonce
        lost = Outcome(entry.submission.data_hash, OutcomeStatus.LOST)
        return [Forget(nonce), *self._forget_former(entry), Report(lost)]

    def _replace(self, entry: _Entry) -> list[Effect]:
        """The same nonce and call at a higher price."""
        old = entry.submission
        return [Sign(old.nonce, old.attempts[-1].gas_price_wei * 2 + 1, old)]

    def _withdraw_attempt(self, entry: _Entry, refusal: Refusal) -> list[Effect]:
        """A replacement was refused: the attempt before it, which a node has, counts again."""
        old = entry.submission
        alarm = Alarm(f"replacement_{refusal}", old.nonce)
        if len(old.attempts) == 1:
            return [alarm]
        entry.submission = replace(old, attempts=old.attempts[:-1])
        return [Store(entry.submission), alarm]

    def _resend_before(self, nonce: int) -> list[Effect]:
        """The node misses what comes before: that is sent now, this one with the next poll."""
        self._entries[nonce].stage = Stage.SIGNED
        missing = [
            entry
            for lower, entry in sorted(self._entries.items())
            if lower < nonce and entry.stage is not Stage.MINED
        ]
        return [self._push(entry) for entry in missing]

    def _has_gap(self, chain_nonce: int) -> bool:
        """Whether the chain waits for a nonce that was given out and that nobody holds any more."""
        return chain_nonce < self._next_nonce and chain_nonce not in self._entries

    def _renumber_from(self, chain_nonce: int) -> list[Effect]:
        """Submissions the chain cannot reach take the nonces from `chain_nonce` on."""
        stranded = [entry for nonce, entry in sorted(self._entries.items()) if nonce > chain_nonce]
        self._next_nonce = chain_nonce
        for entry in stranded:
            self._renumber(entry, self._claim_nonce())
        return [Alarm("nonce_moved_back", chain_nonce)] if stranded else []

    def _renumber(self, entry: _Entry, nonce: int) -> _Entry:
        """The call is to be signed anew for another nonce."""
        old = entry.submission
        renumbered = Submission(
            nonce, old.data_hash, old.calldata, old.gas, (), old.renumbered + 1, old.to
        )
        if self._entries.get(old.nonce) is entry:
            del self._entries[old.nonce]
        stored_under = entry.stored_under if entry.stage is Stage.UNSIGNED else old.nonce
        moved = self._entries[nonce] = _Entry(renumbered, Stage.UNSIGNED, stored_under)
        return moved

    def _push_head(self, height: int, chain_nonce: int) -> list[Effect]:
        """What is due when blocks go on and leave our oldest submission behind."""
        if self._head[0] != chain_nonce or height < self._head[1]:
            self._head = (chain_nonce, height)
            self._rebroadcast_height = height
        entry = self._entries.get(chain_nonce)
        if entry is None or entry.stage is not Stage.SENT:
            return []
        if height - self._head[1] >= REPLACE_AFTER_BLOCKS:
            self._head = (chain_nonce, height)
            self._rebroadcast_height = height
            can_replace = len(entry.submission.attempts) < MAX_ATTEMPTS
            return self._replace(entry) if can_replace else [Broadcast(entry.raw)]
        if height - self._rebroadcast_height >= REBROADCAST_AFTER_BLOCKS:
            self._rebroadcast_height = height
            return [Broadcast(entry.raw)]
        return []


def _mark_unmined(entry: _Entry) -> None:
    """The block that held the submission is gone: it is to be sent again, as it was."""
    entry.stage, entry.mined, entry.misses = Stage.SIGNED, None, 0
    entry.used_height = None


def _is_visible_at(mined: Mined | None, number: int) -> bool:
    """Whether the followed block would show it; a revert leaves no event to be seen."""
    return (
        mined is not None and mined.block == number and mined.status is not OutcomeStatus.REVERTED
    )
