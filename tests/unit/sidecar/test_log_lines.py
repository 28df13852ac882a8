import os
from threading import Thread

from tallystick.sidecar.log_lines import MAX_LINES, LogLines


def read_lines(descriptor: int, count: int) -> list[bytes]:
    data = b""
    while data.count(b"\n") < count:
        data += os.read(descriptor, 1 << 16)
    return data.split(b"\n")[:-1]


def test_lines_are_written_once_and_in_order_when_several_threads_log() -> None:
    reading, writing = os.pipe()
    lines = LogLines(writing)

    def log(name: bytes) -> None:
        for number in range(500):
            lines.info(b"%s %d" % (name, number))

    threads = [Thread(target=log, args=(name,)) for name in (b"a", b"b")]
    for thread in threads:
        thread.start()
    found = read_lines(reading, 1_000)
    for thread in threads:
        thread.join()
    assert [line for line in found if line[:1] == b"a"] == [b"a %d" % n for n in range(500)]
    assert [line for line in found if line[:1] == b"b"] == [b"b %d" % n for n in range(500)]


def test_error_is_written_at_once_after_what_came_before() -> None:
    reading, writing = os.pipe()
    lines = LogLines(writing)
    lines.info(b"first")
    lines.error(b"second")
    assert os.read(reading, 100).endswith(b"second\n")


def test_lines_are_bounded() -> None:
    descriptor = os.open(os.devnull, os.O_WRONLY)
    lines = LogLines(descriptor)
    for _ in range(3 * MAX_LINES):
        lines.info(b"x")
        assert len(lines._lines) <= MAX_LINES + 1


def test_log_ends_nothing_when_nobody_reads_it() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    lines = LogLines(writing)
    lines.error(b"lost")
    assert lines._lines == []
