import json
import stat
import tomllib
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from tests.unit.ceremony.members import describe, make_card, make_keys

from tallystick.ceremony.besu.bundle import BundleFile, list_accounts, write_from_cards
from tallystick.ceremony.besu.extra_data import encode_extra_data
from tallystick.ceremony.cards import Card
from tallystick.ceremony.errors import CardInvalid, CardsDisagree, MembersTooFew, NetworkExists
from tallystick.chain.config import NetworkConfig, load_network_config

STRANGER = "0x" + "ab" * 20


@pytest.fixture
def config() -> NetworkConfig:
    return load_network_config("besu")


@pytest.fixture(scope="module")
def cards() -> list[Card]:
    return [make_card(number) for number in range(1, 5)]


def read_shared(root: Path, name: str) -> str:
    return (root / "besu" / "shared" / name).read_text()


def test_bundle_is_refused_of_too_few_members(
    tmp_path: Path, cards: list[Card], config: NetworkConfig
) -> None:
    with pytest.raises(MembersTooFew):
        write_from_cards(tmp_path, cards[:3], config, ())
    assert not list(tmp_path.iterdir())


def test_bundle_is_refused_of_one_member_twice(
    tmp_path: Path, cards: list[Card], config: NetworkConfig
) -> None:
    with pytest.raises(CardsDisagree):
        write_from_cards(tmp_path, [*cards[:3], cards[0]], config, ())


def test_bundle_is_refused_of_a_member_without_chain_node(
    tmp_path: Path, cards: list[Card], config: NetworkConfig
) -> None:
    with pytest.raises(CardInvalid, match="names no chain node"):
        write_from_cards(tmp_path, [*cards[:3], make_card(4, chain=False)], config, ())


def test_bundle_is_refused_where_another_network_lies(
    tmp_path: Path, cards: list[Card], config: NetworkConfig
) -> None:
    write_from_cards(tmp_path, cards, config, ())
    before = read_shared(tmp_path, "genesis.json")
    with pytest.raises(NetworkExists):
        write_from_cards(tmp_path, [*cards, make_card(5)], config, ())
    keys = make_keys(9)
    renamed = keys.prove(msgspec.structs.replace(describe(9, keys), name="member-4"))
    with pytest.raises(NetworkExists):
        write_from_cards(tmp_path, [*cards[:3], renamed], config, ())
    assert read_shared(tmp_path, "genesis.json") == before


def test_bundle_names_every_chain_node_everywhere(
    tmp_path: Path, cards: list[Card], config: NetworkConfig
) -> None:
    write_from_cards(tmp_path, cards, config, ())
    enodes = [card.member.enode for card in cards]
    makers = sorted(str(card.member.chain_address) for card in cards)
    permissions = tomllib.loads(read_shared(tmp_path, "permissions_config.toml"))
    assert json.loads(read_shared(tmp_path, "static-nodes.json")) == enodes
    assert permissions["nodes-allowlist"] == enodes
    genesis = json.loads(read_shared(tmp_path, "genesis.json"))
    assert genesis["extraData"] == encode_extra_data(makers)


def test_bundle_permits_senders_and_seats_and_no_attester(
    tmp_path: Path, cards: list[Card], config: NetworkConfig
) -> None:
    write_from_cards(tmp_path, cards, config, [STRANGER])
    accounts = tomllib.loads(read_shared(tmp_path, "permissions_config.toml"))["accounts-allowlist"]
    members = [card.member for card in cards]
    expected = {member.sender for member in members} | {member.seat for member in members}
    assert set(accounts) == {STRANGER, *expected}
    assert len(set(accounts)) == len(accounts)


def test_accounts_are_refused_with_an_attestation_key_among_them(cards: list[Card]) -> None:
    members = [card.member for card in cards]
    with pytest.raises(CardInvalid, match="sends no transactions"):
        list_accounts(members, [members[2].attester.upper().replace("X", "x")])


def test_bundle_stays_the_same_when_repeated_and_gains_what_is_allowed(
    tmp_path: Path, cards: list[Card], config: NetworkConfig
) -> None:
    first = write_from_cards(tmp_path, cards, config, [STRANGER])
    again = write_from_cards(tmp_path, cards, config, ())
    more = write_from_cards(tmp_path, cards, config, ["0x" + "cd" * 20])
    assert (first.created, again.created, more.created) == (True, False, False)
    assert again.file == first.file
    assert set(more.file.accounts) == {*first.file.accounts, "0x" + "cd" * 20}


def test_bundle_of_cards_holds_no_key_and_is_in_no_git(
    tmp_path: Path, cards: list[Card], config: NetworkConfig
) -> None:
    root = tmp_path / "network"
    bundle = write_from_cards(root, cards, config, ())
    names = {path.name for path in root.rglob("*") if path.is_file()}
    assert names == {
        ".gitignore",
        "bundle.json",
        "besu.toml",
        "genesis.json",
        "permissions_config.toml",
        "static-nodes.json",
    }
    assert (root / ".gitignore").read_text() == "*\n"
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    read = msgspec.json.decode((root / "bundle.json").read_bytes(), type=BundleFile)
    assert read == bundle.file
    assert replace(bundle, created=False) == write_from_cards(root, cards, config, ())


def test_bundle_is_the_same_bytes_for_every_member_whatever_the_order(
    tmp_path: Path, cards: list[Card], config: NetworkConfig
) -> None:
    others = ["0x" + "cd" * 20, STRANGER]
    write_from_cards(tmp_path / "one", cards, config, others)
    write_from_cards(tmp_path / "two", cards[::-1], config, others[::-1])
    contents = [
        {path.name: path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (tmp_path / "one", tmp_path / "two")
    ]
    assert contents[0] == contents[1]
