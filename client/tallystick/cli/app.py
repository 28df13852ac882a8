"""The tree of commands, and what each of them is given."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import typer

from tallystick.cli.errors import Declined
from tallystick.cli.options import GlobalOptions
from tallystick.cli.passphrase import find_passphrase
from tallystick.cli.render import Output, Table, format_table

if TYPE_CHECKING:
    from tallystick.client import Client

CommandFunction = TypeVar("CommandFunction", bound=Callable[..., None])
NOUN_HELP = "Show this noun's commands."


@dataclass
class Session:
    """One run of one command."""

    options: GlobalOptions
    output: Output
    exit_code: int = 0
    has_agreed: bool = False

    def open_client(self) -> Client:
        """A client of the network in the folder, or of the one named by --rpc and --ledger."""
        from tallystick.client import Client  # noqa: PLC0415 - --help must not wait for it

        if self.options.ledger is not None:
            return Client.connect(self.options.rpc_urls, self.options.ledger)
        return Client.open(
            self.options.dir,
            signer=self.options.signer,
            before_writing=self.ask_once,
            ask_passphrase=find_passphrase,
        )

    def read_now_ms(self) -> int:
        """What time it is on the network, Unix ms."""
        from tallystick.local.clock import NetworkClock  # noqa: PLC0415 - as above
        from tallystick.local.folder import NetworkFolder  # noqa: PLC0415

        is_remote = self.options.ledger is not None
        return NetworkClock(None if is_remote else NetworkFolder(self.options.dir).clock_file)()

    def announce(self, intention: str) -> None:
        """The caller knows what will be written; `ask_once` follows when it is known to succeed."""
        self.output.note(intention)

    def preview(self, table: Table) -> None:
        """The caller sees what a write will do, before it is asked whether to."""
        self.output.note(format_table(table))

    def ask_once(self) -> None:
        """The caller has agreed to what was announced.

        Raises:
            Declined: the caller has not.
        """
        if not self.has_agreed and not self.output.confirm(is_sure=self.options.yes):
            raise Declined("nothing was changed", expected="y", actual="n")
        self.has_agreed = True


def quiet_logs() -> None:
    """Libraries log to stderr, and only what somebody should know."""
    import structlog  # noqa: PLC0415 - as for the client

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def create_app(help_text: str) -> typer.Typer:
    """A group of commands."""
    return typer.Typer(
        help=help_text,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )


def command(
    app: typer.Typer, name: str, *, examples: Iterable[str]
) -> Callable[[CommandFunction], CommandFunction]:
    """The decorated function is a command of `app`; its help ends with the examples."""
    first, second = examples
    return app.command(name, epilog=f"\b\nExamples:\n  {first}\n  {second}")
