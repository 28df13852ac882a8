"""Which resource a device is, by the name it gives itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tallystick.meter.gpu.errors import GpuTypeUnknown

KNOWN_TYPES: Final = (
    ("h100 nvl", "h100-nvl"),
    ("h100 pcie", "h100-pcie"),
    ("h100", "h100"),
    ("h200", "h200"),
    ("b200", "b200"),
    ("a100 sxm4 80gb", "a100-80"),
    ("a100 80gb", "a100-80"),
    ("a100 sxm 80gb", "a100-80"),
    ("a100 sxm4 40gb", "a100-40"),
    ("a100 pcie 40gb", "a100-40"),
    ("l40s", "l40s"),
    ("l4", "l4"),
    ("a10", "a10"),
    ("a10g", "a10"),
    ("mi300x", "mi300x"),
)
"""Words of the name in their order, first match wins; the slugs of the default tariff."""

SPOT_SUFFIX: Final = "@spot"


def find_slug(name: str, slug_by_name: Mapping[str, str]) -> str:
    """The slug of the resource that time on the device is charged as.

    Args:
        name: as NVML or an exporter says it, such as "NVIDIA H100 80GB HBM3".
        slug_by_name: the operator's own, by whole name; goes before the known types.

    Raises:
        GpuTypeUnknown: neither says what this is.
    """
    if name in slug_by_name:
        return slug_by_name[name]
    words = f" {name.lower().replace('-', ' ')} "
    for known, slug in KNOWN_TYPES:
        if f" {known} " in words:
            return slug
    raise GpuTypeUnknown(
        "no resource is known for this device: name one under gpu_types",
        expected=", ".join(sorted({slug for _, slug in KNOWN_TYPES})),
        actual=name,
    )


def choose_slug(slug: str, *, is_spot: bool, exists: Callable[[str], bool]) -> str:
    """The slug with its spot variant in place, where the machine is spot and the variant exists.

    Args:
        slug: of the GPU type.
        is_spot: whether the machine may be taken back any time, and costs less for it.
        exists: whether a resource of that slug can be billed.
    """
    variant = slug + SPOT_SUFFIX
    return variant if is_spot and exists(variant) else slug
