"""A write is asked for once, after what was announced is known to succeed."""

import io

import pytest

from tallystick.cli.app import Session
from tallystick.cli.errors import Declined
from tallystick.cli.options import GlobalOptions
from tallystick.cli.render import Output


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def open_session(monkeypatch: pytest.MonkeyPatch, typed: str, *, sure: bool = False) -> Session:
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    output = Output(json=False, stdout=Terminal(), stderr=Terminal())
    return Session(GlobalOptions(yes=sure), output)


def test_yes_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    session = open_session(monkeypatch, "y\n")
    session.ask_once()
    session.ask_once()


def test_anything_else_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    session = open_session(monkeypatch, "\n")
    with pytest.raises(Declined):
        session.ask_once()


def test_nobody_is_asked_when_the_caller_is_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    open_session(monkeypatch, "", sure=True).ask_once()
