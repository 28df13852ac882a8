"""Commands on what lies in the folder alone: they work while nothing runs."""

from dataclasses import fields
from pathlib import Path

import pytest
from tests.integration.cli.program import Program

from tallystick.chain.network import Addresses
from tallystick.local.folder import FORMAT, ChainEntry, NetworkFile, NetworkFolder
from tallystick.local.pseudonyms import Pseudonyms, format_pseudonym
from tallystick.meter.details import Detail, DetailStore

pytestmark = pytest.mark.integration

NOVEMBER_MS = 1_795_305_600_000


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """In a folder whose network is down, with three details of Alice's use."""
    folder = NetworkFolder(tmp_path / ".tallystick")
    folder.create()
    addresses = {one.name: f"0x{number:040x}" for number, one in enumerate(fields(Addresses), 1)}
    folder.write_network(
        NetworkFile(
            format=FORMAT,
            engine="anvil",
            chain_id=1,
            rpc_urls=["http://127.0.0.1:1"],
            ledger=addresses["ledger"],
            addresses=addresses,
            network_id="11" * 32,
            genesis_hash="0x" + "22" * 32,
            chain=ChainEntry(1, 1, 1),
            validators=[],
            created_at_ms=1,
        )
    )
    user = Pseudonyms(folder.names_file).give("acme", "alice", NOVEMBER_MS)
    store = DetailStore(folder.meter("gateway-0") / "details")
    store.put_many(
        [
            Detail(
                seq=seq,
                time_ms=NOVEMBER_MS + seq,
                source="gateway",
                user=user,
                model="gpt-4o",
                raw=b'{"prompt_tokens":7}',
                duration_ms=12,
                energy_mj=3_600_000,
            )
            for seq in range(3)
        ]
    )
    store.close()
    return Program(tmp_path, in_process=True)


def test_details_show_what_is_kept_of_a_record(program: Program) -> None:
    (found,) = program.ask("details", "gateway-0", "1")
    assert (found["seq"], found["user_name"], found["energy_kwh"]) == (1, "alice", "0.001000")
    assert found["raw"] == '{"prompt_tokens":7}'
    assert len(program.ask("details", "gateway-0", "--limit", "2")) == 2
    assert program.ask("details", "gateway-0", "99") == []
    text = program.run("details", "gateway-0").stdout
    assert "alice" in text
    assert "gpt-4o" in text


def test_details_of_an_unknown_meter_name_the_nearest(program: Program) -> None:
    answer = program.run("details", "gateway-1", "--json")
    assert (answer.exit_code, answer.document["code"]) == (2, "meter_unknown")
    assert "gateway-0" in str(answer.document)


def test_erased_person_is_nobody_and_erasing_again_says_so(program: Program) -> None:
    people = [{"organisation": "acme", "name": "alice", "months": ["2026-11"]}]
    assert program.ask("person", "list") == people
    done = program.ask("person", "erase", "alice", "--yes")
    assert (done["changed"], done["pseudonyms"], done["details"]) == (True, 1, 3)
    assert program.ask("person", "list") == []
    assert program.ask("details", "gateway-0") == []
    again = program.run("person", "erase", "alice")
    assert again.exit_code == 0
    assert "nothing is kept here of alice" in again.stdout
    assert format_pseudonym(0) not in again.stdout
