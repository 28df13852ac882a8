"""Options that work everywhere: before a command, after it, and between its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tallystick.cli.errors import UsageInvalid

DIR_VARIABLE: Final = "TALLYSTICK_DIR"
DEFAULT_DIR: Final = ".tallystick"
END_OF_OPTIONS: Final = "--"
WITHOUT_LEDGER: Final = "network"
"""Its commands name a chain on which no ledger lies yet."""
_VALUED: Final = ("--dir", "--rpc", "--ledger", "--as")
_SWITCHES: Final = ("--json", "--yes")


@dataclass(frozen=True)
class GlobalOptions:
    """What every command is told besides its own words."""

    dir: Path = Path(DEFAULT_DIR)
    rpc_urls: tuple[str, ...] = ()
    ledger: str | None = None
    signer: str | None = None
    json: bool = False
    yes: bool = False


@dataclass
class _Found:
    values: dict[str, list[str]] = field(default_factory=dict)
    switches: set[str] = field(default_factory=set)
    rest: list[str] = field(default_factory=list)


def split_options(
    words: Sequence[str], environment: Mapping[str, str]
) -> tuple[GlobalOptions, list[str]]:
    """The global options among `words`, and the words that are left, in order.

    Args:
        words: the command line without the program's name; what follows `--` is left alone.
        environment: TALLYSTICK_DIR replaces the default folder.

    Raises:
        UsageInvalid: an option without its value, or --rpc and --ledger not together.
    """
    found = _find_options(words)
    options = _build_options(found, environment)
    is_half_named = bool(options.rpc_urls) != bool(options.ledger)
    if is_half_named and found.rest[:1] != [WITHOUT_LEDGER]:
        raise UsageInvalid(
            "--rpc and --ledger go together",
            expected="--rpc URL --ledger ADDRESS",
            actual="only one of them",
        )
    return options, found.rest


def is_json_wanted(words: Sequence[str]) -> bool:
    """Whether --json is among the words, however wrong the rest of them is."""
    return "--json" in words


def _find_options(words: Sequence[str]) -> _Found:
    found = _Found()
    waiting = iter(words)
    for word in waiting:
        name, has_value, value = word.partition("=")
        if word == END_OF_OPTIONS:
            found.rest += [word, *waiting]
        elif word in _SWITCHES:
            found.switches.add(word)
        elif name in _VALUED:
            given = value if has_value else next(waiting, None)
            if given is None:
                raise UsageInvalid(f"{name} needs a value", expected=f"{name} VALUE")
            found.values.setdefault(name, []).append(given)
        else:
            found.rest.append(word)
    return found


def _build_options(found: _Found, environment: Mapping[str, str]) -> GlobalOptions:
    default_dir = environment.get(DIR_VARIABLE) or DEFAULT_DIR
    return GlobalOptions(
        dir=Path(found.values.get("--dir", [default_dir])[-1]).expanduser(),
        rpc_urls=tuple(found.values.get("--rpc", [])),
        ledger=_last(found, "--ledger"),
        signer=_last(found, "--as"),
        json="--json" in found.switches,
        yes="--yes" in found.switches,
    )


def _last(found: _Found, name: str) -> str | None:
    return next(iter(found.values.get(name, [])[-1:]), None)
