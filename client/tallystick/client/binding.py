"""A file's names bound to a network's ids; what there is none of is created, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tallystick.chain.config import load_tariff_config
from tallystick.client.accounts import create_account, load_tree
from tallystick.client.errors import AccountUnknown, OrganisationsMixed, ResourceUnknown
from tallystick.client.facts import load_facts
from tallystick.client.paths import split_path
from tallystick.client.replay_options import ReplayOptions
from tallystick.client.resources import create_resource, load_resources
from tallystick.client.wire import Wire
from tallystick.core.usage import Records, read_time_ms
from tallystick.core.valuation import compute_costs_ucr
from tallystick.local.pseudonyms import Pseudonyms
from tallystick.local.roles import REGISTRAR
from tallystick.meter.importers.parse import Import, bind

VARIANT_MARK: Final = "@"
MODEL_KIND: Final = 1
TOKENS_BASIS: Final = 1
NOT_YET: Final = 0
"""Stands for what a dry run would have created."""


def bind_import(wire: Wire, imported: Import, options: ReplayOptions, shift_ms: int) -> Records:
    """The import's records with ids and pseudonyms in them.

    Args:
        wire: the network.
        imported: as read.
        options: say where projects lie and whether what is unknown may be created.
        shift_ms: added to every time.

    Raises:
        AccountUnknown, ResourceUnknown: without `create`, a name that there is none of.
        OrganisationsMixed: the projects lie in more than one organisation.
    """
    organisation = find_organisation(imported, options)
    paths = list_paths(imported, options)
    records = bind(
        imported,
        project_ids=_find_projects(wire, paths, options),
        resource_ids=_find_resources(wire, imported.resources, options),
        user_pseudonyms=[0] * len(imported.users),
        shift_ms=shift_ms,
    )
    if len(imported.users) > 1:
        records["user"] = give_pseudonyms(
            Pseudonyms(wire.folder.names_file),
            organisation,
            imported.users,
            imported.records["user"],
            read_time_ms(records),
            is_kept=not options.dry_run,
        )
    return records


def list_paths(imported: Import, options: ReplayOptions) -> list[str]:
    """The accounts that the import bills, by its own index of them."""
    prefix = f"{options.project_prefix.strip('/')}/" if options.project_prefix else ""
    return [name if name == options.project else f"{prefix}{name}" for name in imported.projects]


def find_organisation(imported: Import, options: ReplayOptions) -> str:
    """The organisation that all projects of the import lie in.

    Raises:
        OrganisationsMixed: there are several; a meter belongs to one.
    """
    organisations = sorted({split_path(path)[0] for path in list_paths(imported, options)})
    if len(organisations) != 1:
        raise OrganisationsMixed(
            "a file bills projects of several organisations",
            expected="one organisation a file",
            actual=", ".join(organisations),
        )
    return organisations[0]


def give_pseudonyms(
    table: Pseudonyms,
    organisation: str,
    users: Sequence[str],
    indexes: NDArray[np.uint64],
    time_ms: NDArray[np.int64],
    *,
    is_kept: bool = True,
) -> NDArray[np.uint64]:
    """The pseudonym of each record's user in the month of its time; 0 where none is named.

    Args:
        table: where names and keys are kept.
        organisation: whose users they are.
        users: names, the first is nobody's.
        indexes: of each record's user in `users`.
        time_ms: of each record.
        is_kept: whether new pseudonyms are kept in the table.
    """
    months = time_ms.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    pairs = np.stack([indexes.astype(np.int64), months], axis=1)
    distinct, first, of_record = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
    named = [
        (users[int(user)], int(time_ms[row]))
        for (user, _), row in zip(distinct, first, strict=True)
        if user
    ]
    pseudonyms = iter(table.give_many(organisation, named, is_kept=is_kept))
    given = [next(pseudonyms) if user else 0 for user, _ in distinct]
    return np.array(given, dtype=np.uint64)[of_record.reshape(-1)]


def estimate_cost_ucr(wire: Wire, records: Records) -> int:
    """What the records would cost under the tariff of now; resources without rates cost nothing."""
    addresses = wire.network.addresses
    facts = load_facts(wire, [addresses.registry, addresses.tariff])
    now_ms = wire.clock()
    total_ucr = 0
    for resource in np.unique(records["resource"]).tolist():
        rates = facts.resolved_at(resource, now_ms) if resource in facts.resources else None
        if rates is not None:
            chosen = records[records["resource"] == resource]
            total_ucr += int(compute_costs_ucr(chosen, rates).sum(dtype=np.uint64))
    return total_ucr


def _find_projects(wire: Wire, paths: Sequence[str], options: ReplayOptions) -> list[int]:
    ids = load_tree(wire).id_by_path()
    for path in sorted(set(paths)):
        if path not in ids:
            if not options.create:
                raise AccountUnknown("account", path, ids)
            ids[path] = NOT_YET if options.dry_run else create_account(wire, path).id
    return [ids[path] for path in paths]


def _find_resources(wire: Wire, slugs: Sequence[str], options: ReplayOptions) -> list[int]:
    ids = {resource.slug: number for number, resource in load_resources(wire).items()}
    for slug in slugs:
        if slug not in ids:
            if not options.create:
                raise ResourceUnknown("resource", slug, ids)
            ids[slug] = NOT_YET if options.dry_run else _create_resource(wire, slug, ids)
    return [ids[slug] for slug in slugs]


def _create_resource(wire: Wire, slug: str, known: dict[str, int]) -> int:
    """A variant is billed like its model; anything else has no rates before a vote sets them."""
    model = slug.partition(VARIANT_MARK)[0]
    if model in known and model != slug:
        return create_resource(wire, slug, model, None).id
    bounds = load_tariff_config().bounds["tokens"]
    return wire.send(
        REGISTRAR, wire.registry.register_resource(slug, MODEL_KIND, TOKENS_BASIS, "", bounds)
    )
