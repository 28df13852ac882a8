"""Which engine runs a network's chain, and what it consists of."""

from pathlib import Path

import msgspec
import pytest
from tests.unit.local.test_folder import describe

from tallystick.chain.config import load_network_config
from tallystick.local.engines import find_engine, list_engines, require_engine
from tallystick.local.errors import ChainElsewhere, EngineUnknown
from tallystick.local.folder import ChainNodeEntry, NetworkFile
from tallystick.local.launch import find_missing
from tallystick.local.names import is_chain_process, name_chain_nodes
from tallystick.local.processes import Processes
from tallystick.local.validators import order_urls

NODES = [
    ChainNodeEntry(name, f"NodeID-{name}", f"http://127.0.0.1:{port}/ext/bc/x/rpc", "flags.json")
    for port, name in enumerate(name_chain_nodes(5), start=20_000)
]


def describe_nodes() -> NetworkFile:
    """A network on five nodes."""
    return msgspec.structs.replace(describe(), engine="avalanche", chain=None, nodes=NODES)


def test_engine_is_refused_when_there_is_none_of_its_name() -> None:
    with pytest.raises(EngineUnknown) as caught:
        find_engine("besu")
    assert caught.value.expected == "anvil or avalanche"


def test_chain_is_refused_when_others_run_it() -> None:
    file = msgspec.structs.replace(describe(), chain=None)
    with pytest.raises(ChainElsewhere):
        require_engine(file)


def test_engine_is_the_one_that_the_network_was_founded_with() -> None:
    assert require_engine(describe()).name == "anvil"
    assert require_engine(describe_nodes()).name == "avalanche"


def test_engines_configuration_names_the_engine() -> None:
    for engine in list_engines():
        assert load_network_config(engine.config).engine == engine.name


def test_every_process_of_a_chain_makes_blocks_or_keeps_them() -> None:
    for file in (describe(), describe_nodes()):
        engine = require_engine(file)
        rest = [name for name in engine.list_processes(file) if not is_chain_process(name)]
        assert rest in ([], ["recorder"])
        assert set(engine.list_ports(file)) == set(engine.list_processes(file)) - set(rest)
    assert not is_chain_process("validator-1")


def test_every_part_is_missing_when_nothing_runs(tmp_path: Path) -> None:
    file = describe_nodes()
    processes = Processes(tmp_path, tmp_path)
    assert find_missing(file, require_engine(file), processes) == name_chain_nodes(5)


def test_new_chain_gets_as_many_ports_as_its_engine_counts() -> None:
    counts = {
        each.name: each.count_ports(load_network_config(each.config).chain)
        for each in list_engines()
    }
    assert counts == {"anvil": 1, "avalanche": 10}


@pytest.mark.parametrize(
    ("index", "ordered"), [(0, ["a", "b", "c"]), (2, ["c", "a", "b"]), (4, ["b", "c", "a"])]
)
def test_validator_asks_a_node_of_its_own_first(index: int, ordered: list[str]) -> None:
    assert order_urls(["a", "b", "c"], index) == ordered
