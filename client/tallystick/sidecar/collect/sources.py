"""What a collector reads, bound to the network's resources and to who pays."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, cast

import structlog

from tallystick.core.errors import TemporaryFailure
from tallystick.meter.gpu.attribution import Facts, Rule, find_payer, list_environment
from tallystick.meter.gpu.basis import check_basis
from tallystick.meter.gpu.dcgm import DcgmSource
from tallystick.meter.gpu.device_types import choose_slug, find_slug
from tallystick.meter.gpu.devices import DevicePolicy
from tallystick.meter.gpu.engines import EnginePolicy, EngineSource
from tallystick.meter.gpu.errors import BasisConflict, GpuTypeUnknown
from tallystick.meter.gpu.nvml import NvmlSource
from tallystick.meter.gpu.nvml_library import NvmlLibrary
from tallystick.meter.gpu.processes import read_facts
from tallystick.meter.gpu.uses import Payer
from tallystick.meter.gpu.watching import Source
from tallystick.sidecar.collect.settings import CollectConfig, build_rules
from tallystick.sidecar.directory import NetworkDirectory
from tallystick.sidecar.errors import ExtraMissing
from tallystick.sidecar.lengths import parse_length_ms

US_PER_MS: Final = 1_000

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DeviceBinding:
    """Which resource devices are charged as; devices that are none are left out, and said so once.

    Args:
        directory: of the network.
        config: of the collector.
    """

    directory: NetworkDirectory
    config: CollectConfig
    told: set[str]

    def find(self, name: str) -> str | None:
        """The slug of a device by its name, None where it cannot be charged."""
        try:
            return self.require(name)
        except (GpuTypeUnknown, BasisConflict) as error:
            if name not in self.told:
                self.told.add(name)
                _log.warning("device_not_metered", device=name, code=error.code, why=str(error))
            return None

    def require(self, name: str) -> str:
        """The slug of a device by its name.

        Raises:
            GpuTypeUnknown: it is of no type we know.
            BasisConflict: its resource is charged by tokens.
        """
        slug = find_slug(name, self.config.gpu_types)
        slug = choose_slug(
            slug,
            is_spot=self.config.spot,
            exists=lambda each: self.directory.resource(each) is not None,
        )
        found = self.directory.resource(slug)
        if found is not None:
            check_basis(slug, found.basis, "gpu", self.config.basis)
        return slug


def load_nvml() -> NvmlLibrary:
    """NVIDIA's management library, not opened yet.

    Raises:
        ExtraMissing: its package is not installed.
    """
    try:
        import pynvml  # noqa: PLC0415 - an extra's, and only where devices are metered here
    except ImportError as error:
        raise ExtraMissing(
            "metering this machine's devices needs a package",
            expected="pip install 'tallystick[collect]'",
            actual=str(error),
        ) from error
    return cast("NvmlLibrary", pynvml)


def build_sources(
    config: CollectConfig, directory: NetworkDirectory, library: NvmlLibrary | None
) -> list[Source]:
    """The sources that a configuration names, this machine's own devices first."""
    rules = build_rules(config)
    binding = DeviceBinding(directory, config, set())
    policy = DevicePolicy(
        binding.find,
        partial(find_device_payer, rules, config.shared),
        Payer(config.operator),
        config.charge,
        parse_length_ms(config.gap) * US_PER_MS,
    )
    sources: list[Source] = []
    if library is not None:
        environment = list_environment(rules)
        sources.append(
            NvmlSource(library, partial(_read_facts, environment), policy, socket.gethostname())
        )
    sources += [DcgmSource(url, policy, config.transfer) for url in config.dcgm]
    return sources + [
        EngineSource(
            engine.url, engine.kind, EnginePolicy(Payer(engine.project), dict(engine.models))
        )
        for engine in config.engines
    ]


def find_device_payer(rules: Sequence[Rule], shared: str, facts: Facts) -> Payer:
    """Who pays for work on a device: whom a rule names, else the shared project."""
    return find_payer(rules, facts) or Payer(shared)


def check_sources(
    sources: Sequence[Source], config: CollectConfig, directory: NetworkDirectory
) -> None:
    """Everything that can be read now has a resource charged by what it measures.

    A source that does not answer yet is no reason not to start.

    Raises:
        ResourceUnknown, GpuTypeUnknown, BasisConflict: it has not.
    """
    for engine in config.engines:
        for slug in engine.models.values():
            claimed = engine.basis or config.basis
            check_basis(slug, directory.require_resource(slug).basis, "tokens", claimed)
    binding = DeviceBinding(directory, config, set())
    for source in sources:
        if isinstance(source, NvmlSource | DcgmSource):
            for name in _list_device_names(source):
                directory.require_resource(binding.require(name))


def _read_facts(environment: frozenset[str], pid: int) -> Facts:
    return read_facts(pid, environment)


def _list_device_names(source: NvmlSource | DcgmSource) -> list[str]:
    try:
        return [device.name for device in source.read().devices]
    except TemporaryFailure as error:
        _log.warning("source_not_read", source=source.name, code=error.code, why=str(error))
        return []
