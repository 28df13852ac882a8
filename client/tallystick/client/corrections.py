"""Settled records put right: quarantined ones released, settled ones credited, through any node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx
import msgspec

from tallystick.client.accounts import load_tree
from tallystick.client.commitments import Commitments
from tallystick.client.errors import NodeFailed, NodeRefused, NodesUnreachable
from tallystick.client.meters import find_meter, load_meters
from tallystick.client.reads import ListQuery, Reads, RecordQuery, Row
from tallystick.client.signers import find_controller, find_registrar
from tallystick.client.wire import Wire
from tallystick.core.corrections import Credit, compute_credit_digest
from tallystick.core.typed_data import sign_typed_digest
from tallystick.local.tokens import load_tokens

TIMEOUT_S: Final = 60.0
VALUED: Final = "valued"
PAGE: Final = 1_000
NO_REASON: Final = bytes(32)
DONE_BEFORE: Final = ("already_exists",)


class SettledRecord(msgspec.Struct, frozen=True):
    """A record as it settled; `release_ucr` is what releasing it would charge, None = nothing."""

    meter: int
    seq: int
    project: int
    resource: int
    user: int
    reason: str
    cost_ucr: int
    record_hash: str
    release_ucr: int | None


class CorrectedView(msgspec.Struct, frozen=True):
    """A record that was put right: `amount_ucr` was charged, or given back."""

    meter: str
    seq: int
    project: str
    amount_ucr: int
    tx_hash: str | None
    done_before: bool = False


class Corrections:
    """Entries that put settled records right; nothing is overwritten.

    Args:
        wire: the network.
        reads: who answers questions about the past.
    """

    def __init__(self, wire: Wire, reads: Callable[[], Reads]) -> None:
        self._wire = wire
        self._reads = reads

    def quarantined(
        self, *, project: str | None = None, meter: str | None = None, limit: int = 50
    ) -> list[Row]:
        """Quarantined records, newest first, those that were released left out."""
        released = {
            (row["meter"], row["seq"])
            for row in self._reads().rows(ListQuery("corrections", limit=None))
        }
        rows = self._reads().records(RecordQuery(meter, project, None, PAGE))
        waiting = [
            row
            for row in rows
            if row["reason"] != VALUED and (row["meter"], row["seq"]) not in released
        ]
        return waiting[:limit]

    def record(self, meter: str, seq: int) -> SettledRecord:
        """A record as the validators find it settled.

        Raises:
            NodeRefused: there is no such record.
        """
        number = find_meter(self._wire, meter)
        found = self._ask("GET", "/v1/corrections/records", params={"meter": number, "seq": seq})
        return msgspec.convert(found, SettledRecord)

    def release(self, meter: str, seq: int) -> CorrectedView:
        """A quarantined record is charged, after a quorum judged it anew under today's facts.

        Raises:
            NodeRefused: it is not quarantined, or would be again.
        """
        found = self.record(meter, seq)
        path = load_tree(self._wire).path(found.project)
        self._wire.agree()
        try:
            body = {"meter": found.meter, "seq": seq}
            done = self._ask("POST", "/v1/corrections/releases", json=body)
        except NodeRefused as error:
            if error.node_code not in DONE_BEFORE:
                raise
            return CorrectedView(meter, seq, path, found.release_ucr or 0, None, done_before=True)
        return CorrectedView(meter, seq, path, done["cost_ucr"], done["tx_hash"])

    def credit(self, meter: str, seq: int, amount_ucr: int, reason: str | None) -> CorrectedView:
        """A project gets general credits back for a settled record, once and up to its cost.

        Signed by a controller of the meter's account and the organisation's registrar, whose keys
        lie in the folder, and by a quorum of validators.

        Args:
            meter: `organisation/name`, or its name alone.
            seq: the record's number.
            amount_ucr: at most what it cost.
            reason: stays in the folder; its salted hash goes on chain.
        """
        found = self.record(meter, seq)
        tree = load_tree(self._wire)
        credit = Credit(
            meter=found.meter,
            seq=seq,
            project=found.project,
            cost_ucr=found.cost_ucr,
            amount_ucr=amount_ucr,
            record_hash=bytes.fromhex(found.record_hash.removeprefix("0x")),
            reason=self._commit(meter, seq, reason),
        )
        account = load_meters(self._wire)[found.meter].account
        owner = self._sign(find_controller(self._wire, tree, account), credit)
        registrar = self._sign(find_registrar(self._wire, found.project), credit)
        body = {
            **{name: getattr(credit, name) for name in Credit.__slots__},
            "record_hash": found.record_hash,
            "reason": f"0x{credit.reason.hex()}",
            "owner_signature": f"0x{owner.hex()}",
            "registrar_signature": f"0x{registrar.hex()}",
        }
        path = tree.path(found.project)
        self._wire.agree()
        try:
            done = self._ask("POST", "/v1/corrections/credits", json=body)
        except NodeRefused as error:
            if error.node_code not in DONE_BEFORE:
                raise
            return CorrectedView(meter, seq, path, amount_ucr, None, done_before=True)
        return CorrectedView(meter, seq, path, amount_ucr, done["tx_hash"])

    def _commit(self, meter: str, seq: int, reason: str | None) -> bytes:
        if reason is None:
            return NO_REASON
        return Commitments(self._wire.folder).commit(f"adjust {meter} {seq}", reason)

    def _sign(self, name: str, credit: Credit) -> bytes:
        place = bytes.fromhex(self._wire.address("Corrections").removeprefix("0x"))
        digest = compute_credit_digest(credit, self._wire.network.chain_id, place)
        return sign_typed_digest(self._wire.keys.load(name), digest)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, int] | None = None,
        json: Mapping[str, object] | None = None,
    ) -> Any:  # noqa: ANN401 - JSON
        """The first validator's answer; the others are asked only where one cannot be reached."""
        file = self._wire.folder.read_network()
        tokens = load_tokens(self._wire.folder)
        failures: list[str] = []
        for validator in file.validators if file is not None else []:
            try:
                with httpx.Client(timeout=TIMEOUT_S, trust_env=False, auth=tokens) as http:
                    url = f"{validator.url}{path}"
                    answer = http.request(method, url, params=params, json=json)
            except httpx.TransportError as error:
                failures.append(f"{validator.url}: {type(error).__name__}")
                continue
            return _read_answer(answer)
        raise NodesUnreachable("no validator answered", actual=", ".join(failures) or "none known")


def _read_answer(answer: httpx.Response) -> Any:  # noqa: ANN401 - JSON
    if answer.is_success:
        return answer.json()
    document = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    if "code" in document:
        raise NodeRefused(document)
    raise NodeFailed("a validator failed to answer", actual=f"{answer.status_code} of {answer.url}")
