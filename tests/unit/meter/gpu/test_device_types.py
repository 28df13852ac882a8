"""What devices call themselves, and what they are charged as."""

import pytest

from tallystick.meter.gpu.device_types import choose_slug, find_slug
from tallystick.meter.gpu.errors import GpuTypeUnknown


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("NVIDIA H100 80GB HBM3", "h100"),
        ("NVIDIA H100 PCIe", "h100-pcie"),
        ("NVIDIA H100 NVL", "h100-nvl"),
        ("NVIDIA H200", "h200"),
        ("NVIDIA B200", "b200"),
        ("NVIDIA A100-SXM4-80GB", "a100-80"),
        ("NVIDIA A100 80GB PCIe", "a100-80"),
        ("NVIDIA A100-SXM4-40GB", "a100-40"),
        ("NVIDIA A100-PCIE-40GB", "a100-40"),
        ("NVIDIA L40S", "l40s"),
        ("NVIDIA L4", "l4"),
        ("NVIDIA A10", "a10"),
        ("NVIDIA A10G", "a10"),
    ],
)
def test_slug_of_a_known_device(name: str, slug: str) -> None:
    assert find_slug(name, {}) == slug


@pytest.mark.parametrize(
    "name", ["NVIDIA L40", "Tesla T4", "NVIDIA GH200 480GB", "NVIDIA A1000", ""]
)
def test_slug_of_another_device_is_never_guessed(name: str) -> None:
    with pytest.raises(GpuTypeUnknown) as caught:
        find_slug(name, {"Quadro": "l4"})
    assert caught.value.actual == name


def test_slug_is_first_what_the_operator_says() -> None:
    assert find_slug("Tesla T4", {"Tesla T4": "l4"}) == "l4"


@pytest.mark.parametrize(
    ("is_spot", "known", "expected"),
    [(True, {"h100@spot"}, "h100@spot"), (True, set(), "h100"), (False, {"h100@spot"}, "h100")],
)
def test_spot_variant_is_taken_where_there_is_one(
    is_spot: bool, known: set[str], expected: str
) -> None:
    assert choose_slug("h100", is_spot=is_spot, exists=known.__contains__) == expected
