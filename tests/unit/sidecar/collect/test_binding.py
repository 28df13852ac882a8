"""Devices are bound to resources that exist and are charged by GPU time."""

from dataclasses import dataclass
from typing import cast

import pytest

from tallystick.meter.gpu.errors import BasisConflict, GpuTypeUnknown
from tallystick.sidecar.collect.settings import CollectConfig, RuleConfig, build_rules
from tallystick.sidecar.collect.sources import DeviceBinding, find_device_payer
from tallystick.sidecar.directory import NetworkDirectory, ResourceInfo


@dataclass
class Directory:
    basis_by_slug: dict[str, str]

    def resource(self, slug: str) -> ResourceInfo | None:
        basis = self.basis_by_slug.get(slug)
        return ResourceInfo(1, slug, "gpu", basis, 1) if basis else None


def bind(config: CollectConfig | None = None, **basis_by_slug: str) -> DeviceBinding:
    directory = cast("NetworkDirectory", Directory(basis_by_slug))
    return DeviceBinding(directory, config or CollectConfig(), set())


def test_device_is_charged_as_its_type() -> None:
    assert bind(h100="gpu").find("NVIDIA H100 80GB HBM3") == "h100"


def test_device_of_a_spot_machine_is_charged_as_the_variant_that_exists() -> None:
    config = CollectConfig(spot=True)
    assert bind(config, **{"l4": "gpu", "l4@spot": "gpu"}).find("NVIDIA L4") == "l4@spot"
    assert bind(config, l4="gpu").find("NVIDIA L4") == "l4"


def test_device_waits_for_a_resource_that_does_not_exist_yet() -> None:
    assert bind().find("NVIDIA L4") == "l4"


@pytest.mark.parametrize(
    ("name", "config", "error"),
    [
        ("Tesla T4", CollectConfig(), GpuTypeUnknown),
        ("NVIDIA L4", CollectConfig(), BasisConflict),
        ("NVIDIA H100 NVL", CollectConfig(basis="tokens"), BasisConflict),
    ],
)
def test_device_that_cannot_be_charged_is_left_out_and_said_so_once(
    name: str, config: CollectConfig, error: type[Exception]
) -> None:
    binding = bind(config, **{"l4": "tokens", "h100-nvl": "gpu"})
    with pytest.raises(error):
        binding.require(name)
    assert binding.find(name) is None
    assert binding.find(name) is None
    assert binding.told == {name}


def test_work_that_no_rule_knows_is_the_shared_projects() -> None:
    config = CollectConfig(rules=[RuleConfig({"user": "ada"}, "acme/research")])
    rules = build_rules(config)
    assert find_device_payer(rules, "acme/shared", {"user": "ada"}).project == "acme/research"
    assert find_device_payer(rules, "acme/shared", {"user": "bob"}).project == "acme/shared"
