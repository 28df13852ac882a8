"""What every test shares: the hypothesis profile, and the browser, loudly missed where missing."""

import os
import shutil

import pytest
from hypothesis import settings

# A shared machine is slow by turns: no test may fail for the time it took.
settings.register_profile("tallystick", deadline=None, print_blob=True)
settings.load_profile("tallystick")

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
NO_CHROMIUM = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def chromium_path(pytestconfig: pytest.Config) -> str:
    """Path of the machine's Chromium; tests that ask for it are skipped where there is none."""
    named = os.environ.get("TALLYSTICK_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        pytestconfig.stash[NO_CHROMIUM] = True
        pytest.skip("no Chromium found: install one or name it in TALLYSTICK_CHROMIUM")
    return found


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say at the end, in red, that pages were not looked at."""
    if config.stash.get(NO_CHROMIUM, False):
        terminalreporter.write_sep("!", "BROWSER TESTS SKIPPED: no Chromium found", red=True)
