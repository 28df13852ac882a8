"""A stranger's brackets end in an error, whichever library was imported before or after."""

import subprocess
import sys

import pytest

DEPTH = 100_000
READ = f"""
from tallystick.chain.errors import AnswerMalformed
from tallystick.chain.rpc import decode_answers
import json
try:
    decode_answers(b"[" * {DEPTH}, 1)
except AnswerMalformed:
    pass
try:
    json.loads("[" * {DEPTH})
except RecursionError:
    print("refused")
"""


@pytest.mark.parametrize(
    "imports",
    [
        "import tallystick.chain, web3",
        "import eth_account, eth_keyfile.keyfile",
        "import tallystick.chain.keystore; from eth_keyfile.keyfile import decode_keyfile_json",
    ],
)
def test_brackets_are_refused_whatever_was_imported(imports: str) -> None:
    # In a process of its own: where this fails, the process is gone.
    done = subprocess.run(
        [sys.executable, "-c", imports + READ], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "refused\n"), done
