"""What is kept beside records in the folder: usage as providers said it, durations, energy."""

from __future__ import annotations

import msgspec

from tallystick.client.errors import MeterUnknown
from tallystick.core.usage import Flag
from tallystick.local.folder import NetworkFolder
from tallystick.local.pseudonyms import Pseudonyms, format_pseudonym
from tallystick.meter.details import Detail, DetailStore

MJ_PER_MICRO_KWH = 3_600
MICRO = 1_000_000


class DetailView(msgspec.Struct, frozen=True):
    """Details of one record; what is not known is None or empty.

    Args:
        call: id of the call or event, hex.
        user: pseudonym as `records` writes it.
        user_name: where the table of pseudonyms knows it.
        flags: names, lower case.
        raw: the provider's usage object, its very text.
        energy_kwh: decimal, rounded to the nearest millionth.
    """

    meter: str
    seq: int
    call: str
    time_ms: int
    source: str
    user: str
    user_name: str | None
    flags: list[str]
    model: str
    tier: str
    status: int
    duration_ms: int | None
    first_byte_ms: int | None
    energy_mj: int | None
    energy_kwh: str | None
    is_unleased: bool
    note: str
    raw: str


def read_details(
    folder: NetworkFolder,
    meter: str,
    *,
    seq: int | None = None,
    since_ms: int = 0,
    until_ms: int | None = None,
    limit: int = 50,
) -> list[DetailView]:
    """Details of one record, or of those in [since, until) with the lowest numbers.

    Args:
        folder: the network's.
        meter: name of one of its meters, or ORG/NAME.
        seq: of the record; the other arguments do not count then.
        since_ms: Unix ms, of the records' times.
        until_ms: as above.
        limit: at most so many.

    Raises:
        MeterUnknown: the folder has no such meter.
    """
    known = [path.name for path in folder.meter("x").parent.glob("*")]
    meter = meter.rpartition("/")[2]
    if meter not in known:
        raise MeterUnknown("meter", meter, known)
    path = folder.meter(meter) / "details"
    if not path.is_dir():
        return []
    store = DetailStore(path)
    try:
        if seq is not None:
            found = store.get(seq)
            details = [] if found is None else [found]
        else:
            details = list(store.scan(since_ms=since_ms, until_ms=until_ms, limit=limit))
    finally:
        store.close()
    names = Pseudonyms(folder.names_file).name_by_pseudonym()
    return [_view(meter, detail, names) for detail in details]


def _view(meter: str, detail: Detail, names: dict[str, str]) -> DetailView:
    user = format_pseudonym(detail.user)
    return DetailView(
        meter=meter,
        seq=detail.seq,
        call=detail.call.hex(),
        time_ms=detail.time_ms,
        source=detail.source,
        user=user,
        user_name=names.get(user),
        flags=[flag.name.lower() for flag in Flag if flag & detail.flags and flag.name],
        model=detail.model,
        tier=detail.tier,
        status=detail.status,
        duration_ms=detail.duration_ms,
        first_byte_ms=detail.first_byte_ms,
        energy_mj=detail.energy_mj,
        energy_kwh=None if detail.energy_mj is None else format_kwh(detail.energy_mj),
        is_unleased=detail.is_unleased,
        note=detail.note,
        raw=detail.raw.decode(errors="replace"),
    )


def format_kwh(energy_mj: int) -> str:
    """Millijoules as kWh with 6 decimals, rounded to the nearest."""
    micro = (energy_mj + MJ_PER_MICRO_KWH // 2) // MJ_PER_MICRO_KWH
    return f"{micro // MICRO}.{micro % MICRO:06d}"
