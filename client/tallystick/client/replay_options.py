"""What one replay of a file is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from tallystick.core.hashes import compute_sha256
from tallystick.meter.importers.options import ImportOptions

DEFAULT_TIMEOUT_S: Final = 600.0


@dataclass(frozen=True)
class ReplayOptions:
    """How a file is to be read and billed; see docs/cli.md.

    `project` and `resource` are those of every row that names none; `project_prefix` is put before
    the names that rows give.
    """

    format: str
    columns: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    time_unit: str = "auto"
    keep_times: bool = False
    project: str | None = None
    project_prefix: str | None = None
    resource: str | None = None
    create: bool = False
    limit: int | None = None
    dry_run: bool = False
    again: bool = False
    timeout_s: float = DEFAULT_TIMEOUT_S

    def for_import(self) -> ImportOptions:
        """What reading the file needs of it."""
        named = {"project": self.project, "resource": self.resource}
        defaults = {name: value for name, value in named.items() if value is not None}
        return ImportOptions(
            self.columns, {**defaults, **self.defaults}, self.time_unit, self.limit
        )

    def compute_digest(self, content_hash: bytes) -> bytes:
        """What tells this import from every other: the content, and all that shapes its records."""
        shape = (
            self.format,
            sorted(self.columns.items()),
            sorted(self.defaults.items()),
            self.time_unit,
            self.keep_times,
            self.project,
            self.project_prefix,
            self.resource,
            self.limit,
        )
        return compute_sha256(content_hash, msgspec.json.encode(shape))
