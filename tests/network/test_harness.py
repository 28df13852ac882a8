"""What the drills are measured with: it would see a lost record, and breaks what it says."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from threading import Thread

import pytest
from tests.network.chaos import draw_steps
from tests.network.chaos_faults import FAULTS
from tests.network.fault_table import main
from tests.network.faults import FaultTable
from tests.network.figures import add_figures, read_figures
from tests.network.invariants import CHECKS, Errors, count_errors
from tests.network.proxy import Disturbance, open_links

ACKNOWLEDGED = [(1, 0, 100), (1, 1, 101), (2, 0, 102)]


def settle(*places: tuple[int, int, int]) -> dict[tuple[int, int], Counter[int]]:
    found: dict[tuple[int, int], Counter[int]] = {}
    for meter, seq, number in places:
        found.setdefault((meter, seq), Counter())[number] += 1
    return found


def test_errors_are_none_when_each_record_settled_in_its_place() -> None:
    assert count_errors(settle(*ACKNOWLEDGED), ACKNOWLEDGED) == Errors(0, 0)


def test_errors_count_a_record_as_lost_when_it_settled_nowhere() -> None:
    assert count_errors(settle(*ACKNOWLEDGED[1:]), ACKNOWLEDGED) == Errors(1, 0)


def test_errors_count_records_as_lost_when_they_settled_in_each_others_place() -> None:
    found = settle((1, 0, 101), (1, 1, 100), (2, 0, 102))
    assert count_errors(found, ACKNOWLEDGED) == Errors(2, 0)


@pytest.mark.parametrize("again", [(1, 0, 100), (1, 2, 100), (2, 1, 100)])
def test_errors_count_a_record_as_doubled_wherever_it_settled_again(
    again: tuple[int, int, int],
) -> None:
    assert count_errors(settle(*ACKNOWLEDGED, again), ACKNOWLEDGED) == Errors(0, 1)


def test_every_invariant_of_the_chain_has_checks() -> None:
    assert list(CHECKS) == [f"I{number}" for number in range(1, 12)]
    assert all(CHECKS.values())


def test_steps_repeat_with_their_seed_and_leave_out_no_fault() -> None:
    first, again = (list(islice(draw_steps(7, FAULTS), 2 * len(FAULTS))) for _ in range(2))
    assert list(map(str, first)) == list(map(str, again))
    assert {step.fault for step in first[: len(FAULTS)]} == set(FAULTS)
    other = list(islice(draw_steps(8, FAULTS), len(first)))
    assert list(map(str, first)) != list(map(str, other))


def test_fault_table_keeps_one_row_of_a_name_and_other_figures(tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    add_figures(path, up_s=1.5)
    table = FaultTable(path)
    for recovery_s in (1.0, 2.0):
        table.add("one", injected=1, records=2, lost=0, doubled=0, recovery_s=recovery_s)
    table.add("other", injected=1, records=2, lost=0, doubled=0, recovery_s=3.0)
    found = read_figures(path)
    assert found["up_s"] == 1.5
    assert [(row["name"], row["recovery_s"]) for row in found["faults"]] == [
        ("one", 2.0),
        ("other", 3.0),
    ]


@pytest.mark.parametrize(("lost", "doubled", "code"), [(0, 0, 0), (1, 0, 1), (0, 1, 1)])
def test_fault_table_fails_when_a_row_has_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lost: int, doubled: int, code: int
) -> None:
    path = tmp_path / "network.json"
    FaultTable(path).add(
        "power cut", injected=1, records=1_234, lost=lost, doubled=doubled, recovery_s=0.5
    )
    assert main([str(path)]) == code
    assert "1,234" in capsys.readouterr().out


def test_fault_table_says_so_when_nothing_was_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "network.json")]) == 0
    assert "no fault was measured" in capsys.readouterr().out


@contextmanager
def run_echo() -> Iterator[str]:
    """The URL of a service that sends back what it gets."""
    server = socket.create_server(("127.0.0.1", 0))

    def echo(connection: socket.socket) -> None:
        with connection:
            try:
                while data := connection.recv(1 << 16):
                    connection.sendall(data)
            except OSError:
                return

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            Thread(target=echo, args=(connection,), daemon=True).start()

    Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def send_through(url: str, data: bytes) -> bytes:
    """What comes back before the connection ends or everything has come."""
    port = int(url.rpartition(":")[2])
    found = b""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        try:
            connection.sendall(data)
            while len(found) < len(data) and (piece := connection.recv(1 << 16)):
                found += piece
        except ConnectionError:
            pass
    return found


def test_link_passes_bytes_in_order_when_pieces_are_late() -> None:
    data = bytes(range(256)) * 2_000
    with run_echo() as service, open_links(1) as links:
        url = links.add(service)
        with links.disturbed(Disturbance(delay_s=0.01, jitter_s=0.05)):
            assert send_through(url, data) == data
        assert links.cuts == 0


def test_link_ends_in_the_middle_when_it_is_cut() -> None:
    with run_echo() as service, open_links(1) as links:
        url = links.add(service)
        with links.disturbed(Disturbance(cut_ppm=1_000_000)):
            assert send_through(url, b"tick") == b""
        assert links.cuts == 1
        assert send_through(url, b"tick") == b"tick"


def test_link_ends_when_nobody_is_behind_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with open_links(1) as links:
        assert send_through(links.add(f"http://127.0.0.1:{port}"), b"tick") == b""
