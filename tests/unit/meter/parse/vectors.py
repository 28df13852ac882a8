"""The answers of tests/vectors/providers, each with what has to be read from it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tallystick.core.usage import Flag
from tallystick.meter.parse.dialects import AnswerReader, CallRequest
from tallystick.meter.parse.reading import Reading
from tallystick.meter.parse.routes import dialect_for, find_route

FOLDER = Path(__file__).parents[3] / "vectors" / "providers"


@dataclass(frozen=True)
class Vector:
    """One recorded-shape answer."""

    name: str
    body: bytes
    expect: dict[str, Any]

    def read_request(self) -> CallRequest:
        route = find_route("POST", self.expect["path"])
        assert route is not None
        dialect = dialect_for(route, self.expect.get("provider", ""))
        body = json.dumps(self.expect["request"], separators=(",", ":")).encode()
        return dialect.read_request(
            route, body, injects_usage=self.expect.get("injects_usage", False)
        )

    def create_reader(self) -> AnswerReader:
        route = find_route("POST", self.expect["path"])
        assert route is not None
        dialect = dialect_for(route, self.expect.get("provider", ""))
        return dialect.create_reader(self.read_request(), self.expect["content_type"])

    def passed(self) -> bytes:
        """What has to reach the caller."""
        return self.body.replace(self.expect.get("hidden", "\0nothing").encode(), b"")


def load_vectors() -> list[Vector]:
    """All of them, in a stable order."""
    vectors = []
    for path in sorted(FOLDER.glob("*/*.expect.json")):
        stem = path.name.removesuffix(".expect.json")
        (body,) = (p for p in path.parent.glob(f"{stem}.*") if p != path and p.stem == stem)
        name = f"{path.parent.name}/{stem}"
        vectors.append(Vector(name, body.read_bytes(), json.loads(path.read_text())))
    return vectors


def as_dict(reading: Reading | None) -> dict[str, Any] | None:
    """A reading as the vectors write it."""
    if reading is None:
        return None
    counts = {
        name: getattr(reading, name)
        for name in ("in_fresh", "in_cached", "in_written", "out_visible", "out_reasoning")
    }
    names = sorted(flag.name or "" for flag in Flag if flag in reading.flags)
    return {**counts, "flags": names, "model": reading.model, "tier": reading.tier}
