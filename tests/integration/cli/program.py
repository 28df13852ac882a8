"""The program as a new user runs it: in an empty folder, in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIMEOUT_S = 300


@dataclass(frozen=True)
class Answer:
    """What one command left behind."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:  # noqa: ANN401 - JSON
        """The one document on stdout."""
        return json.loads(self.stdout)


@dataclass(frozen=True)
class Program:
    """`tallystick` in one working folder."""

    folder: Path

    def run(self, *words: str, stdin: str = "", **environment: str) -> Answer:
        """The command's answer, whatever it is."""
        done = subprocess.run(
            [sys.executable, "-m", "tallystick.cli.main", *words],
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
            env={**os.environ, **environment},
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def ask(self, *words: str) -> Any:  # noqa: ANN401 - JSON
        """The document of a command that must succeed."""
        answer = self.run(*words, "--json")
        assert answer.exit_code == 0, answer
        return answer.document

    def read_pids(self) -> dict[str, int]:
        """The network's processes by name, as its folder knows them."""
        files = (self.folder / ".tallystick" / "run").glob("*.json")
        entries = [json.loads(path.read_text()) for path in files]
        return {entry["name"]: entry["pid"] for entry in entries}


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not reaped does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
