"""Metrics of several processes as one page (Prometheus text format 0.0.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_SAMPLE: Final = re.compile(
    r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>.*)\})? (?P<rest>.+)"
)
_ENDS: Final = ("_bucket", "_count", "_sum")


def merge_expositions(text_by_worker: Mapping[str, str]) -> str:
    """One page with every sample of all pages, told apart by the label `worker`.

    Args:
        text_by_worker: what each process exposes, by its number.
    """
    heads: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for worker, text in text_by_worker.items():
        family = ""
        for line in text.splitlines():
            if line.startswith("# "):
                family = _note_head(line, heads)
            elif line.strip():
                name, labelled = _label(line, worker)
                known = family if _is_of(name, family) else name
                samples.setdefault(known, []).append(labelled)
    lines = [line for family, found in samples.items() for line in (*heads.get(family, []), *found)]
    return "\n".join(lines) + "\n" if lines else ""


def _note_head(line: str, heads: dict[str, list[str]]) -> str:
    """The family that a HELP or TYPE line is about; each line is kept once."""
    words = line.split(" ", 3)
    family = words[2] if len(words) > 2 else ""  # noqa: PLR2004 - "#", keyword, name
    kept = heads.setdefault(family, [])
    if not any(known.split(" ", 3)[1] == words[1] for known in kept):
        kept.append(line)
    return family


def _label(line: str, worker: str) -> tuple[str, str]:
    """The name of a sample and its line with one label more."""
    match = _SAMPLE.fullmatch(line)
    if match is None:
        return "", line
    labels = ",".join(filter(None, (match["labels"], f'worker="{worker}"')))
    return match["name"], f"{match['name']}{{{labels}}} {match['rest']}"


def _is_of(name: str, family: str) -> bool:
    """Whether a sample belongs to a family: by its name, or its name and a known ending."""
    return name == family or any(name == family + end for end in _ENDS)
