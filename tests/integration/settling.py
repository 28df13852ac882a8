"""A deployed network whose every key the test holds, and settlements made without any node.

`found_network` deploys; `SettlingNetwork.sign` makes frames as a meter would, `.judge` values them
as validators would, `.attest` signs as many of them as asked, and `.send` settles. Each step can
be given something wrong, which is what it is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from coincurve import PrivateKey
from eth_account import Account
from eth_account.signers.local import LocalAccount
from nacl.signing import SigningKey
from tests.integration.voting import carry_vote
from web3 import Web3

from tallystick.chain.bindings.budgets import Budgets
from tallystick.chain.bindings.onboarding import Onboarding
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.blocks import Advanced, Block
from tallystick.chain.calls import Write
from tallystick.chain.config import load_network_config, load_tariff_config
from tallystick.chain.deploy import deploy_network
from tallystick.chain.follower import Follower
from tallystick.chain.gas import compute_settle_gas
from tallystick.chain.network import Network
from tallystick.chain.reader import connect
from tallystick.chain.rpc import Rpc
from tallystick.chain.settle_calldata import SettleCall, encode_settle
from tallystick.chain.submitter import Settle
from tallystick.chain.transact import TransactionSender
from tallystick.chain.wiring import Founding, Seat
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
    encode_batch,
    join_frames,
)
from tallystick.core.facts import FactBook, Validator
from tallystick.core.frames import Frame, sign_frame
from tallystick.core.usage import Records, apply_time_ms, create_records
from tallystick.core.verdicts import compute_verdicts

NETWORK_ID: Final = bytes(range(1, 33))
VALIDATORS: Final = 4
QUORUM: Final = (0, 1, 2)
VALID_MS: Final = 600_000
FIRST_TIME_MS: Final = 1_700_000_000_000
GPT_4O: Final = 1
GRANTED_UCR: Final = 1_000_000_000_000
DEPLOYER_KEY: Final = bytes([1]) * 32
REGISTRAR_KEY: Final = bytes([2]) * 32
GUARDIAN_KEY: Final = bytes([3]) * 32
FIRST_SEAT_KEY: Final = 4
OUTSIDE_ORGANISATIONS: Final = 1 << 32
"""Seats speak for the last account ids, which no organisation of a test gets."""


@dataclass(frozen=True, slots=True)
class ValidatorKeys:
    """One validator's keys."""

    attest: PrivateKey
    send: LocalAccount
    transport: SigningKey

    def describe(self, index: int) -> Validator:
        """The validator as the set knows it."""
        return Validator(
            compute_address(self.attest.public_key),
            self.send.address.lower(),
            bytes(self.transport.verify_key),
            f"validator-{index}",
            f"http://127.0.0.1:{9000 + index}",
        )


@dataclass(frozen=True, slots=True)
class MeterKeys:
    """A registered meter and its signing key."""

    id: int
    key: SigningKey


@dataclass(slots=True)
class SettlingNetwork:
    """One network and everybody's keys."""

    url: str
    w3: Web3
    network: Network
    registrar: TransactionSender
    guardian: TransactionSender
    seats: tuple[TransactionSender, ...]
    validators: tuple[ValidatorKeys, ...]
    organisation: int
    projects: tuple[int, ...]
    meters: tuple[MeterKeys, ...]
    book: FactBook = field(default_factory=FactBook)
    newest: Block | None = None

    def vote(self, *writes: Write[Any]) -> None:
        """The seats have decided that these calls happen, and they have."""
        carry_vote(self.w3, self.network.addresses, self.seats, writes)

    async def learn(self) -> Block:
        """The fact book holds what the chain has announced; gives the chain's newest block."""
        known = [] if self.newest is None else [(self.newest.number, self.newest.hash)]
        rpc = Rpc([self.url])
        follower = Follower(rpc, self.network, known=known)
        while isinstance(step := await follower.poll(), Advanced):
            for block in step.blocks:
                self.book.announce(block.number, block.facts)
                self.newest = block
        await rpc.aclose()
        assert self.newest is not None, "the chain went back: make a new SettlingNetwork"
        return self.newest

    def records(self, count: int, *, first: int = 0, **columns: int) -> Records:
        """Plausible records: projects in turn, gpt-4o, growing inputs, a second apart."""
        records = create_records(count)
        place = np.arange(first, first + count)
        records["project"] = np.array(self.projects)[place % len(self.projects)]
        records["resource"] = GPT_4O
        records["in_fresh"] = 100 + place
        records["out_visible"] = 50
        apply_time_ms(records, FIRST_TIME_MS + 1_000 * place)
        for name, value in columns.items():
            records[name] = value
        return records

    def sign(self, records: Records, *, first_seq: int, meter: int = 0) -> Frame:
        """A frame of the meter with this place in `meters`."""
        keys = self.meters[meter]
        return self.sign_as(keys.key, keys.id, records, first_seq=first_seq)

    def sign_as(
        self, key: SigningKey, meter_id: int, records: Records, *, first_seq: int = 0
    ) -> Frame:
        """A frame that says it is of a meter, signed with any key."""
        return sign_frame(
            key,
            network_id=self.network.network_id,
            meter=meter_id,
            key_index=0,
            first_seq=first_seq,
            records=records,
        )

    async def judge(self, frames: Sequence[Frame]) -> Batch:
        """The batch of these frames as honest validators value it now."""
        block = await self.learn()
        header = BatchHeader(
            set_version=1,
            rules_version=1,
            reference_block=block.number,
            reference_hash=bytes.fromhex(block.hash[2:]),
            batch_time_ms=block.time_s * 1000,
            valid_until_ms=block.time_s * 1000 + VALID_MS,
        )
        batch = join_frames(header, frames)
        facts = self.book.at(block.number)
        batch.records["cost_word"] = compute_verdicts(
            batch.records, batch.meters(), facts, header.batch_time_ms
        )
        return batch

    def attest(self, batch: Batch, signers: Sequence[int] = QUORUM) -> Settle:
        """The batch with the attestations of these validators, whatever it says."""
        data = encode_batch(batch)
        data_hash = compute_data_hash(data)
        config = LedgerConfig(
            self.network.chain_id,
            bytes.fromhex(self.network.addresses.ledger[2:]),
            batch.header.set_version,
            batch.header.rules_version,
        )
        digest = compute_attestation_digest(config, data_hash)
        return Settle(
            data=data,
            signer_bitmap=sum(1 << signer for signer in signers),
            attestations=tuple(
                sign_attestation(self.validators[signer].attest, digest) for signer in signers
            ),
            data_hash=data_hash,
            records=len(batch.records),
            segments=len(batch.segments),
            projects=len(set(batch.records["project"].tolist())),
        )

    def send(self, settle: Settle, *, sender: int = 0) -> str:
        """The settle transaction's hash, once it is mined and has succeeded."""
        account = self.validators[sender].send
        gas = compute_settle_gas(
            settle.records, settle.segments, settle.projects, len(settle.attestations)
        )
        call = SettleCall(settle.data, settle.signer_bitmap, settle.attestations)
        signed = account.sign_transaction(
            {
                "chainId": self.network.chain_id,
                "nonce": self.w3.eth.get_transaction_count(account.address),
                "gasPrice": 0,
                "gas": gas,
                "to": self.w3.to_checksum_address(self.network.addresses.ledger),
                "value": 0,
                "data": encode_settle(call),
            }
        )
        tx_hash = self.w3.eth.send_raw_transaction(signed.raw_transaction)
        receipt = self.w3.eth.wait_for_transaction_receipt(tx_hash, poll_latency=0.01)
        assert receipt["status"] == 1, f"settle reverted, {receipt['gasUsed']} of {gas} gas"
        return f"0x{bytes(tx_hash).hex()}"

    async def settle(self, frames: Sequence[Frame], *, sender: int = 0) -> str:
        """The hash of an honest settlement of these frames."""
        return self.send(self.attest(await self.judge(frames)), sender=sender)


def make_validators() -> tuple[ValidatorKeys, ...]:
    """Four validators with fixed keys."""
    return tuple(
        ValidatorKeys(
            PrivateKey(bytes([16 + index]) * 32),
            Account.from_key(bytes([32 + index]) * 32),
            SigningKey(bytes([48 + index]) * 32),
        )
        for index in range(VALIDATORS)
    )


def list_seat_keys() -> list[bytes]:
    """One key for each validator's member."""
    return [bytes([FIRST_SEAT_KEY + index]) * 32 for index in range(VALIDATORS)]


def found_network(url: str, *, projects: int = 3, meters: int = 2) -> SettlingNetwork:
    """A deployed network with one organisation, granted projects below one team, and meters."""
    w3 = connect(url)
    registrar, guardian, *seats = (
        TransactionSender(w3, Account.from_key(key))
        for key in (REGISTRAR_KEY, GUARDIAN_KEY, *list_seat_keys())
    )
    validators = make_validators()
    founding = Founding(
        network_id=NETWORK_ID,
        validators=tuple(keys.describe(index) for index, keys in enumerate(validators)),
        registrar=registrar.address,
        guardian=guardian.address,
        seats=tuple(
            Seat(seat.address, OUTSIDE_ORGANISATIONS - number)
            for number, seat in enumerate(seats, start=1)
        ),
    )
    config = load_network_config()
    deployer = TransactionSender(w3, Account.from_key(DEPLOYER_KEY))
    network = deploy_network(w3, deployer, founding, config, load_tariff_config())
    registry, budgets = Registry(network.addresses.registry), Budgets(network.addresses.budgets)
    onboarding = Onboarding(network.addresses.onboarding)
    admit = onboarding.admit("acme", registrar.address, registrar.address)
    organisation = registrar.send(admit).outcome
    team = registrar.send(registry.create_account(organisation, "team", registrar.address)).outcome
    project_ids = []
    for index in range(projects):
        create = registry.create_account(team, f"project-{index}", registrar.address)
        project_ids.append(registrar.send(create).outcome)
        registrar.send(budgets.grant(project_ids[-1], GRANTED_UCR))
    meter_keys = []
    for index in range(meters):
        key = SigningKey(bytes([64 + index]) * 32)
        register = registry.register_meter(
            organisation, f"meter-{index}", bytes(key.verify_key), config.meter_bounds
        )
        meter_keys.append(MeterKeys(registrar.send(register).outcome, key))
    return SettlingNetwork(
        url=url,
        w3=w3,
        network=network,
        registrar=registrar,
        guardian=guardian,
        seats=tuple(seats),
        validators=validators,
        organisation=organisation,
        projects=tuple(project_ids),
        meters=tuple(meter_keys),
    )
