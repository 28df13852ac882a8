"""A network with four validators that the tests of one file share."""

from collections.abc import Iterator

import pytest
from tests.integration.anvil import run_anvil
from tests.integration.node.nodes import NodeGroup, run_nodes
from tests.integration.settling import found_network


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeGroup]:
    """Four ready validators and a meter for each of the tests."""
    folder = tmp_path_factory.mktemp("nodes")
    with run_anvil(folder) as url, run_nodes(found_network(url, meters=12), folder) as group:
        yield group
