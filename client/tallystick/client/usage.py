"""Usage with people's names: what the local table knows is put beside the pseudonyms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tallystick.client.accounts import find_account
from tallystick.client.errors import QueryInvalid, UserUnknown
from tallystick.client.reads import USAGE_KEYS, Reads, Row, UsageQuery
from tallystick.client.resources import find_resource
from tallystick.client.wire import Wire
from tallystick.local.pseudonyms import Pseudonyms

HEX_PREFIX = "0x"


def read_usage(wire: Wire, reads: Reads, query: UsageQuery, user: str | None) -> list[Row]:
    """Records, quantities and cost by the query's keys, pseudonyms with their names where known.

    Args:
        wire: the network.
        reads: who answers.
        query: its `user` is replaced by those that `user` names.
        user: a pseudonym, or a name of the local table: one person has one pseudonym a month.

    Raises:
        AccountUnknown, ResourceUnknown, UserUnknown: says which names look like it.
        QueryInvalid: a key that usage is not grouped by.
    """
    for key in query.by:
        if key not in USAGE_KEYS:
            raise QueryInvalid(
                "usage is not grouped by this", expected=", ".join(USAGE_KEYS), actual=key
            )
    if query.under is not None:
        find_account(wire, query.under)
    if query.resource is not None:
        find_resource(wire, query.resource)
    table = Pseudonyms(wire.folder.names_file) if wire.has_folder else None
    if user is None:
        rows = reads.usage(query)
    else:
        answers = [reads.usage(replace(query, user=one)) for one in find_users(table, user)]
        rows = add_up(answers, query.by)
    return rows if table is None or "user" not in query.by else _name_users(rows, table)


def find_users(table: Pseudonyms | None, user: str) -> list[int]:
    """The pseudonyms that `user` stands for.

    Raises:
        UserUnknown: the table knows no such name.
    """
    if user.startswith(HEX_PREFIX):
        try:
            return [int(user, 16)]
        except ValueError as error:
            raise QueryInvalid(
                "this is no pseudonym", expected="0x and up to 16 hex digits", actual=user
            ) from error
    found = table.find(user) if table is not None else []
    if not found:
        known = table.name_by_pseudonym().values() if table is not None else ()
        raise UserUnknown("user", user, known)
    return found


def add_up(answers: Sequence[Sequence[Row]], by: Sequence[str]) -> list[Row]:
    """Rows of several answers as one answer: those with the same keys added up."""
    sums: dict[tuple[object, ...], Row] = {}
    for row in (row for answer in answers for row in answer):
        place = tuple(row[key] for key in by)
        known = sums.setdefault(place, {key: row[key] for key in by})
        for name, value in row.items():
            if name not in by:
                known[name] = known.get(name, 0) + value
    return [sums[place] for place in sorted(sums, key=str)]


def _name_users(rows: list[Row], table: Pseudonyms) -> list[Row]:
    names = table.name_by_pseudonym()
    return [
        {**row, "user_name": names[row["user"]]} if row["user"] in names else row for row in rows
    ]
