"""What is printed, and where."""

import io
import json

import pytest

from tallystick.cli.render import Output, Table, format_table
from tallystick.core.errors import AmountInvalid

TABLE = Table(
    ("account", "credits"), [["acme", "12.8"], ["acme/support", "1,000"]], frozenset({"credits"})
)


def make_output(*, is_json: bool) -> tuple[Output, io.StringIO, io.StringIO]:
    stdout, stderr = io.StringIO(), io.StringIO()
    return Output(json=is_json, stdout=stdout, stderr=stderr), stdout, stderr


def test_table_aligns_words_left_and_numbers_right() -> None:
    assert format_table(TABLE) == (
        "account       credits\nacme             12.8\nacme/support    1,000"
    )


def test_table_says_so_when_it_has_no_rows() -> None:
    assert format_table(Table(("account",), [])) == "account\n-"


def test_json_output_is_one_document_and_nothing_else() -> None:
    output, stdout, stderr = make_output(is_json=True)
    output.note("on the way")
    output.show({"cost_ucr": 2**70}, "for people", TABLE)
    assert json.loads(stdout.getvalue()) == {"cost_ucr": 2**70}
    assert stderr.getvalue() == "on the way\n"


def test_plain_output_shows_the_views() -> None:
    output, stdout, _ = make_output(is_json=False)
    output.show({"ignored": 1}, "first", TABLE)
    assert stdout.getvalue().startswith("first\naccount")


@pytest.mark.parametrize("is_json", [True, False])
def test_error_carries_code_expected_and_actual(is_json: bool) -> None:
    output, stdout, stderr = make_output(is_json=is_json)
    output.show_error(AmountInvalid("no amount", expected="a number", actual="'x'"))
    if is_json:
        assert json.loads(stdout.getvalue()) == {
            "code": "amount_invalid",
            "message": "no amount",
            "expected": "a number",
            "actual": "'x'",
        }
        assert stderr.getvalue() == ""
    else:
        assert stderr.getvalue() == "amount_invalid: no amount; expected a number; found 'x'\n"
        assert stdout.getvalue() == ""


def test_question_is_answered_yes_where_nobody_reads() -> None:
    output, _, stderr = make_output(is_json=False)
    assert output.confirm(is_sure=False)
    assert stderr.getvalue() == ""


def test_progress_is_silent_where_nobody_reads() -> None:
    output, stdout, stderr = make_output(is_json=False)
    with output.progress("verifying") as progress:
        progress(1, 2)
    assert stdout.getvalue() + stderr.getvalue() == ""
