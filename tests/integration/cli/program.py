"""The program as a new user runs it, in an empty folder.

Commands run in a process of their own, or, where a test asks dozens of questions, in the test's:
importing the program takes longer than any answer.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tallystick.cli.main import run

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
    in_process: bool = False

    def run(self, *words: str, stdin: str = "") -> Answer:
        """The command's answer, whatever it is."""
        if self.in_process:
            return self._run_here(words, stdin)
        done = subprocess.run(
            [sys.executable, "-m", "tallystick.cli.main", *words],
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def _run_here(self, words: tuple[str, ...], stdin: str) -> Answer:
        stdout, stderr, keyboard = io.StringIO(), io.StringIO(), sys.stdin
        sys.stdin = io.TextIOWrapper(io.BytesIO(stdin.encode()))
        try:
            with chdir(self.folder), redirect_stdout(stdout), redirect_stderr(stderr):
                exit_code = run(words)
        finally:
            sys.stdin = keyboard
        return Answer(exit_code, stdout.getvalue(), stderr.getvalue())

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
