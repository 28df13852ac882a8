"""Small builders that the core's tests share: one network's facts, one meter's frames."""

from __future__ import annotations

from typing import Final

from nacl.signing import SigningKey

from tallystick.core.facts import (
    Account,
    Bounds,
    Fact,
    FactBook,
    Facts,
    Meter,
    MeterKey,
    Resource,
    ResourceRates,
    Rules,
)
from tallystick.core.frames import Frame, sign_frame
from tallystick.core.tariff import Rates
from tallystick.core.usage import Records, create_records

NETWORK_ID: Final = bytes(range(32))
METER_KEY: Final = SigningKey(bytes([7]) * 32)
NOW_MS: Final = 1_790_000_000_000
MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
WIDE: Final = Bounds(2**24 - 1, 2**32 - 1, 2**32 - 1, 2**32 - 1, 2**55 - 1)
RULES: Final = Rules(1, 0b10, 0xFF, 45 * DAY_MS, 5 * MINUTE_MS, 0)
GPT_4O: Final = Rates(
    w_in=100_000,
    w_cached=10_000,
    w_written=125_000,
    w_out=300_000,
    w_reason=300_000,
    mci_quad=5_322_266,
)

ACME, SUPPORT, CHAT, RIVAL, RIVAL_PROJECT = 1, 2, 3, 4, 5
METER, MODEL = 1, 1

BASE_FACTS: Final[tuple[Fact, ...]] = (
    RULES,
    Account(ACME, 0, "acme", "0xac", active=True, from_ms=0),
    Account(SUPPORT, ACME, "support", "0xac", active=True, from_ms=0),
    Account(CHAT, SUPPORT, "chat", "0xac", active=True, from_ms=0),
    Account(RIVAL, 0, "rival", "0x41", active=True, from_ms=0),
    Account(RIVAL_PROJECT, RIVAL, "search", "0x41", active=True, from_ms=0),
    Meter(METER, ACME, "gateway", "0x1e", WIDE, active=True, from_ms=0),
    MeterKey(METER, 0, bytes(METER_KEY.verify_key), 0),
    Resource(MODEL, "gpt-4o", 1, 1, "", WIDE, active=True, from_ms=0),
    ResourceRates(1, MODEL, GPT_4O, 0),
)


def build_facts(*more: Fact) -> Facts:
    """What is known after the base facts and `more`."""
    book = FactBook()
    book.announce(1, [*BASE_FACTS, *more])
    return book.at(1)


def build_records(count: int = 1, **columns: int) -> Records:
    """Records of project chat and model gpt-4o at NOW_MS, with these columns changed."""
    records = create_records(count)
    columns = {"project": CHAT, "resource": MODEL, "in_fresh": 1_000, "time_ms": NOW_MS} | columns
    time_ms = columns.pop("time_ms")
    records["time_hi"], records["time_lo"] = time_ms >> 32, time_ms & 0xFFFFFFFF
    for field, value in columns.items():
        records[field] = value
    return records


def build_frame(
    records: Records | None = None,
    *,
    first_seq: int = 0,
    meter: int = METER,
    key: SigningKey = METER_KEY,
    key_index: int = 0,
) -> Frame:
    """A frame signed by the meter's key."""
    return sign_frame(
        key,
        network_id=NETWORK_ID,
        meter=meter,
        key_index=key_index,
        first_seq=first_seq,
        records=build_records() if records is None else records,
    )
