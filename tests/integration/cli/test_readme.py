"""The README's example, run as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.integration.cli.program import Program

pytestmark = [pytest.mark.integration, pytest.mark.slow]

README = Path("README.md").read_text()


def test_readme_example_settles_and_verifies(program: Program) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", example],
        cwd=program.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done
    lines = done.stdout.splitlines()
    assert lines[0].startswith("1 settled for ")
    assert lines[-1] == "verified"


def test_readme_commands_are_commands(program: Program) -> None:
    words = re.findall(r"^\$ tallystick ([a-z]+)(?: ([a-z]+))?", README, re.MULTILINE)
    assert len(words) > 5
    for command, noun in words:
        named = (command, noun) if command in ("account", "budget") else (command,)
        assert program.run(*named, "--help").exit_code == 0
