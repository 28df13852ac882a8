"""A network is found through a node that gives logs only page by page, and as votes left it."""

from collections.abc import Sequence
from typing import Any

import pytest

from tallystick.chain.abi import load_events
from tallystick.chain.bindings.authority import place_of
from tallystick.chain.discovery import LOG_PAGE_BLOCKS, reading_places
from tallystick.chain.errors import NetworkMismatch, RpcRefused
from tallystick.chain.network import PLACES
from tallystick.chain.rpc import Call

AUTHORITY = "0x" + "a0" * 20
HEAD = 3 * LOG_PAGE_BLOCKS + 17


def make_log(event: str, field: str, holder: str, block: int) -> dict[str, Any]:
    """A role of the authority's granted or revoked."""
    topic = next(t for t, shape in load_events("AccessManager").items() if shape.name == event)
    data = bytes(96) if event == "RoleGranted" else b""
    role = place_of(field).to_bytes(32, "big")
    account = bytes.fromhex(holder[2:]).rjust(32, b"\0")
    return {
        "address": AUTHORITY,
        "topics": [f"0x{part.hex()}" for part in (topic, role, account)],
        "data": f"0x{data.hex()}",
        "blockNumber": hex(block),
        "transactionHash": "0x" + "00" * 32,
        "transactionIndex": "0x0",
        "logIndex": "0x0",
    }


def address(number: int) -> str:
    return f"0x{number:040x}"


def found_logs() -> list[dict[str, Any]]:
    """Every contract takes its place."""
    return [
        make_log("RoleGranted", field, address(place + 1), 5) for place, field in enumerate(PLACES)
    ]


def hold(logs: Sequence[dict[str, Any]], *, most_blocks: int) -> tuple[dict[str, str], int]:
    """The places as a node tells them that gives logs of so many blocks, and the calls it took."""
    dialogue = reading_places(AUTHORITY)
    calls, asked = next(dialogue), 0
    try:
        while True:
            asked += len(calls)
            calls = dialogue.send([answer(call, logs, most_blocks) for call in calls])
    except StopIteration as end:
        return dict(end.value), asked


def answer(call: Call, logs: Sequence[dict[str, Any]], most_blocks: int) -> Any:  # noqa: ANN401
    method, params = call
    if method == "eth_blockNumber":
        return hex(HEAD)
    wanted: Any = params[0]
    first = int(wanted["fromBlock"], 16)
    last = HEAD if wanted["toBlock"] == "latest" else int(wanted["toBlock"], 16)
    if last - first + 1 > most_blocks:
        return RpcRefused(-32005, "query returned more than 10000 results")
    return [log for log in logs if first <= int(log["blockNumber"], 16) <= last]


@pytest.mark.parametrize(
    ("most_blocks", "asked"), [(10**9, 2), (LOG_PAGE_BLOCKS, 6)], ids=["whole", "paged"]
)
def test_places_are_found_however_logs_come(most_blocks: int, asked: int) -> None:
    expected = {field: address(place + 1) for place, field in enumerate(PLACES)}
    assert hold(found_logs(), most_blocks=most_blocks) == (expected, asked)


def test_place_is_the_new_contract_s_when_a_vote_replaced_it() -> None:
    late = HEAD - 3
    logs = [
        *found_logs(),
        make_log("RoleGranted", "epochs", address(99), late),
        make_log("RoleRevoked", "epochs", address(PLACES.index("epochs") + 1), late),
    ]
    assert hold(logs, most_blocks=LOG_PAGE_BLOCKS)[0]["epochs"] == address(99)


def test_network_is_refused_when_a_place_is_empty() -> None:
    logs = [*found_logs(), make_log("RoleRevoked", "plans", address(PLACES.index("plans") + 1), 9)]
    with pytest.raises(NetworkMismatch, match="lacks contracts"):
        hold(logs, most_blocks=10**9)
