"""What can be billed: models, variants of them, GPU types."""

from __future__ import annotations

import msgspec

from tallystick.chain.bindings.registry import RegisteredResource
from tallystick.client.errors import ResourceExists, ResourceUnknown
from tallystick.client.wire import Wire
from tallystick.core.facts import BASIS_NAMES, KIND_NAMES
from tallystick.local.roles import REGISTRAR


class ResourceView(msgspec.Struct, frozen=True):
    """A resource as commands show it."""

    id: int
    slug: str
    kind: str
    basis: str
    index_class: str | None
    active: bool


class CreatedResource(msgspec.Struct, frozen=True):
    """A resource that exists now; `created` tells whether it did not before."""

    id: int
    slug: str
    created: bool


def load_resources(wire: Wire) -> dict[int, RegisteredResource]:
    """Every resource as it was announced last, by id."""
    count = wire.read(wire.registry.resource_count())
    ids = range(1, count + 1)
    found = wire.read_all([wire.registry.resource_of(resource) for resource in ids])
    return dict(zip(ids, found, strict=True))


def list_resources(wire: Wire) -> list[ResourceView]:
    """Every resource, by id."""
    return [
        ResourceView(
            resource,
            found.slug,
            KIND_NAMES.get(found.kind, str(found.kind)),
            BASIS_NAMES.get(found.basis, str(found.basis)),
            found.index_class or None,
            found.active,
        )
        for resource, found in load_resources(wire).items()
    ]


def find_resource(wire: Wire, slug: str) -> int:
    """The resource's id.

    Raises:
        ResourceUnknown: there is none; says which slugs look like it.
    """
    found = wire.read(wire.registry.resource_by_slug(slug))
    if not found:
        known = [resource.slug for resource in load_resources(wire).values()]
        raise ResourceUnknown("resource", slug, known)
    return found


def create_resource(wire: Wire, slug: str, like: str, gpu_type: str | None) -> CreatedResource:
    """A resource billed like another one exists, with rates of its own.

    Args:
        wire: with the folder's keys.
        slug: its name.
        like: whose kind, bounds and rates it takes over.
        gpu_type: whose compute rate it takes over instead, for a GPU.

    Raises:
        ResourceUnknown: no resource `like` or `gpu_type`.
        ResourceExists: the slug belongs to a resource of another kind or billing.
    """
    model = find_resource(wire, like)
    gpu = find_resource(wire, gpu_type) if gpu_type else 0
    described = wire.read(wire.registry.resource_of(model))
    found = wire.read(wire.registry.resource_by_slug(slug))
    if found:
        _check_alike(slug, wire.read(wire.registry.resource_of(found)), described)
        return CreatedResource(found, slug, created=False)
    created = wire.send(
        REGISTRAR,
        wire.registry.register_resource(
            slug, described.kind, described.basis, described.index_class, described.bounds
        ),
    )
    wire.send(REGISTRAR, wire.tariff.adopt_rates(created, model, gpu_like=gpu))
    return CreatedResource(created, slug, created=True)


def _check_alike(slug: str, found: RegisteredResource, wanted: RegisteredResource) -> None:
    if (found.kind, found.basis) != (wanted.kind, wanted.basis):
        raise ResourceExists(
            f"{slug} exists and is billed otherwise",
            expected=f"{KIND_NAMES[wanted.kind]} by {BASIS_NAMES[wanted.basis]}",
            actual=f"{KIND_NAMES[found.kind]} by {BASIS_NAMES[found.basis]}",
        )
