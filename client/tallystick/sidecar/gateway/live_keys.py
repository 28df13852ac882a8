"""The keys in force, as the file holds them now: found by hash, read again whenever it changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import structlog

from tallystick.core.errors import TallystickError
from tallystick.meter.gateway.secrets import GatewayKey, WhenUnreachable
from tallystick.sidecar.directory import NetworkDirectory
from tallystick.sidecar.gateway.key_file import KeyEntry, KeyStore, hash_secret

MAX_SECRET_CHARS: Final = 512

_log = structlog.get_logger(__name__)

CapMaker = Callable[[KeyEntry], tuple[Any, ...]]
"""Gives the caps of a key, the same objects every time."""


@dataclass(frozen=True, slots=True)
class KeyDefaults:
    """What a gateway says of keys that say nothing themselves."""

    records_users: bool = False
    when_unreachable: WhenUnreachable = "deny"
    admit_bound_ucr: int = 0


class LiveKeys:
    """Keys by their secrets.

    Args:
        path: of the file.
        directory: knows the projects.
        meter_account: the account whose projects this process may bill.
        defaults: see `KeyDefaults`.
        make_caps: see `CapMaker`.
    """

    def __init__(
        self,
        path: Path,
        directory: NetworkDirectory,
        meter_account: int,
        defaults: KeyDefaults,
        make_caps: CapMaker,
    ) -> None:
        self._path = path
        self._store = KeyStore(path)
        self._directory = directory
        self._meter_account = meter_account
        self._defaults = defaults
        self._make_caps = make_caps
        self._version: tuple[int, int] | None = None
        self._entries: Sequence[KeyEntry] = ()
        self._key_by_hash: Mapping[str, GatewayKey] = {}
        self._unusable: frozenset[str] = frozenset()
        self.refresh()

    def __len__(self) -> int:
        return len(self._key_by_hash)

    def find(self, secret: str) -> GatewayKey | None:
        """The key with this secret, or None.

        Looked up by hash: how long that takes tells nothing about the secrets of others. One that
        is not known may have been made just now.
        """
        if len(secret) > MAX_SECRET_CHARS:
            return None
        place = hash_secret(secret)
        found = self._key_by_hash.get(place)
        if found is None and self._has_changed():
            self.refresh()
            found = self._key_by_hash.get(place)
        return found

    def projects(self) -> list[int]:
        """Every project that keys bill, once."""
        return sorted({key.project for key in self._key_by_hash.values()})

    def refresh(self) -> None:
        """The keys are those in the file, their projects as the network knows them now.

        A file that cannot be read leaves the keys as they were: half a configuration would lock
        everybody out, or let somebody in.
        """
        try:
            version = _read_version(self._path)
            if version != self._version:
                self._entries = self._store.list()
                self._version = version
        except (TallystickError, OSError) as error:
            _log.error("keys_not_read", path=str(self._path), why=str(error))
            return
        found = {entry.hash: self._build(entry) for entry in self._entries}
        self._key_by_hash = {hash_: key for hash_, key in found.items() if key is not None}
        unusable = frozenset(entry.name for entry in self._entries if found[entry.hash] is None)
        for name in sorted(unusable - self._unusable):
            _log.warning("key_not_usable", key=name, why="its project cannot be billed")
        self._unusable = unusable

    def _has_changed(self) -> bool:
        """Whether the file is another one than that which was read last."""
        try:
            return _read_version(self._path) != self._version
        except OSError:
            return False

    def _build(self, entry: KeyEntry) -> GatewayKey | None:
        """The key, None where nothing could be billed to its project now."""
        try:
            project = self._directory.project(entry.project)
        except TallystickError:
            return None
        if not self._directory.is_below(project, self._meter_account):
            return None
        defaults = self._defaults
        bound_ucr = entry.admit_bound_ucr
        return GatewayKey(
            name=entry.name,
            project=project,
            organisation=self._directory.organisation_of(project),
            models=None if entry.models is None else frozenset(entry.models),
            user=entry.user,
            records_users=defaults.records_users,
            is_experiment=entry.is_experiment,
            step=entry.step,
            caps=self._make_caps(entry),
            when_unreachable=entry.when_unreachable or defaults.when_unreachable,
            admit_bound_ucr=defaults.admit_bound_ucr if bound_ucr is None else bound_ucr,
        )


def _read_version(path: Path) -> tuple[int, int] | None:
    """Another one whenever the file was replaced; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns
