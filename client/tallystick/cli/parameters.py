"""Arguments and options that several commands take, with one set of words for each."""

from __future__ import annotations

from typing import Annotated

import typer

AccountArgument = Annotated[str, typer.Argument(metavar="ACCOUNT", help="whose credits")]
AmountArgument = Annotated[str, typer.Argument(metavar="CREDITS", help="such as 12.8 or 1k")]
MeterArgument = Annotated[str, typer.Argument(metavar="METER", help="its name, or ORG/NAME")]
UnderOption = Annotated[
    str | None, typer.Option(metavar="PATH", help="only this account and all below it")
]
