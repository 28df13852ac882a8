"""A process that is killed inside a call leaves what it had said, and the rest at its estimate."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.integration.sdk.conftest import PROJECT

import tallystick
from tallystick.core.usage import Flag

pytestmark = pytest.mark.integration

PROGRAM = """
import os, signal, sys
import tallystick

meter = tallystick.Meter.open(sys.argv[1], account="acme", project=sys.argv[2], name="crash")
meter.record(resource="gpt-4o", in_fresh=1)
with meter.call(resource="gpt-4o", estimate={"in_fresh": 900}):
    with meter.call(resource="gpt-4o", estimate={"in_fresh": 70}) as call:
        call.use(in_fresh=7)
    print("inside", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_call_is_recorded_at_its_estimate_when_its_process_is_killed(network: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(network), PROJECT],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stdout) == (-9, "inside\n"), done.stderr
    with tallystick.Meter.open(network, account="acme", name="crash") as meter:
        assert meter.parts.recorder.recovered.estimated == 1
        meter.wait_recorded()
        journal = meter.parts.opened.meter.journal
        records = journal.read(0, journal.next_seq)
        assert records["in_fresh"].tolist() == [1, 7, 900]
        assert records["flags"].tolist() == [0, 0, int(Flag.ESTIMATED)]
        # What the killed process recorded settles in this one.
        meter.wait_settled()
        assert meter.parts.opened.status.cursor == len(records)
