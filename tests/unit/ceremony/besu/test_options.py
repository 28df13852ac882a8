import tomllib
from typing import Any

from tests.unit.ceremony.besu.published import load_published

from tallystick.ceremony.besu.chain_services import list_chain_services
from tallystick.ceremony.besu.plan import Plan
from tallystick.chain.config import load_network_config, read_config_text

KINDS = {str: "string", bool: "boolean", int: "number", list: "array"}
PUBLISHED = load_published("options.json")["options"]


def read_options() -> dict[str, Any]:
    return tomllib.loads(read_config_text("besu/besu.toml"))


def test_options_are_published_ones_of_their_kind() -> None:
    kinds = {name: KINDS[type(value)] for name, value in read_options().items()}
    assert kinds == {name: PUBLISHED.get(name) for name in kinds}


def test_options_of_the_command_line_are_published_ones() -> None:
    services = list_chain_services(Plan(4, "./network", 1))
    words = [word for service in services.values() for word in service["command"]]
    names = {word.removeprefix("--").partition("=")[0] for word in words}
    assert names == {"config-file", "profile", "p2p-host", "rpc-http-api"}
    assert names - {"config-file"} <= set(PUBLISHED)


def test_profile_is_no_option_of_the_file_where_besu_would_pass_it_over() -> None:
    assert "profile" not in read_options()


def test_nodes_take_free_transactions_of_permitted_accounts_only() -> None:
    options = read_options()
    assert options["min-gas-price"] == load_network_config("besu").chain.gas_price_wei == 0
    assert options["permissions-accounts-config-file-enabled"] is True
    assert options["permissions-nodes-config-file-enabled"] is True
    assert options["discovery-enabled"] is False


def test_nodes_answer_pages_of_logs_as_wide_as_the_network_asks_for() -> None:
    pages = load_network_config("besu").chain.log_page_blocks
    assert read_options()["rpc-max-logs-range"] >= pages


def test_apis_that_could_stop_or_spy_on_a_node_are_off() -> None:
    services = list_chain_services(Plan(4, "./network", 1))
    given = {word for one in services.values() for word in one["command"] if "rpc-http-api" in word}
    apis = {*read_options()["rpc-http-api"], *given.pop().partition("=")[2].split(",")}
    assert apis.isdisjoint({"ADMIN", "DEBUG", "MINER", "PLUGINS"})
