"""Cables between machines that are none: pulled, plugged in, and gone at the end."""

import subprocess

import pytest
from tests.network.namespaces import IP, Machines, require_machines

pytestmark = pytest.mark.network

PROBE = """
import socket
try:
    socket.create_connection(("{address}", 9), timeout=0.5)
except ConnectionRefusedError:
    print("there")
except OSError:
    pass
"""


def reaches(machines: Machines, source: int, target: int) -> bool:
    """Whether a packet gets from one machine to the other (a refusal is an answer)."""
    probe = PROBE.format(address=machines.address(target))
    found = subprocess.run(
        machines.command(source, ["python3", "-c", probe]),
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout.strip() == "there"


def list_links() -> str:
    """Every interface and namespace of this machine."""
    links = subprocess.run([IP, "-brief", "link"], capture_output=True, text=True, check=True)
    spaces = subprocess.run([IP, "netns", "list"], capture_output=True, text=True, check=True)
    return links.stdout + spaces.stdout


def test_machine_reaches_nobody_while_its_cable_is_cut() -> None:
    require_machines()
    with Machines(3) as machines:
        assert reaches(machines, 0, 1)
        machines.cut(1)
        assert not reaches(machines, 0, 1)
        assert reaches(machines, 0, 2)
        machines.heal(1)
        assert reaches(machines, 0, 1)


def test_machines_set_apart_reach_only_each_other() -> None:
    require_machines()
    with Machines(4) as machines:
        machines.set_apart([2, 3])
        assert reaches(machines, 2, 3)
        assert reaches(machines, 0, 1)
        assert not reaches(machines, 0, 2)
        machines.rejoin()
        assert reaches(machines, 0, 2)


def test_machines_leave_nothing_when_closed() -> None:
    require_machines()
    with Machines(2) as machines:
        marks = machines._names
        assert all(mark in list_links() for mark in marks)
    left = list_links()
    assert not any(mark in left for mark in (*marks, machines._bridge))
