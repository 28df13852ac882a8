"""What a network's folder tells of it."""

from pathlib import Path

import msgspec
import pytest

from tallystick.chain.network import CONTRACT_BY_FIELD
from tallystick.local.errors import FolderMalformed
from tallystick.local.folder import (
    FORMAT,
    ChainEntry,
    ChainNodeEntry,
    NetworkFile,
    NetworkFolder,
    read_identity,
)


def describe(*, made_by: int = FORMAT) -> NetworkFile:
    """A network of one contract per field."""
    addresses = {
        field: f"0x{number:040x}" for number, field in enumerate(CONTRACT_BY_FIELD, start=1)
    }
    return NetworkFile(
        format=made_by,
        engine="anvil",
        chain_id=7,
        rpc_urls=["http://127.0.0.1:1"],
        ledger=addresses["ledger"],
        addresses=addresses,
        network_id="00" * 32,
        genesis_hash="0x" + "11" * 32,
        chain=ChainEntry(1, 7, 1_700_000_000),
        validators=[],
        created_at_ms=0,
    )


def test_network_is_none_when_none_was_completed(tmp_path: Path) -> None:
    assert NetworkFolder(tmp_path).read_network() is None


def test_network_is_refused_when_another_version_made_it(tmp_path: Path) -> None:
    folder = NetworkFolder(tmp_path)
    folder.write_network(describe(made_by=FORMAT + 1))
    with pytest.raises(FolderMalformed, match="another version"):
        folder.read_network()


def test_network_of_format_2_is_read_as_one_on_anvil(tmp_path: Path) -> None:
    document = msgspec.to_builtins(describe(made_by=2))
    for added in ("config", "gas_price_wei", "nodes"):
        del document[added]
    NetworkFolder(tmp_path).network_file.write_bytes(msgspec.json.encode(document))
    assert NetworkFolder(tmp_path).read_network() == describe()


def test_network_is_read_when_its_chain_runs_elsewhere(tmp_path: Path) -> None:
    file = msgspec.structs.replace(describe(), chain=None, config="besu", engine="besu")
    NetworkFolder(tmp_path).write_network(file)
    assert NetworkFolder(tmp_path).read_network() == file


def test_nodes_of_the_chain_are_read_as_they_were_written(tmp_path: Path) -> None:
    node = ChainNodeEntry("chain-1", "NodeID-1", "http://127.0.0.1:1/ext/bc/2/rpc", "/flags.json")
    file = msgspec.structs.replace(describe(), nodes=[node], gas_price_wei=1)
    NetworkFolder(tmp_path).write_network(file)
    assert NetworkFolder(tmp_path).read_network() == file


def test_network_is_read_as_it_was_written(tmp_path: Path) -> None:
    folder = NetworkFolder(tmp_path)
    folder.write_network(describe())
    file = folder.read_network()
    assert file == describe()
    assert read_identity(describe()).addresses.guardian == f"0x{len(CONTRACT_BY_FIELD):040x}"
