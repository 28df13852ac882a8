"""Who is behind a pseudonym: a table that never leaves the network's folder.

Every person has a random key of their own; the pseudonym is derived from it anew each month and for
each organisation, so that records of different months do not link. Deleting a person's line makes
their pseudonyms nobody's.

Several processes may use the table: who changes it holds its lock and reads it anew before.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Final

import msgspec

from tallystick.local.errors import PeopleFull
from tallystick.local.files import PRIVATE_FILE, locked, read_document, write_document

KEY_BYTES: Final = 32
PSEUDONYM_BYTES: Final = 8
MAX_PEOPLE: Final = 50_000
"""Of an organisation: whoever invents names cannot fill the disk with them."""

Stamp = tuple[int, int, int] | None
"""Inode, time and size of the file as it was read; None = there was none."""


class Person(msgspec.Struct):
    """One person's key, and the pseudonyms that were given out, by month."""

    key: str
    pseudonyms: dict[str, str] = {}


class NamesFile(msgspec.Struct):
    """names.json: people by organisation and name."""

    format: int = 1
    organisations: dict[str, dict[str, Person]] = {}
    erasing: list[str] = []
    """Pseudonyms of nobody any more, whose details are still being erased."""


class Pseudonyms:
    """The table of one network's folder; safe from any thread and in several processes.

    Args:
        path: names.json; made when the first pseudonym is given.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = RLock()
        self._file = NamesFile()
        self._stamp: Stamp = None

    def give(self, organisation: str, name: str, time_ms: int) -> int:
        """The pseudonym of a person in an organisation in the month of a time; never 0.

        It is on disk when this returns, so that it may leave the process.

        Args:
            organisation: name of the organisation.
            name: what the person is called in the telemetry.
            time_ms: the record's time.

        Raises:
            PeopleFull: the organisation names more people than the table holds.
        """
        return self.give_many(organisation, [(name, time_ms)])[0]

    def give_many(
        self, organisation: str, people: Sequence[tuple[str, int]], *, is_kept: bool = True
    ) -> list[int]:
        """As `give`, for each name and time; the table is written once at most.

        Args:
            organisation: name of the organisation.
            people: names and times, Unix ms.
            is_kept: without it new pseudonyms are only shown and never the same again.

        Raises:
            PeopleFull: nothing was kept.
        """
        months = [(name, format_month(time_ms)) for name, time_ms in people]
        with self._guard:
            self._reload()
            found = [self._find(organisation, *month) for month in months]
            if None not in found:
                return [int(pseudonym, 16) for pseudonym in found if pseudonym is not None]
            if not is_kept:
                return _add(deepcopy(self._file), organisation, months)
            with self._changing() as file:
                return _add(file, organisation, months)

    def forget(self, organisation: str | None, name: str) -> list[int]:
        """Nobody is behind the person's pseudonyms any more: key and line are destroyed.

        What was kept under them elsewhere has to go next; `confirm_erased` says that it has, and
        until then this returns them again.

        Args:
            organisation: None = in all of them.
            name: what the person is called in the telemetry.

        Returns:
            Every pseudonym that waits for being erased elsewhere, also of people forgotten before.
        """
        with self._changing() as file:
            for known, people in file.organisations.items():
                if organisation in {None, known} and name in people:
                    file.erasing += people.pop(name).pseudonyms.values()
            return [int(pseudonym, 16) for pseudonym in file.erasing]

    def confirm_erased(self, pseudonyms: Iterable[int]) -> None:
        """Nothing is kept under these pseudonyms any more."""
        gone = {format_pseudonym(pseudonym) for pseudonym in pseudonyms}
        with self._changing() as file:
            file.erasing = [pseudonym for pseudonym in file.erasing if pseudonym not in gone]

    def people(self) -> dict[str, dict[str, list[str]]]:
        """Months in which people have a pseudonym, by organisation and name."""
        return {
            organisation: {name: sorted(person.pseudonyms) for name, person in people.items()}
            for organisation, people in self._read().organisations.items()
        }

    def name_by_pseudonym(self) -> dict[str, str]:
        """Names by pseudonym as it is written, of all organisations and months."""
        return {
            pseudonym: name
            for people in self._read().organisations.values()
            for name, person in people.items()
            for pseudonym in person.pseudonyms.values()
        }

    def find(self, name: str) -> list[int]:
        """Every pseudonym that a name ever had, in any organisation and month."""
        return [
            int(pseudonym, 16)
            for people in self._read().organisations.values()
            if name in people
            for pseudonym in people[name].pseudonyms.values()
        ]

    def _read(self) -> NamesFile:
        with self._guard:
            self._reload()
            return self._file

    def _reload(self) -> None:
        """The table is as the file has it: another process may have written or erased a line."""
        stamp = _read_stamp(self._path)
        if stamp != self._stamp or stamp is None:
            self._file = read_document(self._path, NamesFile) or NamesFile()
            self._stamp = stamp

    @contextmanager
    def _changing(self) -> Iterator[NamesFile]:
        """What the block does to the table is on disk after it; where it fails, nothing is."""
        with self._guard, locked(self._path.with_suffix(".lock")):
            file = read_document(self._path, NamesFile) or NamesFile()
            before = msgspec.json.encode(file)
            yield file
            if msgspec.json.encode(file) != before:
                write_document(self._path, file, mode=PRIVATE_FILE)
            self._file, self._stamp = file, _read_stamp(self._path)

    def _find(self, organisation: str, name: str, month: str) -> str | None:
        person = self._file.organisations.get(organisation, {}).get(name)
        return None if person is None else person.pseudonyms.get(month)


def compute_pseudonym(key: bytes, organisation: str, month: str) -> int:
    """HMAC-SHA256 of organisation and month under the person's key, its first 8 bytes; never 0."""
    digest = hmac.digest(key, f"{organisation}\0{month}".encode(), "sha256")
    return int.from_bytes(digest[:PSEUDONYM_BYTES], "big") or 1


def format_pseudonym(pseudonym: int) -> str:
    """A pseudonym as people write it: 0x and 16 hex digits."""
    return f"0x{pseudonym:016x}"


def format_month(time_ms: int) -> str:
    """The month of a time, such as 2026-11, in UTC."""
    return datetime.fromtimestamp(time_ms // 1_000, UTC).strftime("%Y-%m")


def _add(file: NamesFile, organisation: str, months: Sequence[tuple[str, str]]) -> list[int]:
    """Everybody has a pseudonym in their month; they are returned in order."""
    people = file.organisations.setdefault(organisation, {})
    for name, month in months:
        person = people.setdefault(name, Person(secrets.token_hex(KEY_BYTES)))
        if month not in person.pseudonyms:
            pseudonym = compute_pseudonym(bytes.fromhex(person.key), organisation, month)
            person.pseudonyms[month] = format_pseudonym(pseudonym)
    if len(people) > MAX_PEOPLE:
        raise PeopleFull(
            f"{organisation} names too many people",
            expected=f"at most {MAX_PEOPLE}",
            actual=len(people),
        )
    return [int(people[name].pseudonyms[month], 16) for name, month in months]


def _read_stamp(path: Path) -> Stamp:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size
