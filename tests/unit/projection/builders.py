"""A synthetic chain: real frames, real verdicts, real attestations, in blocks nobody mined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

import numpy as np
from coincurve import PrivateKey
from nacl.signing import SigningKey

from tallystick.chain.blocks import Block, Settlement, Skip, Transaction
from tallystick.chain.decode import Event
from tallystick.chain.network import Addresses, Network
from tallystick.core.attestation import (
    LedgerConfig,
    compute_address,
    compute_attestation_digest,
    sign_attestation,
)
from tallystick.core.batches import (
    Batch,
    BatchHeader,
    compute_data_hash,
    decode_batch,
    encode_batch,
    join_frames,
)
from tallystick.core.facts import (
    Account,
    Bounds,
    Fact,
    FactBook,
    Meter,
    MeterKey,
    Resource,
    ResourceRates,
    Rules,
    Validator,
    ValidatorSet,
)
from tallystick.core.frames import sign_frame
from tallystick.core.hashes import compute_keccak256
from tallystick.core.settlement import (
    Cursor,
    compute_accumulator,
    compute_settled_bitmap,
    compute_statuses,
)
from tallystick.core.tariff import Rates
from tallystick.core.usage import (
    Records,
    apply_time_ms,
    create_records,
    read_costs_ucr,
    read_reasons,
)
from tallystick.core.verdicts import compute_verdicts
from tallystick.projection import Projection
from tallystick.projection.chain_tables import BLOCK_TABLES
from tallystick.projection.directory_tables import DIRECTORY_TABLES

NETWORK_ID: Final = bytes(range(32))
LEDGER: Final = "0x" + "1e" * 20
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
SONNET: Final = Rates(
    w_in=80_000, w_cached=8_000, w_written=100_000, w_out=240_000, w_reason=240_000
)
H100: Final = Rates(compute_ncr=17_778, gpu_multiplier_ppm=2_200_000, memory_ncr=27_778)

ACCOUNTS: Final = (
    (1, 0, "acme"),
    (2, 1, "support"),
    (3, 2, "chat"),
    (4, 2, "mail"),
    (5, 1, "engineering"),
    (6, 5, "review"),
    (7, 1, "marketing"),
    (8, 7, "copy"),
    (9, 0, "rival"),
    (10, 9, "search"),
)
CHAT, MAIL, REVIEW, COPY, RIVAL_SEARCH = 3, 4, 6, 8, 10
MODEL, CLAUDE, GPU, UNKNOWN_RESOURCE = 1, 2, 3, 99
METERS: Final = (1, 2)
VALIDATORS: Final = tuple(PrivateKey(bytes([index + 1]) * 32) for index in range(4))

NETWORK: Final = Network(
    chain_id=31_337,
    network_id=NETWORK_ID,
    addresses=Addresses(
        **{
            each.name: LEDGER if each.name == "ledger" else f"0x{place + 1:02x}{'a1' * 19}"
            for place, each in enumerate(fields(Addresses))
        }
    ),
    genesis_hash="0x" + "9e" * 32,
    start_block=0,
)


def meter_key(meter: int) -> SigningKey:
    """The meter's frame key."""
    return SigningKey(bytes([0x40 + meter]) * 32)


def base_facts() -> tuple[Fact, ...]:
    """Two organisations, two meters, three resources, four validators."""
    return (
        RULES,
        *(Account(*row, f"0x{row[0]:040x}", active=True, from_ms=0) for row in ACCOUNTS),
        *(
            Meter(meter, 1, f"gateway-{meter}", f"0x{meter:040x}", WIDE, active=True, from_ms=0)
            for meter in METERS
        ),
        *(MeterKey(meter, 0, bytes(meter_key(meter).verify_key), 0) for meter in METERS),
        Resource(MODEL, "gpt-4o", 1, 1, "", WIDE, active=True, from_ms=0),
        Resource(CLAUDE, "claude-3.5-sonnet", 1, 1, "", WIDE, active=True, from_ms=0),
        Resource(GPU, "h100", 3, 2, "", WIDE, active=True, from_ms=0),
        ResourceRates(1, MODEL, GPT_4O, 0),
        ResourceRates(1, CLAUDE, SONNET, 0),
        ResourceRates(1, GPU, H100, 0),
        ValidatorSet(
            1,
            tuple(
                Validator(
                    compute_address(key.public_key),
                    f"0x{index + 1:040x}",
                    bytes([index]) * 32,
                    f"validator-{index + 1}",
                    f"http://127.0.0.1:{9000 + index}",
                )
                for index, key in enumerate(VALIDATORS)
            ),
            0,
        ),
    )  # fmt: skip


@dataclass
class SyntheticChain:
    """Grows block by block; `fork` gives block hashes of another branch."""

    blocks: list[Block] = field(default_factory=list)
    fork: int = 0

    def add_block(
        self,
        *,
        facts: Sequence[Fact] = (),
        batches: Sequence[Sequence[tuple[int, int, Records]]] = (),
        events: Sequence[tuple[str, str, dict[str, Any]]] = (),
        skips: Sequence[int] = (),
        time_s: int | None = None,
    ) -> Block:
        """One more block.

        Args:
            facts: announced by it.
            batches: each a list of frames (meter, first sequence number, records).
            events: (contract, name, arguments), each in a transaction of its own.
            skips: reasons of batches skipped whole.
            time_s: the block's, by default two seconds after the last.
        """
        number = self.height + 1
        block_time_s = time_s if time_s is not None else NOW_MS // 1000 + 2 * number
        shell = Block(
            number, self._hash("block", number), self._hash("block", number - 1), block_time_s,
            0, 30_000_000, (), (), tuple(facts), (), (),
        )  # fmt: skip
        self.blocks.append(shell)
        sent: list[Transaction] = []
        logs: list[Event] = []
        keys = [_announce_key(fact) for fact in facts if isinstance(fact, MeterKey)]
        for contract, name, arguments in (*keys, *events):
            tx = self._send(sent, number, "" if contract != "Budgets" else "setBudget")
            logs.append(Event(name, contract, arguments, number, tx.hash, tx.index, len(logs)))
        settled: list[Settlement] = []
        for frames in batches:
            tx = self._send(sent, number, "settle")
            settled.append(self._settle(frames, tx, block_time_s, settled))
            logs.append(_settled_event(settled[-1], len(logs)))
        skipped = [
            Skip(self._send(sent, number, "settle").hash, number, f"0x{1:040x}", bytes(32), reason)
            for reason in skips
        ]
        block = Block(
            number, shell.hash, shell.parent_hash, block_time_s, 4_000_000 * len(sent), 30_000_000,
            tuple(sent), tuple(logs), tuple(facts), tuple(settled), tuple(skipped),
        )  # fmt: skip
        self.blocks[-1] = block
        return block

    @property
    def height(self) -> int:
        """Number of the last block, 0 before the first."""
        return self.blocks[-1].number if self.blocks else 0

    def unwind(self, to_block: int) -> None:
        """Blocks after `to_block` never were; what follows is another branch."""
        self.blocks = [block for block in self.blocks if block.number <= to_block]
        self.fork += 1

    def cursors(self) -> dict[int, Cursor]:
        """Where the meters stand."""
        cursors = self._opened()
        for settlement in self._settlements():
            cursors.update(_replay(settlement, cursors))
        return cursors

    def _opened(self) -> dict[int, Cursor]:
        """Every meter whose first key was announced, at 0."""
        facts = (fact for block in self.blocks for fact in block.facts)
        return {fact.meter: Cursor() for fact in facts if isinstance(fact, MeterKey)}

    def _settlements(self) -> list[Settlement]:
        return [settlement for block in self.blocks for settlement in block.settlements]

    def _book(self) -> FactBook:
        book = FactBook()
        for block in self.blocks:
            book.announce(block.number, block.facts)
        return book

    def _hash(self, what: str, number: int) -> str:
        return "0x" + compute_keccak256(f"{what} {number} {self.fork}".encode()).hex()

    def _send(self, sent: list[Transaction], number: int, method: str) -> Transaction:
        index = len(sent)
        tx_hash = self._hash("transaction", number * 1000 + index)
        sender = f"0x{index % 4 + 1:040x}"
        sent.append(
            Transaction(tx_hash, number, index, sender, LEDGER, method, 4_000_000, succeeded=True)
        )
        return sent[-1]

    def _settle(
        self,
        frames: Sequence[tuple[int, int, Records]],
        tx: Transaction,
        time_s: int,
        in_block: Sequence[Settlement],
    ) -> Settlement:
        before = [*self._settlements(), *in_block]
        cursors = self._opened()
        for earlier in before:
            cursors.update(_replay(earlier, cursors))
        batch = self._judge(frames, tx.block, time_s * 1000)
        data = encode_batch(batch)
        data_hash = compute_data_hash(data)
        statuses, _ = compute_statuses(cursors, batch.segments)
        bitmap = compute_settled_bitmap(statuses)
        accumulator = before[-1].accumulator if before else bytes(32)
        digest = compute_attestation_digest(
            LedgerConfig(NETWORK.chain_id, bytes.fromhex(LEDGER[2:]), 1, 1), data_hash
        )
        return Settlement(
            tx.hash, tx.block, time_s, tx.index, tx.sender, len(before), data, data_hash, 0b1101,
            tuple(sign_attestation(VALIDATORS[index], digest) for index in (0, 2, 3)),
            bitmap, compute_accumulator(accumulator, data_hash, bitmap),
            len(batch.records), int((read_reasons(batch.records) != 0).sum()),
            int(read_costs_ucr(batch.records).sum()),
        )  # fmt: skip

    def _judge(
        self, frames: Sequence[tuple[int, int, Records]], number: int, time_ms: int
    ) -> Batch:
        signed = [
            sign_frame(
                meter_key(meter),
                network_id=NETWORK_ID,
                meter=meter,
                key_index=0,
                first_seq=first_seq,
                records=records,
            )
            for meter, first_seq, records in frames
        ]
        reference = max(number - 1, 0)
        header = BatchHeader(
            1, 1, reference, bytes.fromhex(self._hash("block", reference)[2:]), time_ms,
            time_ms + 10 * MINUTE_MS,
        )  # fmt: skip
        batch = join_frames(header, signed)
        facts = self._book().at(reference)
        batch.records["cost_word"] = compute_verdicts(batch.records, batch.meters(), facts, time_ms)
        return batch


def build_records(count: int = 1, *, time_ms: int = NOW_MS, **columns: int) -> Records:
    """Records of project chat and model gpt-4o, one second apart, with these columns changed."""
    records = create_records(count)
    apply_time_ms(records, time_ms + 1000 * np.arange(count, dtype=np.int64))
    for field_name, value in (
        {"project": CHAT, "resource": MODEL, "in_fresh": 1000} | columns
    ).items():
        records[field_name] = value
    return records


def dump_tables(projection: Projection) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, sorted: equal for equal projections."""
    cursor = projection.cursor()
    tables = (*BLOCK_TABLES, *DIRECTORY_TABLES)
    rows = {table.name: cursor.execute(f"FROM {table.name}").fetchall() for table in tables}
    return {name: sorted(found, key=repr) for name, found in rows.items()}


def _replay(settlement: Settlement, cursors: dict[int, Cursor]) -> dict[int, Cursor]:
    return compute_statuses(cursors, decode_batch(settlement.data).segments)[1]


def _announce_key(key: MeterKey) -> tuple[str, str, dict[str, Any]]:
    arguments = {
        "meter": key.meter,
        "keyIndex": key.key_index,
        "key": key.key,
        "firstSeq": key.first_seq,
    }
    return "Registry", "MeterKeySet", arguments


def _settled_event(settlement: Settlement, log_index: int) -> Event:
    return Event(
        "BatchSettled",
        "UsageLedger",
        {
            "number": settlement.number,
            "dataHash": settlement.data_hash,
            "sender": settlement.sender,
            "settledBitmap": settlement.settled_bitmap,
            "records": settlement.records,
            "quarantined": settlement.quarantined,
            "costUcr": settlement.cost_ucr,
            "accumulator": settlement.accumulator,
        },
        settlement.block,
        settlement.tx_hash,
        settlement.tx_index,
        log_index,
    )
