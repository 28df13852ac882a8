"""What holds on the chain now: what a proposal's values are compared with."""

from __future__ import annotations

from functools import cached_property
from typing import Any, TypeVar

from tallystick.chain.bindings.registry import RegisteredResource
from tallystick.chain.calls import View
from tallystick.chain.decoded_calls import ask_by_name
from tallystick.chain.reader import read_view
from tallystick.client.accounts import AccountTree, load_tree
from tallystick.client.errors import ResourceUnknown
from tallystick.client.meters import load_meters
from tallystick.client.proposals.scalars import parse_address
from tallystick.client.resources import load_resources
from tallystick.client.wire import Wire

T = TypeVar("T")


class Governed:
    """Everything that votes change, read when it is first asked for.

    Args:
        wire: the network.
        block: as of which block, None = now.
    """

    def __init__(self, wire: Wire, block: int | None = None) -> None:
        self._wire = wire
        self._block = block
        self._addresses = wire.network.addresses.by_contract()

    def address(self, contract: str) -> str:
        """Where a contract lies."""
        return self._addresses[contract]

    def contract_at(self, address: str) -> str | None:
        """Which contract of ours lies at an address."""
        for contract, place in self._addresses.items():
            if place == address.lower():
                return contract
        return None

    def ask(self, contract: str, function: str, *args: object) -> Any:  # noqa: ANN401 - by ABI
        """A contract's answer, structs as mappings by their Solidity names."""
        return self.read(ask_by_name(contract, self.address(contract), function, *args))

    def read(self, view: View[T]) -> T:
        """A view's value."""
        if self._block is None:
            return self._wire.read(view)
        return self._wire.loop.run(read_view(self._wire.rpc, view, block=self._block))

    def parse_address(self, where: str, text: object) -> str:
        """An address, or the name of a key in the folder; `none` is the zero address.

        Raises:
            ProposalInvalid: neither.
        """
        if self._wire.has_folder and text in self._wire.keys.names():
            return self._wire.keys.address_of(str(text))
        return parse_address(where, text)

    @cached_property
    def now_ms(self) -> int:
        """What time it is on the network."""
        return self._wire.clock()

    @cached_property
    def tree(self) -> AccountTree:
        """Every account."""
        return load_tree(self._wire)

    @cached_property
    def resources(self) -> dict[int, RegisteredResource]:
        """Every resource by id."""
        return load_resources(self._wire)

    @cached_property
    def meter_by_name(self) -> dict[str, int]:
        """Ids of meters as `organisation/name`."""
        return {
            f"{self.tree.path(meter.account).split('/')[0]}/{meter.name}": number
            for number, meter in load_meters(self._wire).items()
        }

    @cached_property
    def epoch(self) -> int:
        """The running replenishment epoch."""
        epoch: int = self.ask("Outcomes", "currentEpoch")
        return epoch

    def resource(self, slug: str) -> int:
        """A resource's id.

        Raises:
            ResourceUnknown: there is none of this slug.
        """
        for number, resource in self.resources.items():
            if resource.slug == slug:
                return number
        raise ResourceUnknown("resource", slug, [r.slug for r in self.resources.values()])

    def slug(self, resource: int) -> str:
        """A resource's slug, its number where there is none."""
        found = self.resources.get(resource)
        return f"#{resource}" if found is None else found.slug

    def path(self, account: int) -> str:
        """An account's path, its number where there is none."""
        return self.tree.path(account) or f"#{account}"
