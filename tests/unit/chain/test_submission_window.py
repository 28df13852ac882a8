"""The submitter's rules: single cases first, then a chain that loses, reorders and forgets."""

from collections import deque
from collections.abc import Iterable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

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
from tallystick.chain.submission_window import (
    MISSES_UNTIL_TAKEN,
    REBROADCAST_AFTER_BLOCKS,
    REPLACE_AFTER_BLOCKS,
    SubmissionWindow,
)
from tallystick.chain.submissions import Attempt, Submission

SETTLED = OutcomeStatus.SETTLED
KEEP_BLOCKS = 6


def sign(nonce: int, gas_price_wei: int, calldata: bytes, gas: int, to: bytes = b"") -> Attempt:
    text = f"{nonce}/{gas_price_wei}/{calldata.hex()}"
    return Attempt(f"0x{text}", gas_price_wei, text.encode())


def make_window() -> SubmissionWindow:
    return SubmissionWindow(keep_blocks=KEEP_BLOCKS)


def answer(window: SubmissionWindow, effect: Sign) -> list[Effect]:
    """The signer signs as it was asked."""
    submission = effect.submission
    attempt = sign(effect.nonce, effect.gas_price_wei, submission.calldata, submission.gas)
    return window.apply_signed(effect.nonce, submission.data_hash, attempt)


def with_signatures(window: SubmissionWindow, effects: Iterable[Effect]) -> list[Effect]:
    """The effects, with what follows from a signature in place of the wish for it."""
    done: list[Effect] = []
    for effect in effects:
        done += answer(window, effect) if isinstance(effect, Sign) else [effect]
    return done


def offer(window: SubmissionWindow, name: bytes) -> list[Effect]:
    return with_signatures(window, window.apply_offer(name, name, 1))


def make_sent_window(*names: bytes) -> SubmissionWindow:
    window = make_window()
    for nonce, name in enumerate(names):
        offer(window, name)
        window.apply_answer(nonce, None)
    return window


def test_offer_stored_before_sent() -> None:
    effects = offer(make_window(), b"a")
    assert [type(effect) for effect in effects] == [Store, Send]


def test_offer_takes_no_nonce_when_data_is_in_flight() -> None:
    window = make_sent_window(b"a")
    assert offer(window, b"a") == []
    assert window.in_flight == 1


@pytest.mark.parametrize("refusal", [None, Refusal.ALREADY_KNOWN])
def test_submission_sent_when_node_has_it(refusal: Refusal | None) -> None:
    window = make_window()
    offer(window, b"a")
    assert window.apply_answer(0, refusal) == []
    assert not window.has_unsent


def test_nonce_reused_when_node_refused_its_submission() -> None:
    window = make_window()
    offer(window, b"a")
    effects = window.apply_answer(0, Refusal.NOT_ALLOWED)
    assert effects == [Forget(0), Report(Outcome(b"a", OutcomeStatus.LOST))]
    assert sign(0, 0, b"b", 1).raw in {e.raw for e in offer(window, b"b") if isinstance(e, Send)}


def test_price_raised_when_nonce_is_underpriced() -> None:
    window = make_window()
    offer(window, b"a")
    store, send = with_signatures(window, window.apply_answer(0, Refusal.UNDERPRICED))
    assert isinstance(store, Store)
    assert send == Send(0, sign(0, 1, b"a", 1).raw)


def test_earlier_attempt_counts_when_replacement_is_refused() -> None:
    window = make_sent_window(b"a")
    window.apply_poll(0, 0)
    with_signatures(window, window.apply_poll(REPLACE_AFTER_BLOCKS, 0))
    effects = window.apply_answer(0, Refusal.UNFUNDED)
    assert Alarm("replacement_unfunded", 0) in effects
    assert window.hash_of(b"a") == sign(0, 0, b"a", 1).hash


def test_nonce_too_low_looked_up_then_renumbered_when_never_found() -> None:
    window = make_window()
    offer(window, b"a")
    effects = window.apply_answer(0, Refusal.NONCE_TOO_LOW)
    assert effects == [LookUp(0, (sign(0, 0, b"a", 1).hash,))]
    for _ in range(MISSES_UNTIL_TAKEN):
        window.apply_poll(1, 1)
        effects = with_signatures(window, window.apply_receipt(0, None))
    assert Alarm("nonce_taken", 0) in effects
    assert Send(1, sign(1, 0, b"a", 1).raw) in effects


def test_submission_not_looked_up_while_the_followed_chain_may_tell() -> None:
    window = make_sent_window(b"a", b"b")
    window.apply_block(6, {})
    assert window.apply_poll(8, 1) == []
    window.apply_block(7, {})
    assert window.apply_poll(9, 1) == []
    window.apply_block(8, {})
    assert window.apply_poll(9, 1) == [LookUp(0, (sign(0, 0, b"a", 1).hash,))]


def test_submission_looked_up_again_when_its_nonce_was_free_meanwhile() -> None:
    window = make_sent_window(b"a")
    window.apply_block(1, {})
    window.apply_poll(2, 1)
    window.apply_poll(2, 0)
    window.apply_block(2, {})
    assert window.apply_poll(3, 1) == []
    window.apply_block(3, {})
    assert window.apply_poll(3, 1) == [LookUp(0, (sign(0, 0, b"a", 1).hash,))]


def test_misses_within_one_poll_count_once() -> None:
    window = make_sent_window(b"a")
    window.apply_poll(1, 1)
    assert [window.apply_receipt(0, None) for _ in range(5)] == [[]] * 5


def test_revert_reported_when_receipt_says_so() -> None:
    window = make_sent_window(b"a")
    assert window.apply_poll(1, 1) == [LookUp(0, (sign(0, 0, b"a", 1).hash,))]
    effects = window.apply_receipt(0, Mined(1, OutcomeStatus.REVERTED))
    assert effects == [Report(Outcome(b"a", OutcomeStatus.REVERTED))]


def test_head_rebroadcast_then_replaced_when_blocks_pass_it_by() -> None:
    window = make_sent_window(b"a", b"b")
    due: dict[int, list[Effect]] = {}
    for height in range(REPLACE_AFTER_BLOCKS + 1):
        effects = with_signatures(window, window.apply_poll(height, 0))
        if effects:
            due[height] = effects
    raw = sign(0, 0, b"a", 1).raw
    for height in range(REBROADCAST_AFTER_BLOCKS, REPLACE_AFTER_BLOCKS, REBROADCAST_AFTER_BLOCKS):
        assert due.pop(height) == [Broadcast(raw)]
    assert due.pop(REPLACE_AFTER_BLOCKS)[-1] == Send(0, sign(0, 1, b"a", 1).raw)
    assert not due


def test_nothing_replaced_when_the_chain_stalls() -> None:
    window = make_sent_window(b"a")
    assert [window.apply_poll(7, 0) for _ in range(50)] == [[]] * 50


def test_mined_submission_sent_again_unchanged_when_its_block_is_taken_back() -> None:
    window = make_sent_window(b"a")
    window.apply_block(1, {sign(0, 0, b"a", 1).hash: SETTLED})
    window.apply_unwinding(0)
    assert window.apply_poll(0, 0) == [Send(0, sign(0, 0, b"a", 1).raw)]


def test_submissions_renumbered_when_the_chain_forgot_their_predecessors() -> None:
    window = make_sent_window(b"a", b"b")
    window.apply_block(1, {sign(0, 0, b"a", 1).hash: SETTLED})
    window.apply_block(1 + KEEP_BLOCKS, {})
    effects = with_signatures(window, window.apply_poll(0, 0))
    assert Alarm("nonce_moved_back", 0) in effects
    assert Send(0, sign(0, 0, b"b", 1).raw) in effects
    assert Forget(1) in effects


def test_predecessors_sent_again_when_nonce_is_too_high() -> None:
    window = make_sent_window(b"a")
    offer(window, b"b")
    assert window.apply_answer(1, Refusal.NONCE_TOO_HIGH) == [Send(0, sign(0, 0, b"a", 1).raw)]
    assert window.has_unsent


def test_unsigned_submission_owns_its_nonce_and_is_asked_for_again() -> None:
    window = make_window()
    asked = window.apply_offer(b"a", b"a", 1)
    assert [type(effect) for effect in asked] == [Sign]
    assert window.owns_nonce(b"a")
    assert window.hash_of(b"a") is None
    assert window.has_unsent
    assert window.in_flight == 1
    assert window.apply_offer(b"a", b"a", 1) == []
    assert window.apply_poll(0, 0) == asked
    assert [type(effect) for effect in with_signatures(window, asked)] == [Store, Send]


def test_unsigned_submission_takes_another_nonce_when_its_own_is_used() -> None:
    window = make_window()
    window.apply_offer(b"a", b"a", 1)
    alarm, wish = window.apply_poll(1, 1)
    assert alarm == Alarm("nonce_taken", 0)
    assert isinstance(wish, Sign)
    assert answer(window, wish)[-1] == Send(1, sign(1, 0, b"a", 1).raw)


def test_signature_changes_nothing_when_it_comes_late() -> None:
    window = make_window()
    (wish,) = window.apply_offer(b"a", b"a", 1)
    assert isinstance(wish, Sign)
    answer(window, wish)
    assert answer(window, wish) == []
    window.apply_block(1, {sign(0, 0, b"a", 1).hash: SETTLED})
    assert window.apply_signed(0, b"a", sign(0, 5, b"a", 1)) == []
    assert window.apply_signed(7, b"a", sign(7, 0, b"a", 1)) == []
    assert window.apply_signed(0, b"b", sign(0, 5, b"b", 1)) == []


def test_head_keeps_its_price_when_nobody_signs_the_higher_one() -> None:
    window = make_sent_window(b"a")
    window.apply_poll(0, 0)
    (wish,) = window.apply_poll(REPLACE_AFTER_BLOCKS, 0)
    assert isinstance(wish, Sign)
    assert window.hash_of(b"a") == sign(0, 0, b"a", 1).hash
    assert not window.has_unsent


def test_stored_submission_stays_on_disk_when_its_new_nonce_is_not_signed() -> None:
    window = make_sent_window(b"a", b"b")
    window.apply_block(1, {sign(0, 0, b"a", 1).hash: SETTLED})
    window.apply_block(1 + KEEP_BLOCKS, {})
    effects = window.apply_poll(0, 0)
    assert not [effect for effect in effects if isinstance(effect, Forget)]
    effects = with_signatures(window, window.apply_poll(0, 0))
    assert [type(effect) for effect in effects] == [Store, Forget, Send]


class FakeChain:
    """One key's transactions on a chain that may lose, forget and reorganise."""

    def __init__(self) -> None:
        self.pool: dict[int, tuple[int, str, str]] = {}
        self.blocks: list[list[tuple[str, str]]] = []

    @property
    def height(self) -> int:
        return len(self.blocks)

    @property
    def nonce(self) -> int:
        return sum(map(len, self.blocks))

    def mined_names(self) -> set[str]:
        return {name for block in self.blocks for _, name in block}

    def send(self, raw: bytes) -> Refusal | None:
        nonce_text, price_text, name = raw.decode().split("/")
        nonce, price, tx_hash = int(nonce_text), int(price_text), f"0x{raw.decode()}"
        if nonce < self.nonce:
            return Refusal.NONCE_TOO_LOW
        if nonce in self.pool:
            if self.pool[nonce][1] == tx_hash:
                return Refusal.ALREADY_KNOWN
            if price <= self.pool[nonce][0]:
                return Refusal.UNDERPRICED
        self.pool[nonce] = (price, tx_hash, name)
        return None

    def mine(self, limit: int) -> None:
        block: list[tuple[str, str]] = []
        nonce = self.nonce
        while nonce in self.pool and len(block) < limit:
            _, tx_hash, name = self.pool.pop(nonce)
            block.append((tx_hash, name))
            nonce += 1
        self.blocks.append(block)

    def find(self, hashes: Iterable[str]) -> Mined | None:
        for number, block in enumerate(self.blocks, start=1):
            if any(tx_hash in hashes for tx_hash, _ in block):
                return Mined(number, SETTLED)
        return None


class SubmissionMachine(RuleBasedStateMachine):
    """Whatever the chain does to it, every submission is mined in the end, in order, from disk."""

    def __init__(self) -> None:
        super().__init__()
        self.chain = FakeChain()
        self.window = make_window()
        self.disk: dict[int, Submission] = {}
        self.offered: list[bytes] = []
        self.seen_height = 0
        self.final_height = 0
        self.strangers = 0
        self.reported: set[bytes] = set()
        self.gone: set[bytes] = set()

    def run(
        self,
        effects: list[Effect],
        *,
        reachable: bool = True,
        signing: bool = True,
        cut: int | None = None,
    ) -> None:
        """Effects as the submitter carries them out; `cut` kills it after so many of them."""
        may_send, done, waiting = True, 0, deque(effects)
        while waiting:
            if done == cut:
                self.restart()
                return
            effect = waiting.popleft()
            done += not isinstance(effect, Sign)
            match effect:
                case Sign():
                    may_send = may_send and signing
                    if may_send:
                        waiting.extendleft(reversed(answer(self.window, effect)))
                case Send():
                    may_send = may_send and reachable and self.send(effect, signing)
                case LookUp(nonce, hashes):
                    found = self.chain.find(hashes)
                    self.run(self.window.apply_receipt(nonce, found), signing=signing)
                case _:
                    self.apply_local(effect)

    def apply_local(self, effect: Effect) -> None:
        match effect:
            case Store(submission):
                self.disk[submission.nonce] = submission
            case Forget(nonce):
                self.disk.pop(nonce, None)
            case Broadcast(raw):
                self.chain.send(raw)
            case Report(outcome):
                assert outcome.status is SETTLED
                self.reported.add(outcome.data_hash)

    def send(self, effect: Send, signing: bool) -> bool:
        """Whether a node accepted the transaction."""
        self.check_on_disk(effect.raw)
        refusal = self.chain.send(effect.raw)
        self.run(self.window.apply_answer(effect.nonce, refusal), signing=signing)
        return refusal in (None, Refusal.ALREADY_KNOWN)

    def check_on_disk(self, raw: bytes) -> None:
        attempts = [a.raw for stored in self.disk.values() for a in stored.attempts]
        assert raw in attempts, "sent before it was stored"

    def restart(self) -> None:
        """What nobody has signed is gone with the process: whoever offered it offers it anew."""
        stored = {submission.data_hash for submission in self.disk.values()}
        for name in self.offered:
            if self.window.owns_nonce(name) and name not in stored:
                self.gone.add(name)
        self.window = make_window()
        self.window.apply_restart(stored for _, stored in sorted(self.disk.items()))
        self.run(self.window.apply_poll(self.chain.height, self.chain.nonce))

    def follow(self) -> None:
        for number in range(self.seen_height + 1, self.chain.height + 1):
            mined = {tx_hash: SETTLED for tx_hash, _ in self.chain.blocks[number - 1]}
            self.run(self.window.apply_block(number, mined))
        self.seen_height = self.chain.height
        self.final_height = max(self.final_height, self.chain.height - KEEP_BLOCKS)

    @precondition(lambda self: len(self.offered) < 20)
    @rule(reachable=st.booleans(), signing=st.booleans(), cut=st.none() | st.integers(0, 2))
    def submit(self, reachable: bool, signing: bool, cut: int | None) -> None:
        if self.window.has_unsent:
            return  # the submitter lets nobody in before the last one was sent
        name = bytes([len(self.offered)])
        self.offered.append(name)
        wishes = self.window.apply_offer(name, name, 1)
        self.run(wishes, reachable=reachable, signing=signing, cut=cut)

    @rule(reachable=st.booleans(), signing=st.booleans(), cut=st.none() | st.integers(0, 3))
    def tick(self, reachable: bool, signing: bool, cut: int | None) -> None:
        effects = self.window.apply_poll(self.chain.height, self.chain.nonce)
        self.run(effects, reachable=reachable, signing=signing, cut=cut)

    @rule(limit=st.integers(0, 3))
    def mine(self, limit: int) -> None:
        self.chain.mine(limit)

    @rule()
    def follow_blocks(self) -> None:
        self.follow()

    @rule(data=st.data())
    def drop_from_pool(self, data: st.DataObject) -> None:
        if self.chain.pool:
            del self.chain.pool[data.draw(st.sampled_from(sorted(self.chain.pool)))]

    @rule(depth=st.integers(1, 10))
    def reorganise(self, depth: int) -> None:
        kept = max(self.chain.height - depth, self.final_height)
        del self.chain.blocks[kept:]
        if self.seen_height > kept:
            self.window.apply_unwinding(kept)
            self.seen_height = kept

    @rule()
    def kill(self) -> None:
        self.restart()

    @precondition(lambda self: self.strangers < 2)
    @rule()
    def stranger_uses_the_key(self) -> None:
        self.strangers += 1
        self.chain.pool.setdefault(self.chain.nonce, (9, "0xstranger", "stranger"))

    @invariant()
    def disk_holds_what_is_in_flight(self) -> None:
        stored = {submission.data_hash for submission in self.disk.values()}
        for name in self.offered:
            if self.window.hash_of(name) is not None:
                assert name in stored

    def teardown(self) -> None:
        """The weather clears: everything that is not on the chain for good gets there."""
        for _ in range(60):
            self.run(self.window.apply_poll(self.chain.height, self.chain.nonce))
            self.chain.mine(20)
            self.follow()
        assert self.window.in_flight == 0
        expected = set(self.offered) - self.gone
        assert self.reported == expected
        assert self.chain.mined_names() >= {name.hex() for name in expected}


SubmissionMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
test_submissions_all_reach_the_chain = SubmissionMachine.TestCase
