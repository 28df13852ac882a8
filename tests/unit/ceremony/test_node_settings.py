"""What a member's node is told: where it listens follows from its URL, and no secret is in it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tallystick.ceremony.errors import MemberMissing, NetworkExists
from tallystick.ceremony.node_settings import (
    ANYWHERE,
    NodePlace,
    adopt_network,
    build_settings,
    find_keys_files,
    write_member_settings,
)
from tallystick.local.folder import FORMAT, ChainEntry, NetworkFile, NetworkFolder

URL = "https://tally.acme.example"


def describe_network(**values: Any) -> NetworkFile:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {
        "format": FORMAT,
        "engine": "avalanche",
        "config": "avalanche",
        "chain_id": 82_560,
        "rpc_urls": ["http://10.0.0.9:9650"],
        "ledger": "0x" + "11" * 20,
        "addresses": {},
        "network_id": "22" * 32,
        "genesis_hash": "0x" + "33" * 32,
        "gas_price_wei": 1,
        "validators": [],
        "created_at_ms": 0,
    }
    return NetworkFile(**(fields | values))


def build(url: str = URL, **place: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    keys = [Path("keys/acme.json")]
    return build_settings(describe_network(), "acme", url, keys, Path("data"), NodePlace(**place))


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://tally.acme.example", ANYWHERE, 443),
        ("http://tally.acme.example", ANYWHERE, 80),
        ("http://tally.acme.example:7300", ANYWHERE, 7300),
        ("http://127.0.0.1:7300", "127.0.0.1", 7300),
        ("http://localhost:7300", "127.0.0.1", 7300),
    ],
)
def test_settings_listen_where_the_url_leads(url: str, host: str, port: int) -> None:
    settings = build(url)
    assert (settings["host"], settings["port"]) == (host, port)


def test_settings_listen_where_they_are_told_to() -> None:
    settings = build(host="127.0.0.1", port=7301, rpc_urls=("http://127.0.0.1:8545",))
    assert (settings["host"], settings["port"]) == ("127.0.0.1", 7301)
    assert settings["rpc_urls"] == ["http://127.0.0.1:8545"]


def test_settings_take_price_and_endpoints_from_the_network() -> None:
    settings = build()
    assert settings["gas_price_wei"] == 1
    assert settings["rpc_urls"] == ["http://10.0.0.9:9650"]
    assert "passphrase_file" not in settings


def make_member(root: Path, *generations: str) -> NetworkFolder:
    folder = NetworkFolder(root)
    folder.create()
    for name in generations:
        folder.validator_keys(name).write_text("{}")
    return folder


def test_keys_files_are_the_last_two_generations(tmp_path: Path) -> None:
    folder = make_member(tmp_path, "acme", "acme.2", "acme.3", "bolt")
    assert [path.stem for path in find_keys_files(folder, "acme")] == ["acme.2", "acme.3"]
    assert [path.stem for path in find_keys_files(folder, "bolt")] == ["bolt"]
    with pytest.raises(MemberMissing):
        find_keys_files(folder, "core")


def test_member_settings_name_both_generations_and_no_secret(tmp_path: Path) -> None:
    folder = make_member(tmp_path, "acme", "acme.2")
    folder.write_network(describe_network())
    path = write_member_settings(tmp_path, "acme", URL, NodePlace(passphrase_file=Path("/p")))
    settings = json.loads(path.read_text())
    assert Path(settings["keys_file"]).stem == "acme"
    assert Path(settings["next_keys_file"]).stem == "acme.2"
    assert settings["passphrase_file"] == "/p"


def test_member_settings_want_the_network_first(tmp_path: Path) -> None:
    make_member(tmp_path, "acme")
    with pytest.raises(MemberMissing, match="network"):
        write_member_settings(tmp_path, "acme", URL, NodePlace())


def test_adopted_network_has_no_chain_of_its_own_and_the_members_endpoint(tmp_path: Path) -> None:
    copy = tmp_path / "network.json"
    chain = ChainEntry(1, 82_560, 0)
    NetworkFolder(tmp_path).write_network(describe_network(chain=chain))
    root = tmp_path / "acme"
    adopted = adopt_network(root, copy, ["http://127.0.0.1:8545"])
    assert NetworkFolder(root).read_network() == adopted
    assert (adopted.chain, adopted.nodes) == (None, [])
    assert adopted.rpc_urls == ["http://127.0.0.1:8545"]
    assert adopt_network(root, copy, []).rpc_urls == ["http://10.0.0.9:9650"]


def test_adopting_refuses_when_the_folder_belongs_to_another_network(tmp_path: Path) -> None:
    copy = tmp_path / "network.json"
    NetworkFolder(tmp_path).write_network(describe_network())
    adopt_network(tmp_path / "acme", copy, [])
    NetworkFolder(tmp_path).write_network(describe_network(network_id="44" * 32))
    with pytest.raises(NetworkExists):
        adopt_network(tmp_path / "acme", copy, [])
    with pytest.raises(MemberMissing):
        adopt_network(tmp_path / "acme", tmp_path / "missing.json", [])
