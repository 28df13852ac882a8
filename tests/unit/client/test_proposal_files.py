"""A proposal's file: every value stays exact, and nothing that is written is overlooked."""

import pytest

from tallystick.client.errors import ProposalInvalid
from tallystick.client.proposals.changes import Change, Field, Unit, compare_fields, parse_fields
from tallystick.client.proposals.documents import load_document
from tallystick.client.proposals.scalars import (
    NOBODY,
    parse_address,
    parse_amount_ucr,
    parse_hash,
    parse_length_s,
    parse_ratio_ppm,
    parse_usd_uusd,
    parse_whole,
)


class Folder:
    """Keys of nobody but the treasurer."""

    def parse_address(self, where: str, text: object) -> str:
        return "0x" + "7" * 40 if text == "treasurer" else parse_address(where, text)


FIELDS = (
    Field("low", "lowUusd", Unit.UUSD),
    Field("cut", "cutPpm", Unit.SHARE),
    Field("who", "confirmer", Unit.ADDRESS),
)


def test_values_stay_the_text_that_was_written() -> None:
    document = load_document("a: {b: 2.1, c: 0x1f, d: 1_000, e: yes, f: 1e3, g: ~}")
    assert document == {
        "a": {"b": "2.1", "c": "0x1f", "d": "1_000", "e": "yes", "f": "1e3", "g": "~"}
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: {b: 1}\na: {b: 2}", "line 2 names something twice"),
        ("a:\n  b: 1\n  b: 2", "line 3 names something twice"),
        ("a: [", "no YAML"),
        ("- a", "names nothing"),
        ("", "names nothing"),
    ],
)
def test_file_is_refused_when_it_does_not_say_one_thing(text: str, words: str) -> None:
    with pytest.raises(ProposalInvalid, match=words):
        load_document(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2.1", 2_100_000),
        ("2", 2_000_000),
        ("0.000001", 1),
        ("25%", 250_000),
        ("12.5%", 125_000),
        ("0.0001%", 1),
        ("800000ppm", 800_000),
        ("1_000", 1_000_000_000),
    ],
)
def test_ratio_is_read_exactly(text: str, expected: int) -> None:
    assert parse_ratio_ppm("a", text) == expected


@pytest.mark.parametrize("text", ["", "fast", "-1", "2.1.0", "0.0000001", "0.00001%", "1,5", "NaN"])
def test_ratio_is_refused_when_it_is_none_or_too_fine(text: str) -> None:
    with pytest.raises(ProposalInvalid):
        parse_ratio_ppm("a", text)


def test_amounts_lengths_and_counts_are_read_exactly() -> None:
    assert parse_amount_ucr("a", "12.8") == 12_800_000
    assert parse_amount_ucr("a", "1k") == 1_000_000_000
    assert parse_usd_uusd("a", "$0.05") == 50_000
    assert parse_usd_uusd("a", "1.234567") == 1_234_567
    assert [parse_length_s("a", text) for text in ("90s", "15m", "24h", "7d", "2w")] == [
        90,
        900,
        86_400,
        604_800,
        1_209_600,
    ]
    assert [parse_whole("a", text) for text in ("200", "100_000", "100,000")] == [
        200,
        100_000,
        100_000,
    ]


def test_address_and_hash_are_checked() -> None:
    assert parse_address("a", "0x" + "aB" * 20) == "0x" + "ab" * 20
    assert parse_address("a", "none") == NOBODY
    assert parse_hash("a", "0x" + "01" * 32) == b"\1" * 32
    for broken in ("0x12", "bob", None, ["0x"]):
        with pytest.raises(ProposalInvalid):
            parse_address("a", broken)
        with pytest.raises(ProposalInvalid):
            parse_hash("a", broken)


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_whole, "1.5"),
        (parse_whole, "10_00"),
        (parse_amount_ucr, "0.0000001"),
        (parse_usd_uusd, "0.0000001"),
        (parse_length_s, "7"),
        (parse_length_s, "d"),
    ],
)
def test_value_is_refused_when_it_is_malformed(parse, text: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    with pytest.raises(ProposalInvalid, match="somewhere is malformed"):
        parse("somewhere", text)


def test_fields_are_read_by_the_names_of_the_contract() -> None:
    entries = {"low": "0.05", "who": "treasurer"}
    assert parse_fields(Folder(), "epochs", entries, FIELDS) == {
        "lowUusd": 50_000,
        "confirmer": "0x" + "7" * 40,
    }
    with pytest.raises(ProposalInvalid) as refused:
        parse_fields(Folder(), "epochs", {"lo": "0.05"}, FIELDS)
    assert (refused.value.expected, refused.value.actual) == ("low, cut, who", "lo")


def test_only_what_differs_is_a_change() -> None:
    before = {"lowUusd": 1, "cutPpm": 2, "confirmer": NOBODY}
    after = {"lowUusd": 1, "cutPpm": 3, "confirmer": NOBODY}
    assert compare_fields("epochs", before, after, FIELDS) == [
        Change("epochs.cut", 2, 3, Unit.SHARE)
    ]
    assert [change.before for change in compare_fields("epochs", None, after, FIELDS)] == [None] * 3
