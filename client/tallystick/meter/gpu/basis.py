"""One billing basis per resource: what is charged by tokens is never charged by GPU time too."""

from __future__ import annotations

from typing import Literal

from tallystick.meter.gpu.errors import BasisConflict

Basis = Literal["tokens", "gpu"]


def check_basis(slug: str, registered: str, measured: Basis, claimed: str | None = None) -> None:
    """A resource is charged by what a source measures.

    Args:
        slug: the resource's.
        registered: the basis that the network has for it.
        measured: what the source measures.
        claimed: what whoever starts it believes; None where nothing was said.

    Raises:
        BasisConflict: it is charged by the other, or somebody believes so.
    """
    if claimed is not None and claimed != measured:
        raise BasisConflict(
            f"this source measures {measured}", expected=f"--basis {measured}", actual=claimed
        )
    if registered != measured:
        raise BasisConflict(
            f"{slug} is charged by {registered} and would be metered by {measured}: bill the "
            f"server's GPU time to its operator and its tokens to the caller, never both",
            expected=f"a resource charged by {measured}",
            actual=slug,
        )
