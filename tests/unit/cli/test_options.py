"""Options that work before and after every command."""

from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.cli.errors import UsageInvalid
from tallystick.cli.options import GlobalOptions, split_options


def test_options_are_refused_when_a_value_is_missing() -> None:
    with pytest.raises(UsageInvalid, match="--dir needs a value"):
        split_options(["status", "--dir"], {})


@pytest.mark.parametrize("words", [["--rpc", "http://x"], ["--ledger", "0x00"]])
def test_options_are_refused_when_rpc_and_ledger_are_not_together(words: list[str]) -> None:
    with pytest.raises(UsageInvalid, match="go together"):
        split_options([*words, "verify"], {})


@pytest.mark.parametrize(
    "parts", list(permutations([["usage", "--by", "team"], ["--dir", "net"], ["--json"]]))
)
def test_options_are_found_wherever_they_stand(parts: tuple[list[str], ...]) -> None:
    words = [word for part in parts for word in part]
    options, rest = split_options(words, {})
    assert options == GlobalOptions(dir=Path("net"), json=True)
    assert rest == ["usage", "--by", "team"]


def test_options_may_be_written_with_an_equal_sign() -> None:
    options, rest = split_options(
        ["--rpc=http://a", "verify", "--ledger=0x1", "--rpc=http://b"], {}
    )
    assert options.rpc_urls == ("http://a", "http://b")
    assert options.ledger == "0x1"
    assert rest == ["verify"]


def test_options_leave_alone_what_follows_two_dashes() -> None:
    options, rest = split_options(["replay", "--", "--json"], {})
    assert not options.json
    assert rest == ["replay", "--", "--json"]


def test_dir_comes_from_the_environment_unless_it_is_named() -> None:
    environment = {"TALLYSTICK_DIR": "there"}
    assert split_options(["status"], environment)[0].dir == Path("there")
    assert split_options(["status", "--dir", "here"], environment)[0].dir == Path("here")
    assert split_options(["status"], {})[0].dir == Path(".tallystick")


@given(st.lists(st.text(min_size=1).filter(lambda word: not word.startswith("--"))))
def test_other_words_keep_their_order(words: list[str]) -> None:
    assert split_options(words, {})[1] == words


def test_key_that_signs_is_named_last_wins() -> None:
    options, rest = split_options(["gov", "--as", "seat-1", "vote", "1", "--as=seat-2"], {})
    assert options.signer == "seat-2"
    assert rest == ["gov", "vote", "1"]
