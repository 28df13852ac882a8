"""What is told to a chain's list of senders."""

import pytest

from tallystick.chain.calls import Write
from tallystick.chain.decode import Log
from tallystick.chain.permissions import ALLOW_LIST, Standing, disable, enable, fund, standing_of

ADDRESS = "0x" + "ab" * 20
WORD = bytes(12) + bytes.fromhex("ab" * 20)


@pytest.mark.parametrize(
    ("call", "selector"),
    [(enable(ADDRESS), "0aaf7043"), (disable(ADDRESS), "8c6bfb3b")],
)
def test_call_is_the_precompiles(call: Write[None], selector: str) -> None:
    assert call.to == ALLOW_LIST
    assert call.data == bytes.fromhex(selector) + WORD


@pytest.mark.parametrize(
    ("number", "may_send", "may_permit"),
    [(0, False, False), (1, True, False), (2, True, True), (3, True, True)],
)
def test_standing_says_what_an_address_may_do(
    number: int, may_send: bool, may_permit: bool
) -> None:
    view = standing_of(ADDRESS)
    assert view.data == bytes.fromhex("eb54dae1") + WORD
    standing = view.decode(number.to_bytes(32, "big"))
    assert standing is Standing(number)
    assert (standing.may_send, standing.may_permit) == (may_send, may_permit)


def test_announcement_of_the_list_is_passed_over_because_it_is_no_contract_of_ours() -> None:
    role_set = Log(ALLOW_LIST, (bytes(32),), b"", 1, "0x" + "00" * 32, 0, 0)
    assert enable(ADDRESS).read_events((role_set,)) == ()


def test_funds_travel_with_a_transaction_that_does_nothing_else() -> None:
    write = fund(ADDRESS, 7)
    assert (write.to, write.value_wei, write.data) == (ADDRESS, 7, b"")
