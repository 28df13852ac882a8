"""chain-config/local: prices hold the relations that docs/tariff.md promises."""

from pathlib import Path

import pytest

from tallystick.chain import config as config_module
from tallystick.chain.config import (
    ResourceConfig,
    load_network_config,
    load_tariff_config,
)
from tallystick.chain.errors import ConfigInvalid
from tallystick.core.tariff import div_up, resolve_rates
from tallystick.core.valuation import compute_cost_ucr

CREDIT = 1_000_000
MODELS = {
    slug: resource
    for slug, resource in load_tariff_config().resources.items()
    if resource.kind == "model"
}
GPUS = {
    slug: resource
    for slug, resource in load_tariff_config().resources.items()
    if resource.kind == "gpu"
}


def cost(slug: str, **quantities: int) -> int:
    rates = load_tariff_config().resources[slug].rates
    return compute_cost_ucr(quantities, resolve_rates(rates))


def test_resources_are_the_documented_ones_in_order() -> None:
    assert list(MODELS) == [
        "gpt-4o",
        "claude-3.5-sonnet",
        "llama-3.1-405b",
        "mistral-large-2",
        "gemini-1.5-pro",
        "llama-3.1-70b",
    ]
    assert {slug: gpu.rates.gpu_multiplier_ppm for slug, gpu in GPUS.items()} == {
        "l4": 250_000,
        "a10": 350_000,
        "l40s": 600_000,
        "a100-40": 800_000,
        "a100-80": 1_000_000,
        "h100-pcie": 1_450_000,
        "h100-nvl": 1_600_000,
        "h100": 2_000_000,
        "h200": 2_600_000,
        "b200": 4_500_000,
        "mi300x": 1_800_000,
    }
    assert list(load_tariff_config().resources) == [*MODELS, *GPUS]


@pytest.mark.parametrize(
    ("slug", "read", "written"),
    [
        ("gpt-4o", 100, 300),
        ("claude-3.5-sonnet", 80, 240),
        ("llama-3.1-405b", 20, 60),
        ("mistral-large-2", 60, 180),
        ("gemini-1.5-pro", 70, 210),
        ("llama-3.1-70b", 10, 30),
    ],
)
def test_million_tokens_cost_the_benchmark_price(slug: str, read: int, written: int) -> None:
    rates = MODELS[slug].rates
    assert rates.w_in == read * 1_000
    assert rates.w_out == rates.w_reason == written * 1_000
    assert rates.w_cached * 10 == rates.w_in
    assert rates.w_written * 4 == rates.w_in * 5


@pytest.mark.parametrize("slug", [slug for slug in MODELS if slug != "llama-3.1-70b"])
def test_complexity_is_in_proportion_to_the_input_price(slug: str) -> None:
    yardstick_ncr = 87_200_000_000 * MODELS[slug].rates.w_in
    assert MODELS[slug].rates.mci_quad == div_up(yardstick_ncr, 128**2 * 100_000)


def test_documented_calls_cost_what_docs_say() -> None:
    assert cost("gpt-4o", in_fresh=128_000) == 100 * CREDIT + 7
    assert cost("llama-3.1-70b", in_fresh=128_000) == 15 * CREDIT + 11
    assert cost("gpt-4o", in_fresh=1_000, out_visible=500) == 255_323
    assert cost("a100-80", compute_ms=3_600_000) == 64 * CREDIT + 800
    assert cost("h100", compute_ms=3_600_000) == 128 * CREDIT + 1_600
    assert cost("a100-80", memory_gib_s=3_600) == 100_001
    assert cost("a100-80", transfer_kib=2**20) == 3_599_762


@pytest.mark.parametrize("resource", MODELS.values(), ids=MODELS)
def test_models_are_billed_by_tokens_alone(resource: ResourceConfig) -> None:
    rates = resource.rates
    assert (rates.compute_ncr, rates.memory_ncr, rates.transfer_ncr) == (0, 0, 0)
    assert (resource.basis, resource.index_class) == ("tokens", "")


def test_longest_use_of_the_dearest_gpu_fits_its_bounds() -> None:
    bounds = load_tariff_config().bounds["gpu"]
    dearest = cost("b200", compute_ms=2**32 - 1, memory_gib_s=2**32 - 1, transfer_kib=2**32 - 1)
    assert dearest < bounds.max_cost_ucr == load_network_config().meter_bounds.max_cost_ucr


def test_documented_tables_say_what_is_configured() -> None:
    tables = (Path(__file__).resolve().parents[3] / "docs" / "tariff.md").read_text()
    rows = [[cell.strip(" `") for cell in row.split("|")[1:-1]] for row in tables.splitlines()]
    documented = {row[0].split("`")[0]: row[1:] for row in rows if row}
    for slug, model in MODELS.items():
        rates = model.rates
        numbers = [int(cell.replace(",", "")) for cell in documented[slug][1:]]
        assert numbers == [rates.w_in, rates.w_out, rates.mci_quad]
    for slug, gpu in GPUS.items():
        multiplier, _, index_class = documented[slug]
        assert multiplier == f"{gpu.rates.gpu_multiplier_ppm / 1_000_000:.2f}"
        assert index_class == gpu.index_class


def test_config_is_refused_when_unknown() -> None:
    with pytest.raises(ConfigInvalid, match="no such chain configuration"):
        load_network_config("atlantis")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("x = ", "malformed"),
        ("engine = 1", "malformed"),
        ("colour = 'blue'", "malformed"),
    ],
)
def test_config_is_refused_when_malformed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, words: str
) -> None:
    folder = tmp_path / content[:1]
    folder.mkdir()
    (folder / "network.toml").write_text(content)
    monkeypatch.setattr(config_module, "_find_folder", lambda: tmp_path)
    load_network_config.cache_clear()
    with pytest.raises(ConfigInvalid, match=words):
        load_network_config(content[:1])
    load_network_config.cache_clear()


def test_tariff_is_refused_when_its_rates_overflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dear.toml").write_text(
        "bounds = {}\n"
        '[resources.gold]\nkind = "gpu"\nbasis = "gpu"\n'
        "rates.compute_ncr = 4_294_967_295\nrates.memory_ncr = 4_294_967_295"
    )
    monkeypatch.setattr(config_module, "_find_folder", lambda: tmp_path)
    with pytest.raises(ConfigInvalid, match="out of bounds"):
        load_tariff_config("dear")
