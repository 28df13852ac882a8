"""LiteLLM's proxy, one worker, as its documentation has it: a config file and a file callback.

It is the version and the packages of requirements/litellm.txt, in an environment of its own. Its
database engine is not part of them, so its books are what a callback writes to a file, after the
answer has left; the gateway's are records on a chain, durable before the answer ends.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
from tests.bench.metered import Accounted
from tests.bench.processes import Used, list_children, read_used, run_program, wait_until

ENVIRONMENT: Final = Path(".venv/litellm")
LOCK: Final = Path("requirements/litellm.txt")
STAMP: Final = ENVIRONMENT / "lock.txt"
UV: Final = Path(".venv/bin/uv")
MODEL: Final = "gpt-4o"
KEY: Final = "sk-0123456789abcdef0123456789abcdef"

CONFIG: Final = """\
model_list:
  - model_name: {model}
    litellm_params:
      model: openai/{model}
      api_base: {mock}/v1
      api_key: sk-upstream
litellm_settings:
  callbacks: books.writer
  num_retries: 0
"""
BOOKS: Final = """\
import json
from litellm.integrations.custom_logger import CustomLogger


class Writer(CustomLogger):
    def __init__(self):
        super().__init__()
        self.file = open({path!r}, "a", buffering=1)

    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        payload = kwargs["standard_logging_object"]
        fields = ("id", "model", "prompt_tokens", "completion_tokens", "response_cost")
        self.file.write(json.dumps({{name: payload.get(name) for name in fields}}) + "\\n")


writer = Writer()
"""


@dataclass(frozen=True, slots=True)
class Rival:
    """A proxy that takes calls."""

    url: str
    key: str
    version: str
    books: Path
    process: int

    def read_proxy(self) -> Used:
        """Of the proxy and what it started."""
        return read_used([self.process, *list_children(self.process)])

    def read_accounted(self) -> Accounted:
        """Lines that its callback wrote, and their tokens."""
        lines = [json.loads(line) for line in self.books.read_text().splitlines()]
        tokens = sum(line["prompt_tokens"] + line["completion_tokens"] for line in lines)
        return Accounted(len(lines), tokens)


def make_environment() -> bool:
    """The environment is what the lock says, unless its packages are not to be had.

    The first time takes minutes.
    """
    if STAMP.exists() and STAMP.read_bytes() == LOCK.read_bytes():
        return True
    print("bench: making .venv/litellm (requirements/litellm.txt)", file=sys.stderr)
    python = str(ENVIRONMENT / "bin" / "python")
    make = ["venv", "--allow-existing", "--python", ".venv/bin/python", str(ENVIRONMENT)]
    fill = ["pip", "sync", "--python", python, "--require-hashes", str(LOCK)]
    for words in (make, fill):
        if subprocess.run([UV, "--quiet", *words], check=False).returncode:
            print("bench: not compared with LiteLLM, which cannot be installed", file=sys.stderr)
            return False
    STAMP.write_bytes(LOCK.read_bytes())
    return True


@contextmanager
def run_rival(folder: Path, mock: str) -> Iterator[Rival]:
    """The proxy in front of the mock runs inside the block; its environment was made before.

    Args:
        folder: empty.
        mock: URL of the upstream.
    """
    books, log, port = folder / "books.jsonl", folder / "proxy.log", _find_port()
    books.touch()
    (folder / "config.yaml").write_text(CONFIG.format(model=MODEL, mock=mock))
    (folder / "books.py").write_text(BOOKS.format(path=str(books)))
    program = ENVIRONMENT.resolve() / "bin" / "litellm"
    words: list[str | Path] = [
        *(program, "--config", "config.yaml", "--host", "127.0.0.1", "--port", str(port)),
        *("--num_workers", "1", "--telemetry", "False"),
    ]
    environment = {"LITELLM_MASTER_KEY": KEY, "LITELLM_LOG": "ERROR"}
    url = f"http://127.0.0.1:{port}"
    with run_program(words, log, folder=folder, environment=environment) as process:
        wait_until(process, log, lambda: _is_alive(url))
        yield Rival(url, KEY, _read_version(), books, process.pid)


def _find_port() -> int:
    """A free one; the proxy takes no socket of ours."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port: int = server.getsockname()[1]
    return port


def _is_alive(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/liveliness", timeout=2).is_success
    except httpx.HTTPError:
        return False


def _read_version() -> str:
    lines = LOCK.read_text().splitlines()
    pinned = next(line for line in lines if line.startswith(("litellm==", "litellm[")))
    return pinned.partition("==")[2].split()[0]
