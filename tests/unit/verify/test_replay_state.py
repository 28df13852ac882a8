"""What the replay keeps to be compared with the chain's newest state."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.builders import ACME, CHAT, RIVAL, RIVAL_PROJECT, SUPPORT, build_facts

from tallystick.verify.credit_book import NOBODY, CreditBook
from tallystick.verify.replay import compute_lifetime_spent

HOLDERS = ["0xa", "0xb", "0xc", NOBODY]


def test_lifetime_spent_rises_to_every_ancestor_and_no_further() -> None:
    spent = compute_lifetime_spent(
        Counter({CHAT: 5, SUPPORT: 2, RIVAL_PROJECT: 7, 999: 1}), build_facts()
    )
    assert spent == {CHAT: 5, SUPPORT: 7, ACME: 7, RIVAL_PROJECT: 7, RIVAL: 7}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(HOLDERS),
            st.sampled_from(HOLDERS),
            st.integers(1, 3),
            st.integers(0, 2**80),
        )
    )
)
def test_credits_minted_minus_burned_are_the_balances(
    transfers: list[tuple[str, str, int, int]],
) -> None:
    book = CreditBook()
    for sender, receiver, credit_id, amount in transfers:
        book.apply_transfer(
            {"sender": sender, "receiver": receiver, "id": credit_id, "amount": amount}
        )
    for credit_id in (1, 2, 3):
        held = sum(ucr for (_, of), ucr in book.balances.items() if of == credit_id)
        assert book.minted[credit_id] - book.burned[credit_id] == held
