"""Whoever asks is answered, whatever crowd came with the same turn of the server's loop."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import closing

import pytest
import uvloop
from fastapi import FastAPI

from tallystick_node.server import create_server, open_socket
from tallystick_node.settings import ServerLimits

pytestmark = pytest.mark.integration

HOST = "127.0.0.1"
CONNECTIONS = 50
CROWD = 400


async def ask_behind_crowd() -> bytes:
    """The status line for one that asks, the last of a crowd that came at once."""
    app = FastAPI()
    app.get("/asked")(lambda: "served")
    listening = open_socket(HOST, 0)
    server = create_server(app, ServerLimits(connections=CONNECTIONS))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0.01)
    # Blocking calls: the loop sees none of them before all are there.
    crowd = [socket.create_connection(listening.getsockname()) for _ in range(CROWD)]
    try:
        with closing(socket.create_connection(listening.getsockname())) as asking:
            asking.sendall(b"GET /asked HTTP/1.1\r\nHost: here\r\n\r\n")
            reader, writer = await asyncio.open_connection(sock=asking)
            line = await reader.readline()
            writer.close()
    finally:
        for each in crowd:
            each.close()
        server.should_exit = True
        await serving
        listening.close()
    return line


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_request_is_served_when_a_crowd_came_with_it(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(ask_behind_crowd()) == b"HTTP/1.1 200 OK\r\n"
