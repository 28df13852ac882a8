"""The one path by which calls are reserved, recorded and settled, whatever their route."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from tallystick.core.tariff import ResolvedRates
from tallystick.core.units import NCR_PER_UCR
from tallystick.core.usage import MAX_CONTEXT, Flag, Records, create_records
from tallystick.core.valuation import compute_cost_ucr, compute_costs_ucr
from tallystick.meter.admission.bounds import compute_bound, compute_max_cost_ucr
from tallystick.meter.details import Detail
from tallystick.meter.errors import RecordInvalid
from tallystick.meter.gateway.call import Call, Closing, Demand
from tallystick.meter.gateway.errors import PriceUnknown
from tallystick.meter.gateway.gateway import Gateway
from tallystick.meter.gateway.metrics import CallCounts
from tallystick.meter.gateway.offers import Offer
from tallystick.meter.parse.dialects import AnswerReader
from tallystick.meter.parse.estimate import BYTES_PER_TOKEN, estimate_reading
from tallystick.meter.parse.reading import Reading
from tallystick.meter.records import Billing, build_records, coarsen_ms

CALL_ID_BYTES: Final = 16
_NOTHING: Final = Reading()
_NO_RECORDS: Final = create_records(0)

# Plain integers: combining members of an enumeration takes a microsecond each time.
_ESTIMATED: Final = int(Flag.ESTIMATED)
_FAILED: Final = int(Flag.UPSTREAM_FAILED)
_MISMATCH: Final = int(Flag.USAGE_MISMATCH)
_EXPLORATION: Final = int(Flag.EXPLORATION)


class Accounts:
    """Opens and closes the accounts of calls.

    Args:
        gateway: its gate, book, prices and clock.
        counts: what the metrics show.
    """

    def __init__(self, gateway: Gateway, counts: CallCounts) -> None:
        self._gateway = gateway
        self._counts = counts
        self._loop = asyncio.get_running_loop()
        # Unique, no secret; seeded by the system, which is not asked again for each call.
        self._ids = random.Random()  # noqa: S311

    async def open(self, demand: Demand) -> Call:
        """The call's greatest cost is reserved and the call is noted; it may be sent.

        Raises:
            PriceUnknown: its resource has no rates here.
            BudgetExhausted, NetworkUnreachable: it is not admitted.
            CallLogFull: it cannot be noted.
        """
        gateway, key = self._gateway, demand.key
        bound = compute_bound(demand.request, demand.offer)
        now_ms = gateway.clock.now_ms()
        reservation = await gateway.gate.admit_soon(
            key.project,
            key.caps,
            compute_max_cost_ucr(self._collect_rates(demand.offer), bound),
            now_ms,
            wait_s=gateway.settings.admit_wait_s,
            unleased_ucr=key.admit_bound_ucr if key.when_unreachable == "admit" else 0,
        )
        call = Call(
            self._ids.randbytes(CALL_ID_BYTES),
            demand,
            bound,
            reservation,
            started_s=self._loop.time(),
        )
        try:
            gateway.book.begin(call.id, self._build_crash_estimate(call, now_ms))
        except BaseException:
            gateway.gate.settle(reservation, 0)
            raise
        return call

    def close(
        self, call: Call, reader: AnswerReader | None, *, flags: int = 0
    ) -> asyncio.Future[int | None]:
        """The call is recorded as what its answer says, or else as an estimate.

        Args:
            call: open.
            reader: has seen what came of the answer; None = nothing of it came.
            flags: what is known to be wrong.

        Returns:
            Done when the records are durable.
        """
        reading = reader.finish() if reader is not None else None
        problem = ""
        if reading is None:
            problem = (reader.problem if reader is not None else "") or "no_usage"
            reading = self._estimate(call, reader)
            if reader is not None and reader.raw:
                flags |= _MISMATCH
        return self._record(call, reading, flags | int(reading.flags), problem)

    def close_failed(self, call: Call, reader: AnswerReader) -> asyncio.Future[int | None]:
        """The call was answered with an error: only what that reports is billed."""
        reading = reader.finish()
        if reading is None:
            return self.close_unused(call)
        return self._record(call, reading, int(reading.flags) | _FAILED, "")

    def compute_output_limit_bytes(self, call: Call) -> int:
        """How much text an answer may bring before its running estimate passes its reservation."""
        prices = self._gateway.prices.of(call.demand.offer.resource)
        if prices is None or not prices.current.w_out:
            return MAX_CONTEXT * BYTES_PER_TOKEN
        rates, bound = prices.current, call.bound
        read = -(-call.demand.request.input_bytes // BYTES_PER_TOKEN)
        spent_ncr = (
            min(read, bound.in_tokens) * rates.w_in
            + rates.mci_base
            + rates.mci_quad * ((bound.in_tokens + bound.out_tokens) // 1000) ** 2
        )
        left_ncr = call.reservation.amount_ucr * NCR_PER_UCR - spent_ncr
        return max(left_ncr // rates.w_out, 0) * BYTES_PER_TOKEN

    def close_unused(self, call: Call) -> asyncio.Future[int | None]:
        """The call is over and nothing is billed: its upstream has refused or never had it."""
        call.closing = Closing(_NOTHING, call.demand.offer.resource, 0, 0, is_billed=False)
        self._gateway.gate.settle(call.reservation, 0)
        return self._gateway.book.finish(call.id, _NO_RECORDS)

    def _record(
        self, call: Call, reading: Reading, flags: int, problem: str
    ) -> asyncio.Future[int | None]:
        resource = self._find_resource(call.demand.offer, reading.tier)
        time_ms = self._gateway.clock.now_ms()
        try:
            records = self._build(call, _list_quantities(reading), resource, flags, time_ms)
        except RecordInvalid:
            # More than any call can use: the number is broken, whatever it says.
            estimate = self._estimate(call, None)
            return self._record(
                call, estimate, flags | int(estimate.flags) | _MISMATCH, "usage_absurd"
            )
        cost_ucr = self._compute_cost_ucr(reading, records, resource)
        detail = self._create_detail(call, reading, flags, time_ms, problem)
        call.closing = Closing(reading, resource, flags, cost_ucr, True, problem)
        try:
            return self._gateway.book.finish(call.id, records, (detail,))
        finally:
            self._gateway.gate.settle(call.reservation, cost_ucr)
            self._counts.count_use(call)

    def _build(
        self,
        call: Call,
        quantities: Mapping[str, int],
        resource: int,
        flags: int,
        time_ms: int,
    ) -> Records:
        demand = call.demand
        if demand.key.is_experiment:
            flags |= _EXPLORATION
        billing = Billing(demand.key.project, resource, demand.user, demand.step, flags)
        at_ms = coarsen_ms(time_ms, self._gateway.settings.granularity_ms)
        return build_records(quantities, billing, at_ms)

    def _build_crash_estimate(self, call: Call, now_ms: int) -> Records:
        """What the call counts as if this process dies amid it, as `estimate_reading` reckons."""
        request, offer = call.demand.request, call.demand.offer
        read = -(-request.input_bytes // BYTES_PER_TOKEN)
        quantities = {
            "in_fresh": min(read, offer.max_input_tokens),
            "out_visible": min(self._gateway.settings.crash_output_tokens, call.bound.out_tokens),
        }
        return self._build(call, quantities, offer.resource, _ESTIMATED, now_ms)

    def _estimate(self, call: Call, reader: AnswerReader | None) -> Reading:
        reading = estimate_reading(
            call.demand.request.input_bytes,
            reader.output_bytes if reader is not None else 0,
            call.bound.out_tokens,
            max_input_tokens=call.demand.offer.max_input_tokens,
        )
        if reader is None or not reader.raw:
            return reading
        # The provider's own words are kept beside the estimate that replaces them.
        return replace(reading, raw=reader.raw)

    def _find_resource(self, offer: Offer, tier: str) -> int:
        if not tier:
            return offer.resource
        resource = offer.variants.get(tier)
        if resource is None:
            self._counts.count_unpriced_tier(offer.model, tier)
            return offer.resource
        return resource

    def _collect_rates(self, offer: Offer) -> list[ResolvedRates]:
        """Every set of rates that the call's record may be valued under."""
        rates: list[ResolvedRates] = []
        for resource in (offer.resource, *offer.variants.values()):
            prices = self._gateway.prices.of(resource)
            if prices is None:
                raise PriceUnknown("the model's price is not known here", actual=offer.model)
            rates.extend(prices.dearest)
        return rates

    def _compute_cost_ucr(self, reading: Reading, records: Records, resource: int) -> int:
        prices = self._gateway.prices.of(resource)
        if prices is None:
            return 0
        if reading.in_total + reading.out_total <= MAX_CONTEXT:
            return compute_cost_ucr(_list_quantities(reading), prices.current)
        return int(compute_costs_ucr(records, prices.current).sum())

    def _create_detail(
        self, call: Call, reading: Reading, flags: int, time_ms: int, problem: str
    ) -> Detail:
        started_s, first_byte_s = call.started_s, call.first_byte_s
        return Detail(
            call=call.id,
            time_ms=time_ms,
            user=call.demand.user,
            source="gateway",
            flags=flags,
            model=reading.model[:200] or call.demand.offer.model,
            tier=reading.tier,
            raw=reading.raw,
            status=call.status,
            duration_ms=round((self._loop.time() - started_s) * 1000),
            first_byte_ms=None
            if first_byte_s is None
            else round((first_byte_s - started_s) * 1000),
            is_unleased=call.reservation.is_unleased,
            note=problem,
        )


def _list_quantities(reading: Reading) -> dict[str, int]:
    return {
        "in_fresh": reading.in_fresh,
        "in_cached": reading.in_cached,
        "in_written": reading.in_written,
        "out_visible": reading.out_visible,
        "out_reasoning": reading.out_reasoning,
    }
