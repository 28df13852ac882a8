"""Who is behind a pseudonym: a table that never leaves the network's folder.

Every person has a random key of their own; the pseudonym is derived from it anew each month and for
each organisation, so that records of different months do not link. Deleting a person's line makes
their pseudonyms nobody's.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from tallystick.local.files import PRIVATE_FILE, read_document, write_document

KEY_BYTES: Final = 32
PSEUDONYM_BYTES: Final = 8


class Person(msgspec.Struct):
    """One person's key, and the pseudonyms that were given out, by month."""

    key: str
    pseudonyms: dict[str, str] = {}


class NamesFile(msgspec.Struct):
    """names.json: people by organisation and name."""

    format: int = 1
    organisations: dict[str, dict[str, Person]] = {}


class Pseudonyms:
    """The table of one network's folder. Call `save` before a pseudonym leaves this process.

    Args:
        path: names.json; made when something is saved.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = read_document(path, NamesFile) or NamesFile()
        self._is_changed = False

    def give(self, organisation: str, name: str, time_ms: int) -> int:
        """The pseudonym of a person in an organisation in the month of a time; never 0.

        Args:
            organisation: name of the organisation.
            name: what the person is called in the telemetry.
            time_ms: the record's time.
        """
        people = self._file.organisations.setdefault(organisation, {})
        if name not in people:
            people[name] = Person(secrets.token_hex(KEY_BYTES))
            self._is_changed = True
        person, month = people[name], format_month(time_ms)
        if month not in person.pseudonyms:
            pseudonym = compute_pseudonym(bytes.fromhex(person.key), organisation, month)
            person.pseudonyms[month] = format_pseudonym(pseudonym)
            self._is_changed = True
        return int(person.pseudonyms[month], 16)

    def name_by_pseudonym(self) -> dict[str, str]:
        """Names by pseudonym as it is written, of all organisations and months."""
        return {
            pseudonym: name
            for people in self._file.organisations.values()
            for name, person in people.items()
            for pseudonym in person.pseudonyms.values()
        }

    def find(self, name: str) -> list[int]:
        """Every pseudonym that a name ever had, in any organisation and month."""
        return [
            int(pseudonym, 16)
            for people in self._file.organisations.values()
            if name in people
            for pseudonym in people[name].pseudonyms.values()
        ]

    def save(self) -> None:
        """The table is on disk, readable by its owner only."""
        if self._is_changed:
            write_document(self._path, self._file, mode=PRIVATE_FILE)
            self._is_changed = False


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
