"""Contract errors in words: every error of every contract has its place in the tree."""

from string import Formatter

import pytest

from tallystick.chain.abi import ErrorShape, encode_values, load_errors
from tallystick.chain.errors import (
    FundsInsufficient,
    NotAuthorised,
    NotFound,
    RpcRefused,
    TransactionReverted,
)
from tallystick.chain.meanings import MEANINGS
from tallystick.chain.reverts import (
    explain_refusal,
    explain_revert,
    find_revert_data,
)

# Errors that no program of ours can cause from outside, or that OpenZeppelin only declares.
UNEXPLAINED = (
    "AccessManager",
    "AccessManaged",
    "Address",
    "Checkpoint",
    "ERC6372",
    "ERC6909",
    "FailedCall",
    "InsufficientBalance",
    "InvalidShortString",
    "SafeCast",
    "StringTooLong",
    "VotesExpiredSignature",
)


def selector_of(name: str) -> bytes:
    return next(shape.selector for shape in load_errors().values() if shape.name == name)


@pytest.mark.parametrize("shape", load_errors().values(), ids=lambda shape: shape.name)
def test_every_error_of_ours_has_words(shape: ErrorShape) -> None:
    assert shape.name in MEANINGS or shape.name.startswith(UNEXPLAINED)


@pytest.mark.parametrize("name", MEANINGS)
def test_words_name_only_arguments_that_the_error_has(name: str) -> None:
    shapes = [shape for shape in load_errors().values() if shape.name == name]
    assert shapes, f"no contract has an error {name}"
    meaning = MEANINGS[name]
    texts = (meaning.words, meaning.expected, meaning.actual)
    named = {field for text in texts for _, field, _, _ in Formatter().parse(text) if field}
    for shape in shapes:
        assert named <= {argument for argument, _ in shape.arguments}


def test_revert_becomes_its_leaf_with_arguments() -> None:
    data = selector_of("MintAllowanceExceeded") + encode_values(["uint256"] * 4, [7, 1, 500, 20])
    error = explain_revert(data)
    assert isinstance(error, FundsInsufficient)
    assert error.error_name == "MintAllowanceExceeded"
    assert error.arguments["leftUcr"] == 20
    assert (error.expected, error.actual) == ("at most 20 ucr", "500")


def test_revert_with_text_keeps_the_text() -> None:
    error = explain_revert(bytes.fromhex("08c379a0") + encode_values(["string"], ["no way"]))
    assert "no way" in error.message


def test_panic_names_its_code() -> None:
    error = explain_revert(bytes.fromhex("4e487b71") + encode_values(["uint256"], [0x11]))
    assert (error.error_name, error.actual) == ("Panic", "0x11")


@pytest.mark.parametrize("data", [b"", b"\x01\x02", b"\xde\xad\xbe\xef" * 9])
def test_unknown_revert_is_no_crash(data: bytes) -> None:
    assert type(explain_revert(data)) is TransactionReverted


def test_revert_whose_arguments_are_cut_off_keeps_its_name() -> None:
    error = explain_revert(selector_of("NotAuthorised") + b"\0" * 5)
    assert error.error_name == "NotAuthorised"


@pytest.mark.parametrize("shape", ["anvil", "besu", "nested"])
def test_refusal_is_explained_wherever_the_engine_puts_the_data(shape: str) -> None:
    revert = selector_of("MeterUnknown") + encode_values(["uint256"], [9])
    text = f"0x{revert.hex()}"
    data = {"anvil": text, "besu": f"Reverted {text}", "nested": {"data": text}}[shape]
    error = explain_refusal(RpcRefused(3, "execution reverted", data))
    assert isinstance(error, NotFound)
    assert error.actual == "9"


def test_refusal_without_revert_stays_itself() -> None:
    refusal = RpcRefused(-32000, "nonce too low")
    assert explain_refusal(refusal) is refusal
    assert find_revert_data(refusal) is None


def test_not_authorised_answers_403() -> None:
    data = selector_of("AccessManagedUnauthorized") + encode_values(["address"], ["0x" + "11" * 20])
    error = explain_revert(data)
    assert isinstance(error, NotAuthorised)
    assert error.http_status == 403
    assert error.as_dict()["code"] == "not_authorised"
