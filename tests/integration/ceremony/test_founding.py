"""Joining and founding on a chain: refused, done, repeated, broken off and taken up."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from eth_account import Account
from tests.integration.anvil import run_anvil
from tests.integration.ceremony.consortium import PASSPHRASE, Consortium, Member
from tests.integration.verify.proxy import Json, RefusedByProxyError, run_proxy

from tallystick.ceremony.cards import decode_card, encode_card
from tallystick.ceremony.decisions import Decisions
from tallystick.chain.keystore import read_keystore
from tallystick.chain.reader import ask, connect, expect

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

NAMES = ("acme", "bolt", "core", "dune")
DEPLOYMENTS = 25
TRANSACTIONS = 31


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The cards of four members, who keep bare keys: what protects keys is tested apart."""
    consortium = Consortium(tmp_path_factory.mktemp("members"), "")
    members = consortium.make_members(NAMES)
    for member in members:
        member.join("--plain")
    return [member.card for member in members]


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A chain on which each test founds networks of its own."""
    with run_anvil(tmp_path_factory.mktemp("chain")) as url:
        yield url


@pytest.fixture
def consortium(tmp_path: Path, chain: str) -> Consortium:
    return Consortium(tmp_path, chain)


def read_decisions(consortium: Consortium) -> Decisions:
    return msgspec.json.decode((consortium.shared / "founding.json").read_bytes(), type=Decisions)


def count_sent(consortium: Consortium) -> int:
    """How many transactions of the founding's deployer are on the chain."""
    decisions = read_decisions(consortium)
    call = ("eth_getTransactionCount", (decisions.deployer, "latest"))
    count = int(expect(ask(connect(consortium.chain_url), *call)), 16)
    return count - decisions.first_nonce


def read_error(consortium: Consortium, cards: list[Path], *words: str) -> dict[str, Json]:
    answer = consortium.found(cards, *words)
    assert answer.exit_code == 2, answer
    assert not (consortium.shared / "network.json").exists()
    error: dict[str, Json] = answer.document
    return error


def list_private(member: Member) -> list[Path]:
    return [path for path in (member.root / "keys").rglob("*") if path.is_file()]


def test_join_keeps_every_key_encrypted_and_gives_only_public_halves(tmp_path: Path) -> None:
    member = Consortium(tmp_path, "").make_members(["acme"])[0]
    joined = member.join("--chain-node", "10.0.0.1:30303")
    assert joined["created"]
    home = member.root / "keys" / "acme"
    stores = [*(home / f"{role}.json" for role in ("attest", "send", "transport"))]
    stores.append(member.root / "keys" / "seat.key")
    secrets = [read_keystore(path, PASSPHRASE).hex() for path in stores]
    secrets.append((member.root / "keys" / "chain" / "key").read_text())
    assert len(set(secrets)) == 5
    for path in list_private(member):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        if path.name != "key":  # Besu reads its own bare
            assert not any(secret in path.read_text() for secret in secrets), path
    card = member.card.read_text()
    assert not any(secret in card for secret in [*secrets, PASSPHRASE])
    assert decode_card(member.card.read_bytes()).member.chain_address is not None


def test_join_gives_the_same_card_when_repeated(tmp_path: Path) -> None:
    member = Consortium(tmp_path, "").make_members(["acme"])[0]
    first = member.join("--plain")
    again = member.join("--plain")
    assert (first["created"], again["created"]) == (True, False)
    assert again["fingerprint"] == first["fingerprint"]


def test_join_goes_on_with_the_keys_it_made_when_it_broke_off(tmp_path: Path) -> None:
    member = Consortium(tmp_path, "").make_members(["acme"])[0]
    first = member.join("--plain")
    member.card.unlink()
    (member.root / "keys" / "acme.json").unlink()
    again = member.join("--plain")
    assert again["created"]
    assert again["member"] == first["member"]


def test_join_refuses_when_the_folder_is_another_members(tmp_path: Path) -> None:
    member = Consortium(tmp_path, "").make_members(["acme"])[0]
    member.join("--plain")
    words = ("network", "join", "bolt", "--url", "http://127.0.0.1:1", "--plain", "--json")
    answer = member.run(*words)
    assert (answer.exit_code, answer.document["code"]) == (2, "member_exists")
    moved = member.run("network", "join", "acme", *words[3:])
    assert (moved.exit_code, moved.document["code"]) == (2, "member_exists")


def test_join_refuses_when_nobody_gives_a_passphrase(tmp_path: Path) -> None:
    member = Consortium(tmp_path, "").make_members(["acme"])[0]
    answer = member.run("network", "join", "acme", "--url", member.url, "--json")
    assert answer.exit_code == 2  # the file that the variable names does not exist
    assert not list_private(member)


def test_found_refuses_on_another_chain(consortium: Consortium, cards: list[Path]) -> None:
    error = read_error(consortium, cards, "--config", "besu")
    assert (error["code"], error["actual"]) == ("chain_mismatch", 82559)


def test_found_refuses_fewer_members_than_tolerate_a_fault(
    consortium: Consortium, cards: list[Path]
) -> None:
    error = read_error(consortium, cards[:3], "--config", "besu")
    assert (error["code"], error["actual"]) == ("members_too_few", 3)


def test_found_refuses_two_cards_with_one_key(consortium: Consortium, cards: list[Path]) -> None:
    twice = consortium.root / "twice.card.json"
    twice.write_bytes(cards[0].read_bytes())
    assert read_error(consortium, [*cards, twice])["code"] == "cards_disagree"


def test_found_refuses_a_card_with_a_wrong_proof(consortium: Consortium, cards: list[Path]) -> None:
    one, two = (decode_card(path.read_bytes()) for path in cards[:2])
    stolen = msgspec.structs.replace(one.member, attester=two.member.attester)
    forged = consortium.root / "forged.card.json"
    forged.write_bytes(encode_card(msgspec.structs.replace(one, member=stolen)))
    error = read_error(consortium, [forged, *cards[1:]])
    assert error["code"] == "card_invalid"
    assert "attest key did not sign" in error["message"]


def test_found_deploys_once_when_repeated(consortium: Consortium, cards: list[Path]) -> None:
    first = consortium.found(cards).document
    assert first["created"]
    assert [one["name"] for one in first["validators"]] == list(NAMES)
    assert count_sent(consortium) == TRANSACTIONS
    again = consortium.found(cards[::-1]).document
    assert again == {**first, "created": False}
    assert count_sent(consortium) == TRANSACTIONS
    # What was founded is known without the chain.
    gone = Consortium(consortium.root, "http://127.0.0.1:1")
    assert gone.found(cards).document == {**first, "created": False}


def test_found_refuses_other_members_in_a_founded_folder(
    consortium: Consortium, cards: list[Path], tmp_path: Path
) -> None:
    assert consortium.found(cards).exit_code == 0
    other = Consortium(tmp_path / "others", "").make_members(["echo"])[0]
    other.join("--plain")
    for words in ((), ("--anew",)):
        answer = consortium.found([*cards, other.card], *words)
        assert (answer.exit_code, answer.document["code"]) == (2, "network_exists")


@pytest.mark.parametrize("broken_at", [1, 2, DEPLOYMENTS, TRANSACTIONS])
def test_found_is_taken_up_when_it_broke_off(
    consortium: Consortium, cards: list[Path], broken_at: int
) -> None:
    sent = 0

    def break_off(method: str, _params: list[Json], result: Json) -> Json:
        nonlocal sent
        sent += method == "eth_sendRawTransaction"
        if sent >= broken_at:
            raise RefusedByProxyError("the founder's machine went down")
        return result

    with run_proxy(consortium.chain_url, break_off) as proxy:
        broken = Consortium(consortium.root, proxy.url)
        assert broken.found(cards).exit_code == 1
    assert not (consortium.shared / "network.json").exists()
    assert count_sent(consortium) == broken_at
    decided = read_decisions(consortium)
    done = consortium.found(cards)
    assert done.exit_code == 0, done
    assert read_decisions(consortium) == decided
    assert done.document["network_id"] == decided.network_id
    assert count_sent(consortium) == TRANSACTIONS
    checked = Member("any", consortium.root, "").run(
        *("network", "check", str(consortium.shared), "--json")
    )
    assert checked.document["agreed"], checked


def test_found_begins_anew_only_when_told_so(consortium: Consortium, cards: list[Path]) -> None:
    def break_off(method: str, _params: list[Json], result: Json) -> Json:
        if method == "eth_sendRawTransaction":
            raise RefusedByProxyError("the founder's machine went down")
        return result

    with run_proxy(consortium.chain_url, break_off) as proxy:
        assert Consortium(consortium.root, proxy.url).found(cards).exit_code == 1
    begun = read_decisions(consortium)
    fewer = consortium.found(cards[:3])
    assert (fewer.exit_code, fewer.document["code"]) == (2, "founding_unfinished")
    assert read_decisions(consortium) == begun
    anew = consortium.found(cards[:3], "--anew")
    assert anew.exit_code == 0, anew
    assert read_decisions(consortium).network_id != begun.network_id
    assert len(list(consortium.shared.glob("founding.abandoned-*.json"))) == 1


def test_found_with_a_deployers_key_keeps_that_key(
    consortium: Consortium, cards: list[Path]
) -> None:
    key = consortium.root / "deployer.key"
    account = Account.create()
    key.write_text(account.key.hex())
    key.chmod(0o600)
    people = ["0x" + "11" * 20, "0x" + "22" * 20]
    words = ("--deployer-key", str(key), "--registrar", people[0], "--guardian", people[1])
    done = consortium.found(cards, *words).document
    assert [done["registrar"], done["guardian"]] == people
    assert read_decisions(consortium).deployer == account.address.lower()
    assert key.exists()
    assert not list((consortium.shared / "keys").iterdir())


def test_check_finds_a_founding_with_another_card(
    consortium: Consortium, cards: list[Path], tmp_path: Path
) -> None:
    assert consortium.found(cards).exit_code == 0
    impostor = Consortium(tmp_path / "others", "").make_members(["acme"])[0]
    impostor.join("--plain")
    given = [word for card in [impostor.card, *cards[1:]] for word in ("--card", str(card))]
    member = Member("any", consortium.root, "")
    answer = member.run("network", "check", str(consortium.shared), *given, "--json")
    assert (answer.exit_code, answer.document["code"]) == (2, "cards_disagree")


def test_check_finds_what_was_not_agreed_on_the_chain(
    consortium: Consortium, cards: list[Path]
) -> None:
    assert consortium.found(cards).exit_code == 0
    path = consortium.shared / "founding.json"
    document = json.loads(path.read_text())
    document["agreement"]["guardian"] = "0x" + "33" * 20
    path.write_text(json.dumps(document))
    member = Member("any", consortium.root, "")
    answer = member.run("network", "check", str(consortium.shared), "--json")
    assert (answer.exit_code, answer.document["code"]) == (1, "deployment_failed")
