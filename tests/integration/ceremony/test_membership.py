"""Four organisations found a network, each on its own keys; one joins, one leaves, one rotates.

Records are made all the while and none is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.anvil import run_anvil
from tests.integration.ceremony.consortium import Consortium, Member, gather
from tests.integration.node.nodes import wait_until

from tallystick.client import Client

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(1_200)]

FOUNDERS = ("acme", "bolt", "core", "dune")
ENCRYPTED = "acme"
METER = "meter-1"
PROJECT = "org/team/project"
SETTLE_S = 120.0


@dataclass
class Life:
    """A consortium that measures use."""

    consortium: Consortium
    client: Client
    made: int = 0

    def record(self, count: int) -> None:
        """So many more records are acknowledged; each costs something."""
        use: dict[str, str | int] = {"project": PROJECT, "resource": "gpt-4o", "in_fresh": 1_000}
        self.client.submit([use] * count, meter=METER)
        self.made += count

    def settle(self) -> None:
        self.client.wait_settled(meter=METER, timeout_s=SETTLE_S)

    def wait_known(self, member: Member) -> None:
        """The member's own node answers for every record."""
        wait_until(
            lambda: count_records(member) == self.made,
            f"{member.name} knows {self.made} records",
            member.log,
        )

    def propose(self, member: Member, *words: str) -> Any:  # noqa: ANN401 - JSON
        return member.ask("network", *words)

    def decide(self, number: int, voters: list[Member]) -> None:
        """A proposal is carried while records are made."""
        self.record(5)
        self.consortium.carry(number, voters)
        self.record(5)


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Four members whose nodes run, and a meter."""
    root = tmp_path_factory.mktemp("consortium")
    with run_anvil(root) as url, gather(root, url) as consortium:
        founders = consortium.make_members(FOUNDERS)
        for member in founders:
            # One keeps its keys encrypted; the others' are bare, since every scrypt costs a second.
            member.join(*(() if member.name == ENCRYPTED else ("--plain",)))
        founded = consortium.found([member.card for member in founders])
        assert founded.exit_code == 0, founded
        for member in founders:
            adopt(consortium, member)
            member.start()
        for member in founders:
            member.wait_ready()
        with Client.open(consortium.shared) as client:
            client.create_account(PROJECT)
            client.grant(PROJECT, 10**12)
            client.register_meter(METER, "org")
            yield Life(consortium, client)


def count_records(member: Member) -> int:
    """How many records of the only meter are settled, as a member's node follows the chain."""
    answer = httpx.get(f"{member.url}/v1/cursors", params={"meters": "1"}).json()
    return int(answer["cursors"]["1"]["next_seq"])


def adopt(consortium: Consortium, member: Member) -> None:
    """The member's node knows the network, from the file that all members get."""
    copy = str(consortium.shared / "network.json")
    member.ask("network", "settings", member.name, "--network", copy)


def read_index(member: Member) -> int | None:
    index: int | None = httpx.get(f"{member.url}/v1/status").json()["index"]
    return index


def test_members_come_and_go_and_change_keys_and_no_record_is_lost(life: Life) -> None:
    consortium = life.consortium
    acme, bolt, core, dune = (consortium.members[name] for name in FOUNDERS)
    life.record(20)
    life.settle()
    join_fifth(life, [acme, bolt, core, dune])
    echo = consortium.members["echo"]
    leave(life, dune, [acme, bolt, core, echo])
    rotate(life, acme, [bolt, core, echo])
    life.record(10)
    life.settle()
    for member in (acme, bolt, core, echo):
        life.wait_known(member)
    verdict = acme.ask("verify")
    assert (verdict["verified"], verdict["records"]) == (True, life.made)


def join_fifth(life: Life, voters: list[Member]) -> None:
    consortium = life.consortium
    echo = consortium.make_members(["echo"])[0]
    echo.join("--plain")
    consortium.move_to(0)  # its clock is the others'
    card = str(echo.card)
    preview = life.propose(voters[0], "add-validator", card, "--dry-run")
    assert (preview["state"], preview["proposal"]) == ("previewed", None)
    proposed = life.propose(voters[0], "add-validator", card)
    assert proposed["state"] == "proposed"
    # Whoever asks again, another member too, learns that it is being decided.
    for member in voters[:2]:
        again = life.propose(member, "add-validator", card)
        assert again["state"] == "proposed_before"
        assert again["proposal"]["number"] == proposed["proposal"]["number"]
    life.decide(proposed["proposal"]["number"], voters)
    assert life.propose(voters[0], "add-validator", card)["state"] == "in_force"
    adopt(consortium, echo)
    echo.start()
    echo.wait_ready()
    assert read_index(echo) == 4
    life.record(20)
    life.settle()


def leave(life: Life, leaver: Member, voters: list[Member]) -> None:
    # bolt holds no card of echo's, and none is needed: dune's came with the founding.
    proposer = voters[0]
    copy_cards(life.consortium, proposer)
    proposed = life.propose(proposer, "remove-validator", leaver.name)
    seats = [one for one in proposed["changes"] if one["parameter"].startswith("seats.")]
    assert [one["after"] for one in seats] == [None]
    life.decide(proposed["proposal"]["number"], voters)
    assert life.propose(proposer, "remove-validator", leaver.name)["state"] == "in_force"
    wait_until(lambda: read_index(leaver) is None, "it is out of the set", leaver.log)
    leaver.stop()
    life.record(20)
    life.settle()
    refused = leaver.run("gov", "vote", str(proposed["proposal"]["number"]), "--json")
    assert refused.exit_code != 0


def rotate(life: Life, member: Member, others: list[Member]) -> None:
    """Every key of the member is new afterwards; its node ran all the while with both at hand."""
    member.join("--generation", "2")
    card = member.root / f"{member.name}.2.card.json"
    member.ask("network", "settings", member.name)
    member.stop()
    member.start()
    member.wait_ready()
    copy_cards(life.consortium, others[0])
    before = read_member(life, member)
    proposed = life.propose(others[0], "rotate-key", member.name, "--card", str(card))
    life.decide(proposed["proposal"]["number"], [member, *others])
    after = read_member(life, member)
    assert (after["name"], after["index"]) == (before["name"], before["index"])
    assert not {before["attester"], before["sender"]} & {after["attester"], after["sender"]}
    repeated = life.propose(others[0], "rotate-key", member.name, "--card", str(card))
    assert repeated["state"] == "in_force"
    member.wait_ready()
    # Its new seat votes, the old one does not.
    seats = member.ask("gov", "seats")
    assert [seat["key"] for seat in seats if seat["key"]] == ["seat.2"]


def copy_cards(consortium: Consortium, member: Member) -> None:
    """The member keeps the cards that came with the founding."""
    folder = member.root / "cards"
    folder.mkdir(exist_ok=True)
    for path in (consortium.shared / "cards").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())


def read_member(life: Life, member: Member) -> dict[str, Any]:
    found: list[dict[str, Any]] = life.consortium.members["bolt"].ask("validator", "list")
    return next(one for one in found if one["name"] == member.name)


def test_remove_validator_refuses_when_too_few_would_stay(tmp_path: Path, chain_url: str) -> None:
    consortium = Consortium(tmp_path, chain_url)
    only = consortium.make_members(["acme"])[0]
    only.join("--plain")
    assert consortium.found([only.card]).exit_code == 0
    adopt(consortium, only)
    answer = only.run("network", "remove-validator", "acme", "--json")
    assert (answer.exit_code, answer.document["code"]) == (2, "members_too_few")
    unknown = only.run("network", "remove-validator", "acmee", "--json")
    assert (unknown.exit_code, unknown.document["code"]) == (2, "validator_unknown")
