"""The guards of tests/unit/conftest.py, which every other unit test relies on."""

import asyncio
import logging
import socket
import time
from urllib.request import urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st


def test_unit_test_is_refused_when_it_connects() -> None:
    with pytest.raises(RuntimeError, match="reached for the network"):
        socket.create_connection(("127.0.0.1", 9))


def test_unit_test_is_refused_when_a_library_connects() -> None:
    with pytest.raises(RuntimeError, match="reached for the network"):
        urlopen("http://127.0.0.1:9/")


def test_unit_test_is_refused_when_it_listens() -> None:
    with socket.socket() as listener, pytest.raises(RuntimeError, match="reached for the network"):
        listener.bind(("127.0.0.1", 0))


def test_unit_test_runs_an_event_loop() -> None:
    assert asyncio.run(asyncio.sleep(0, "done")) == "done"


@pytest.mark.parametrize("read_clock", ["time", "time_ns"])
def test_unit_test_is_refused_when_it_reads_the_clock(read_clock: str) -> None:
    with pytest.raises(RuntimeError, match="wall clock"):
        getattr(time, read_clock)()


@given(seed=st.integers())
def test_property_is_refused_when_it_reads_the_clock(seed: int) -> None:
    with pytest.raises(RuntimeError, match="wall clock"):
        assert time.time() > seed


def test_logging_keeps_its_clock(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("anything").warning("written")
    assert caplog.messages == ["written"]
