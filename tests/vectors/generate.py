"""Write the vectors that hold Python and Solidity to the same bytes and numbers.

Usage: .venv/bin/python tests/vectors/generate.py [--check]

Costs come from the explained, line-by-line form of the valuation; tests compare the array form and
`Valuation.sol` with it. Grants and price indices are computed with fractions, and both languages
compared with them. Keys are fixed and belong to nobody.
"""

from __future__ import annotations

import json
import math
import random
import statistics
import sys
from dataclasses import astuple
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
from coincurve import PrivateKey
from nacl.signing import SigningKey

from tallystick.core.attestation import (
    LedgerConfig,
    compute_address,
    compute_attestation_digest,
    compute_config_digest,
    sign_attestation,
)
from tallystick.core.batches import BatchHeader, compute_data_hash, encode_batch, join_frames
from tallystick.core.corrections import (
    Credit,
    Release,
    SettledRecord,
    compute_credit_digest,
    compute_release_digest,
)
from tallystick.core.equivocation import compute_freeze_digest, compute_proof_hash
from tallystick.core.errors import RatesOutOfBounds
from tallystick.core.frames import compute_frame_digest, encode_frame, sign_frame
from tallystick.core.replenishment import ReplenishmentTerms
from tallystick.core.settlement import compute_accumulator
from tallystick.core.tariff import Rates, resolve_rates
from tallystick.core.typed_data import encode_word
from tallystick.core.usage import (
    MAX_CONTEXT,
    QUANTITY_FIELDS,
    TOKEN_FIELDS,
    Flag,
    Records,
    apply_time_ms,
    create_records,
)
from tallystick.core.valuation import compute_cost_ucr

FOLDER: Final = Path(__file__).parent
MAX_U32: Final = 2**32 - 1
TIME_MS: Final = 1_700_158_546_680
NETWORK_ID: Final = bytes(range(32))
CHAIN_ID: Final = 31_337
CORRECTIONS: Final = bytes(range(100, 120))
METER_FREEZES: Final = bytes(range(120, 140))
LEDGER: Final = bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3")

GPT_4O: Final = Rates(
    w_in=100_000,
    w_cached=10_000,
    w_written=125_000,
    w_out=300_000,
    w_reason=300_000,
    mci_quad=5_322_266,
)
A100_80: Final = Rates(compute_ncr=17_778, memory_ncr=27_778, transfer_ncr=3_433)

PPM: Final = 10**6
DEFAULT_TERMS: Final = ReplenishmentTerms(
    low_uusd=50_000,
    high_uusd=150_000,
    growth_ppm=250_000,
    cut_ppm=250_000,
    min_spend_ucr=PPM,
    min_value_uusd=PPM,
    exploration_ppm=100_000,
    dispute_s=86_400,
)


def build_valuation() -> list[dict[str, Any]]:
    """Chosen cases first, then random ones with quantities at and around powers of two."""
    cases = [
        _value("one token", Rates(w_in=1), {"in_fresh": 1}),
        _value("nothing used", GPT_4O, {}),
        _value("128,000 tokens of gpt-4o", GPT_4O, {"in_fresh": 128_000}),
        _value("context just below a thousand", GPT_4O, {"in_fresh": 999}),
        _value("context of a thousand", GPT_4O, {"in_fresh": 500, "out_visible": 500}),
        _value("continuation carries no MCI", GPT_4O, {"in_fresh": 128_000}, Flag.CONTINUATION),
        _value("aggregate carries no MCI", GPT_4O, {"in_fresh": 128_000}, Flag.AGGREGATE),
        _value("one A100 hour", A100_80, {"compute_ms": 3_600_000}),
        _value("index rounds up", Rates(w_in=3, w_out=7), {"in_fresh": 5, "out_visible": 1}, 0, 1),
        _value("largest record", Rates(1, 1, 1, 1, 1, 1, 10**6, 1, 1), _full_quantities()),
    ]
    random_numbers = random.Random(20231116)  # noqa: S311 - reproducible cases
    while len(cases) < 200:
        case = _value_random(random_numbers, f"random {len(cases)}")
        if case is not None:
            cases.append(case)
    return cases


def build_settlement() -> dict[str, Any]:
    """A batch of two meters' frames: frames, data, digests, attestations and accumulator."""
    meter_keys = [SigningKey(bytes([number]) * 32) for number in (1, 2)]
    frames = [
        sign_frame(
            key,
            network_id=NETWORK_ID,
            meter=meter,
            key_index=0,
            first_seq=first_seq,
            records=_create_sample_records(count),
        )
        for key, meter, first_seq, count in (
            (meter_keys[0], 1, 0, 3),
            (meter_keys[1], 2, 40, 2),
            (meter_keys[0], 1, 3, 1),
        )
    ]
    header = BatchHeader(1, 1, 17, bytes([0xAB]) * 32, TIME_MS + 1_000, TIME_MS + 301_000)
    batch = join_frames(header, frames)
    batch.records["cost_word"] = [12_800_000, 1, 0, (3 << 56), 77, 2**55 - 1]
    data = encode_batch(batch)
    config = LedgerConfig(31_337, LEDGER, header.set_version, header.rules_version)
    data_hash = compute_data_hash(data)
    digest = compute_attestation_digest(config, data_hash)
    keys = [PrivateKey(bytes([0x11 * number]) * 32) for number in (1, 2, 3, 4)]
    accumulator = compute_accumulator(bytes(32), data_hash, 0b101)
    return {
        "network_id": _hex(NETWORK_ID),
        "chain_id": config.chain_id,
        "ledger": _hex(LEDGER),
        "set_version": header.set_version,
        "rules_version": header.rules_version,
        "meter_keys": [_hex(bytes(key.verify_key)) for key in meter_keys],
        "frames": [_hex(encode_frame(frame)) for frame in frames],
        "frame_digests": [_hex(compute_frame_digest(frame)) for frame in frames],
        "data": _hex(data),
        "data_hash": _hex(data_hash),
        "config_digest": _hex(compute_config_digest(config)),
        "attestation_digest": _hex(digest),
        "attesters": [compute_address(key.public_key) for key in keys],
        "attestations": [_hex(sign_attestation(key, digest)) for key in keys],
        "settled_bitmap": 0b101,
        "accumulator": _hex(accumulator),
        "next_accumulator": _hex(compute_accumulator(accumulator, data_hash, 0b1)),
    }


def build_replenishment() -> dict[str, Any]:
    """Chosen grants first, then random ones around the marks; then sequences of shares."""
    credits_ucr = 1000 * PPM
    grants = [
        _grant("nothing achieved", DEFAULT_TERMS, credits_ucr, credits_ucr, 0),
        _grant("at the low mark", DEFAULT_TERMS, credits_ucr, credits_ucr, 50 * PPM),
        _grant("just below the low mark", DEFAULT_TERMS, credits_ucr, credits_ucr, 50 * PPM - 1),
        _grant("between the marks", DEFAULT_TERMS, credits_ucr, credits_ucr, 90 * PPM),
        _grant("at the high mark", DEFAULT_TERMS, credits_ucr, credits_ucr, 150 * PPM),
        _grant("far above the high mark", DEFAULT_TERMS, credits_ucr, credits_ucr, 2**128 - 1),
        _grant("protected", DEFAULT_TERMS, credits_ucr, credits_ucr, 0, is_protected=True),
        _grant("too little spent", DEFAULT_TERMS, credits_ucr, PPM - 1, 0),
        _grant("nothing spent", DEFAULT_TERMS, credits_ucr, 0, 5 * PPM),
        _grant("too little achieved", DEFAULT_TERMS, 10 * PPM, 10 * PPM, PPM - 1),
        _grant("half of it spent", DEFAULT_TERMS, credits_ucr, credits_ucr // 2, 100 * PPM),
        _grant("widest numbers", DEFAULT_TERMS, 2**128 - 1, 2**64 - 1, 2**128 - 1),
    ]
    numbers = random.Random(20231117)  # noqa: S311 - reproducible cases
    grants += [_random_grant(numbers, f"random {len(grants) + i}") for i in range(188)]
    return {
        "grants": grants,
        "shares": [_share(numbers, ppm) for ppm in (100_000, 123_457, 150_000)],
    }


def build_corrections() -> dict[str, Any]:
    """A release, a credit and a freeze: what is signed for each, and what their hashes are of."""
    record = _create_sample_records(1)
    record["cost_word"] = 215_323
    record_hash = SettledRecord(3, 1_040, record, TIME_MS).compute_hash()
    release = Release(3, 1_041, 9, 1, 2**64 - 1, 2**55 - 1, record_hash)
    credit = Credit(3, 1_040, 7, 215_323, 100_000, record_hash, bytes(range(32)))
    frames = [
        sign_frame(
            SigningKey(bytes([3]) * 32),
            network_id=NETWORK_ID,
            meter=3,
            key_index=1,
            first_seq=40,
            records=_create_sample_records(count),
        )
        for count in (2, 1)
    ]
    proof_hash = compute_proof_hash(*frames)
    return {
        "chain_id": CHAIN_ID,
        "corrections": _hex(CORRECTIONS),
        "meter_freezes": _hex(METER_FREEZES),
        "record": _hex(record.tobytes()),
        "release": _hex(b"".join(map(_to_word, astuple(release)))),
        "release_digest": _hex(compute_release_digest(release, CHAIN_ID, CORRECTIONS)),
        "credit": _hex(b"".join(map(_to_word, astuple(credit)))),
        "credit_digest": _hex(compute_credit_digest(credit, CHAIN_ID, CORRECTIONS)),
        "frames": [_hex(encode_frame(frame)) for frame in frames],
        "proof_hash": _hex(proof_hash),
        "freeze_digest": _hex(compute_freeze_digest(3, proof_hash, CHAIN_ID, METER_FREEZES)),
    }


def _to_word(value: int | bytes) -> bytes:
    return value if isinstance(value, bytes) else encode_word(value)


def build_price_index() -> list[dict[str, Any]]:
    """Chosen epochs first, then random ones in which reports lie near the last index."""
    cases = [
        _epoch("the price stands", 4, [PPM] * 4, PPM),
        _epoch("one liar high", 4, [PPM, PPM, PPM, 10**9], PPM),
        _epoch("two liars low", 4, [1000, 1000, PPM, PPM], PPM),
        _epoch("two of four report", 4, [2 * PPM, 2 * PPM], PPM),
        _epoch("three of four report", 4, [2 * PPM, PPM, 3 * PPM], PPM),
        _epoch("the lower of the middle two", 4, [1_100_000, 1_010_000, 1_020_000, 1], PPM),
        _epoch("tenfold", 4, [10 * PPM] * 4, PPM),
        _epoch("a tenth", 4, [PPM // 10] * 4, PPM),
        _epoch("a step up, to the unit", 4, [1_150_000] * 3, PPM),
        _epoch("a unit beyond a step up", 4, [1_150_001] * 3, PPM),
        _epoch("a step down, to the unit", 4, [869_566] * 3, PPM),
        _epoch("a unit beyond a step down", 4, [869_565] * 3, PPM),
        _epoch("from the lowest index", 4, [10**9] * 4, 1000),
        _epoch("from the highest index", 4, [1000] * 4, 10**9),
        _epoch("nobody reports", 4, [], PPM),
        _epoch("alone", 1, [900_000], PPM),
    ]
    numbers = random.Random(20241001)  # noqa: S311 - reproducible cases
    return cases + [_random_epoch(numbers, f"random {len(cases) + i}") for i in range(184)]


def _value(
    name: str, rates: Rates, quantities: dict[str, int], flags: int = 0, index_ppm: int = 10**6
) -> dict[str, Any]:
    resolved = resolve_rates(rates, index_ppm)
    return {
        "name": name,
        "rates": list(astuple(rates)),
        "index_ppm": index_ppm,
        "resolved": list(astuple(resolved)),
        "flags": int(flags),
        "quantities": [quantities.get(field, 0) for field in QUANTITY_FIELDS],
        "cost_ucr": compute_cost_ucr(quantities, resolved, flags=int(flags)),
    }


def _value_random(numbers: random.Random, name: str) -> dict[str, Any] | None:
    """A random case, None where the rates drawn break the overflow bound."""
    narrow = [_draw_near_power(numbers, 26) for _ in range(8)]
    rates = Rates(
        w_in=narrow[0],
        w_cached=narrow[1],
        w_written=narrow[2],
        w_out=narrow[3],
        w_reason=narrow[4],
        compute_ncr=narrow[5],
        gpu_multiplier_ppm=numbers.randrange(1, 5 * 10**6),
        memory_ncr=narrow[6],
        transfer_ncr=narrow[7],
        bandwidth_factor_ppm=numbers.randrange(2 * 10**6),
        mci_base=numbers.randrange(2**40),
        mci_quad=_draw_near_power(numbers, 30),
    )
    left = MAX_CONTEXT
    quantities = {}
    for field in QUANTITY_FIELDS:
        drawn = _draw_near_power(numbers, 32)
        if field in TOKEN_FIELDS:
            drawn = min(drawn, left)
            left -= drawn
        quantities[field] = drawn
    flags = numbers.choice([0, 0, 0, Flag.ESTIMATED, Flag.CONTINUATION, Flag.AGGREGATE])
    try:
        return _value(
            name, rates, quantities, flags, numbers.choice([10**6, 1, 850_000, 1_149_999])
        )
    except RatesOutOfBounds:
        return None


def _grant(
    name: str,
    terms: ReplenishmentTerms,
    previous_ucr: int,
    credits_ucr: int,
    value_uusd: int,
    *,
    is_protected: bool = False,
) -> dict[str, Any]:
    base_ucr = min(previous_ucr, math.floor(Fraction(5, 4) * credits_ucr))
    is_judged = credits_ucr > 0 and credits_ucr >= terms.min_spend_ucr
    counted_uusd = 0 if value_uusd < terms.min_value_uusd else value_uusd
    factor, is_low = Fraction(1), False
    if is_judged:
        velocity = Fraction(counted_uusd * PPM, credits_ucr)
        is_low = velocity < terms.low_uusd and not is_protected
        factor = _factor(terms, velocity)
        if is_protected:
            factor = max(factor, Fraction(1))
    return {
        "name": name,
        "terms": list(astuple(terms)),
        "given": [previous_ucr, credits_ucr, value_uusd, int(is_protected)],
        "expected": [base_ucr, math.floor(base_ucr * factor), int(is_judged), int(is_low)],
    }


def _factor(terms: ReplenishmentTerms, velocity: Fraction) -> Fraction:
    if velocity < terms.low_uusd:
        missing = (terms.low_uusd - velocity) / terms.low_uusd
        return 1 - Fraction(terms.cut_ppm, PPM) * missing
    reached = (velocity - terms.low_uusd) / (terms.high_uusd - terms.low_uusd)
    return 1 + Fraction(terms.growth_ppm, PPM) * min(reached, Fraction(1))


def _random_grant(numbers: random.Random, name: str) -> dict[str, Any]:
    low_uusd = numbers.randrange(2 ** numbers.randrange(1, 40))
    terms = ReplenishmentTerms(
        low_uusd=low_uusd,
        high_uusd=low_uusd + 1 + numbers.randrange(2 ** numbers.randrange(1, 40)),
        growth_ppm=numbers.randrange(500_001),
        cut_ppm=numbers.randrange(500_001),
        min_spend_ucr=numbers.randrange(1000),
        min_value_uusd=numbers.randrange(1000),
        exploration_ppm=100_000,
        dispute_s=86_400,
    )
    credits_ucr = numbers.randrange(2 ** numbers.randrange(1, 64))
    highest_uusd = terms.high_uusd * credits_ucr // PPM
    return _grant(
        name,
        terms,
        numbers.randrange(2 ** numbers.randrange(1, 66)),
        credits_ucr,
        numbers.randrange(highest_uusd + highest_uusd // 8 + 2),
        is_protected=numbers.randrange(4) == 0,
    )


def _epoch(name: str, validators: int, reports: list[int], last_ppm: int) -> dict[str, Any]:
    """An epoch and what it gives: raw, clamped and gap, all 0 where the index is held."""
    faulty = max(f for f in range(validators) if validators >= 3 * f + 1)
    needed, expected = faulty + faulty + 1, [0, 0, 0]
    if len(reports) >= needed:
        raw = statistics.median_low(reports)
        lowest = math.ceil(last_ppm / Fraction(115, 100))
        highest = math.floor(last_ppm * Fraction(115, 100))
        clamped = sorted((lowest, raw, highest))[1]
        expected = [raw, clamped, math.floor(Fraction(raw, clamped) * PPM)]
    return {
        "name": name,
        "validators": validators,
        "needed": needed,
        "reports": reports,
        "last": last_ppm,
        "expected": expected,
    }


def _random_epoch(numbers: random.Random, name: str) -> dict[str, Any]:
    validators = numbers.randrange(1, 33)
    last_ppm = int(10 ** numbers.uniform(3, 9))
    reports = [
        min(10**9, max(1000, int(last_ppm * numbers.uniform(0.8, 1.25))))
        for _ in range(numbers.randrange(validators + 1))
    ]
    return _epoch(name, validators, reports, last_ppm)


def _share(numbers: random.Random, share_ppm: int) -> dict[str, Any]:
    granted_ucr = [numbers.randrange(2 ** numbers.randrange(1, 60)) for _ in range(24)]
    pool_ucr = [
        math.floor(Fraction(sum(granted_ucr[: i + 1]) * share_ppm, PPM - share_ppm))
        for i in range(len(granted_ucr))
    ]
    return {"share_ppm": share_ppm, "granted_ucr": granted_ucr, "pool_ucr": pool_ucr}


def _draw_near_power(numbers: random.Random, bits: int) -> int:
    """A number at or beside a power of two, below 2^bits."""
    drawn: int = (1 << numbers.randrange(bits + 1)) + numbers.choice([-1, 0, 1])
    highest: int = 2**bits - 1
    return max(0, min(drawn, highest))


def _full_quantities() -> dict[str, int]:
    return {"in_fresh": MAX_CONTEXT} | dict.fromkeys(QUANTITY_FIELDS[5:], MAX_U32)


def _create_sample_records(count: int) -> Records:
    records = create_records(count)
    apply_time_ms(records, TIME_MS + np.arange(count, dtype=np.int64))
    records["project"] = 3 + np.arange(count)
    records["user"] = 2**63 + np.arange(count, dtype=np.uint64)
    records["resource"] = 1
    records["in_fresh"] = 374
    records["out_visible"] = 44
    records["step"] = 2
    return records


def _dump(content: dict[str, Any]) -> str:
    """JSON with one line per value of the document, and one per item of a list of documents."""
    lines = []
    for key, value in content.items():
        if isinstance(value, list) and isinstance(value[0], dict):
            items = ",\n".join(json.dumps(item) for item in value)
            lines.append(f"{json.dumps(key)}: [\n{items}\n]")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def main() -> int:
    """Write the files, or with --check say whether they are what would be written."""
    built = {
        "valuation.json": {"cases": build_valuation()},
        "settlement.json": build_settlement(),
        "replenishment.json": build_replenishment(),
        "price_index.json": {"cases": build_price_index()},
        "corrections.json": build_corrections(),
    }
    stale = []
    for name, content in built.items():
        text = _dump(content)
        path = FOLDER / name
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(name)
    if stale:
        print(f"stale: {', '.join(stale)}; run tests/vectors/generate.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
