"""`tallystick resource`: models, variants of them, GPU types."""

from __future__ import annotations

from typing import Annotated

import typer

from tallystick.cli.app import Session, command, create_app
from tallystick.cli.render import Table

app = create_app("Models, variants with a price of their own, GPU types.")


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="resource")


@command(
    app,
    "create",
    examples=(
        "tallystick resource create gpt-4o@batch --like gpt-4o",
        "tallystick resource create h100-reserved --like h100 --gpu-type h100",
    ),
)
def create(
    context: typer.Context,
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="its name")],
    like: Annotated[str, typer.Option(help="the resource whose billing and rates it takes over")],
    gpu_type: Annotated[
        str | None, typer.Option(help="the GPU whose compute rate it takes over instead")
    ] = None,
) -> None:
    """Create a resource that is billed like another one."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Creating resource {slug}, billed like {like}")
        created = client.create_resource(slug, like=like, gpu_type=gpu_type)
    verb = "created" if created.created else "exists already"
    document = {"id": created.id, "slug": created.slug}
    session.output.show(document, f"{created.slug} {verb}, resource {created.id}")


@command(
    app,
    "list",
    examples=("tallystick resource list", "tallystick resource list --json"),
)
def list_(context: typer.Context) -> None:
    """List every resource."""
    session: Session = context.obj
    with session.open_client() as client:
        resources = client.resources()
    rows = [
        [
            resource.slug,
            str(resource.id),
            resource.kind,
            resource.basis,
            resource.index_class or "-",
            "yes" if resource.active else "no",
        ]
        for resource in resources
    ]
    columns = ("resource", "id", "kind", "billed by", "index", "active")
    session.output.show(resources, Table(columns, rows, right=frozenset({"id"})))
