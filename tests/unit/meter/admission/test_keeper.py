"""Leases kept: opened at first touch, extended ahead of need, given back when idle."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from tests.unit.meter.admission.gateways import (
    BATCH,
    CHAT,
    CREDIT,
    TEAM,
    GatewayProcess,
    create_chain,
    run_gateway,
)
from tests.unit.meter.admission.virtual_time import START_MS, now_ms, run_virtually

from tallystick.meter.admission.errors import (
    BudgetExhausted,
    LeaseDelayed,
    LeaseDenied,
    NetworkUnreachable,
    Why,
)
from tallystick.meter.admission.gate import Reservation


async def catch(call: Coroutine[Any, Any, Reservation]) -> Exception:
    """The error that a call is refused with."""
    try:
        await call
    except (BudgetExhausted, LeaseDelayed, NetworkUnreachable) as error:
        return error
    raise AssertionError("the call was admitted")


async def catch_exhausted(call: Coroutine[Any, Any, Reservation]) -> BudgetExhausted:
    error = await catch(call)
    assert isinstance(error, BudgetExhausted), error
    return error


def test_first_calls_lead_to_one_opening_when_they_come_at_once() -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain) as gateway:
            gateway.source.delay_s = 0.2
            calls = [gateway.admit(CREDIT) for _ in range(50)]
            reservations = await asyncio.gather(*calls)
            assert len(reservations) == 50
            assert len(gateway.source.openings) == 1

    run_virtually(main())


def test_parallel_calls_are_never_admitted_for_more_than_the_budget() -> None:
    async def main() -> None:
        chain = create_chain(balance_ucr=1_000_000)
        async with run_gateway(chain) as gateway:
            calls = [gateway.admit(30_000) for _ in range(60)]
            answers = await asyncio.gather(*calls, return_exceptions=True)
            admitted = [each for each in answers if isinstance(each, Reservation)]
            # Openings take a tenth of what is left, so the last crumbs stay out of reach.
            assert 20 <= len(admitted) <= 33
            assert gateway.gate.lease(CHAT).granted_ucr <= 1_000_000
            assert all(isinstance(each, Reservation | BudgetExhausted) for each in answers)

    run_virtually(main())


def test_call_is_refused_with_the_accounts_reason_when_its_budget_is_too_small() -> None:
    async def main() -> None:
        chain = create_chain(limit_ucr=1_000, reset_ms=START_MS + 9)
        async with run_gateway(chain) as gateway:
            error = await catch_exhausted(gateway.admit(1_001))
            assert (error.why, error.account) == (Why.LIMIT, "acme/support")
            assert (error.needed_ucr, error.remaining_ucr) == (1_001, 1_000)
            assert error.reset_ms == START_MS + 9
            assert chain.accounts[TEAM].leased_ucr == 0, "a hopeless call must not take the rest"
            assert gateway.gate.refusals[Why.LIMIT] == 1

    run_virtually(main())


def test_refusal_is_repeated_without_asking_the_chain_within_a_moment() -> None:
    async def main() -> None:
        chain = create_chain(limit_ucr=1_000)
        async with run_gateway(chain) as gateway:
            await catch_exhausted(gateway.admit(5_000))
            asked = len(gateway.source.asked)
            for _ in range(20):
                await catch_exhausted(gateway.admit(5_000))
            assert len(gateway.source.asked) == asked
            chain.accounts[TEAM].limit_ucr = 10**9
            await asyncio.sleep(2)
            assert (await gateway.admit(5_000)).amount_ucr == 5_000

    run_virtually(main())


def test_call_above_one_openings_share_is_admitted_after_several() -> None:
    async def main() -> None:
        chain = create_chain(balance_ucr=1_000_000)
        async with run_gateway(chain) as gateway:
            await gateway.admit(400_000)
            assert len(gateway.source.openings) >= 5
            assert max(gateway.source.openings) <= 100_000

    run_virtually(main())


def test_opening_is_repeated_with_the_room_there_is_when_another_was_faster() -> None:
    async def main() -> None:
        chain = create_chain(balance_ucr=10 * CREDIT)
        async with run_gateway(chain) as gateway, run_gateway(chain, meter=2) as other:
            gateway.source.delay_s = 0.5
            call = asyncio.create_task(gateway.admit(100_000))
            await asyncio.sleep(0.7)  # the room has been read, and nothing was taken yet
            await other.admit(900_000)
            await call
            assert chain.lease(CHAT, 1).is_open
            assert chain.lease(CHAT, 2).is_open

    run_virtually(main())


def test_lease_is_extended_before_it_is_used_up() -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain) as gateway:
            gateway.finish(await gateway.admit(CREDIT), CREDIT)
            granted_ucr = gateway.gate.lease(CHAT).granted_ucr
            while len(gateway.source.openings) == 1:
                assert gateway.gate.left_ucr(CHAT) >= CREDIT, "a call would have waited"
                gateway.finish(await gateway.admit(CREDIT), CREDIT)
                await asyncio.sleep(0.01)
            assert gateway.gate.lease(CHAT).granted_ucr > granted_ucr

    run_virtually(main())


def test_lease_grows_with_what_is_used() -> None:
    async def main() -> None:
        chain = create_chain(balance_ucr=10**6 * CREDIT)
        async with run_gateway(chain) as gateway:
            for _ in range(60):
                gateway.finish(await gateway.admit(5 * CREDIT), 5 * CREDIT)
                await asyncio.sleep(1)
            assert gateway.gate.left_ucr(CHAT) > 100 * CREDIT
            assert len(gateway.source.openings) < 20

    run_virtually(main())


def test_lease_is_renewed_before_its_deadline_while_it_is_used() -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain) as gateway:
            for _ in range(180):
                gateway.finish(await gateway.admit(1_000), 1_000)
                assert gateway.gate.lease(CHAT).deadline_ms > now_ms()
                await asyncio.sleep(10)
            assert len(gateway.source.openings) < 10

    run_virtually(main())


@pytest.mark.parametrize("max_ttl_s", [60, 3])
def test_lease_is_renewed_no_oftener_than_needed_when_deadlines_are_near(max_ttl_s: int) -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain) as gateway:
            gateway.source.max_ttl_s = max_ttl_s
            for _ in range(10 * max_ttl_s):
                gateway.finish(await gateway.admit(1_000), 1_000)
                await asyncio.sleep(1)
            assert len(gateway.source.openings) < 25

    run_virtually(main())


def test_nothing_is_admitted_past_the_deadline_when_the_lease_cannot_be_renewed() -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain) as gateway:
            await gateway.admit(1_000)
            gateway.source.fault = "before"
            await asyncio.sleep(900)
            assert gateway.gate.left_ucr(CHAT) > 0
            assert isinstance(await catch(gateway.admit(1_000)), NetworkUnreachable)

    run_virtually(main())


def test_lease_is_given_back_when_nobody_has_used_it_for_a_while() -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain) as gateway:
            gateway.finish(await gateway.admit(CREDIT), CREDIT)
            await asyncio.sleep(400)
            assert chain.lease(CHAT, 1).is_declared
            assert chain.lease(CHAT, 1).last_seq == 0
            # The network answers, so nothing is admitted without a lease either.
            late = await catch(gateway.admit(1, wait_s=2, unleased_ucr=CREDIT))
            assert isinstance(late, LeaseDelayed)
            chain.settle(1)
            await asyncio.sleep(5)
            assert not chain.lease(CHAT, 1).is_open
            assert chain.accounts[TEAM].leased_ucr == 0
            await gateway.admit(CREDIT)
            lease = gateway.gate.lease(CHAT)
            assert chain.lease(CHAT, 1).left_ucr == lease.left_ucr + lease.reserved_ucr

    run_virtually(main())


def test_lease_stays_when_a_call_is_still_under_way() -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain) as gateway:
            gateway.finish(await gateway.admit(CREDIT), CREDIT)
            await gateway.admit(CREDIT)
            await asyncio.sleep(5_000)
            assert not chain.lease(CHAT, 1).is_declared

    run_virtually(main())


def test_earlier_lease_is_given_back_at_start_and_never_admitted_from() -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain) as gateway:
            gateway.finish(await gateway.admit(CREDIT), CREDIT)
            await gateway.admit(2 * CREDIT)  # under way when the process dies
        async with run_gateway(chain, projects=[CHAT, BATCH]) as gateway:
            await asyncio.sleep(5)
            assert chain.lease(CHAT, 1).is_declared
            assert chain.lease(CHAT, 1).last_seq == 1
            assert gateway.gate.lease(CHAT).granted_ucr == 0
            call = asyncio.create_task(gateway.admit(CREDIT))
            await asyncio.sleep(1)
            assert not call.done(), "what has not settled yet may draw on the earlier lease"
            chain.settle(1)
            await call
            assert chain.lease(CHAT, 1).left_ucr == gateway.gate.lease(CHAT).granted_ucr

    run_virtually(main())


def test_earlier_lease_is_extended_when_calls_wait_and_only_what_is_new_counts() -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain) as gateway:
            await gateway.admit(CREDIT)
        before_ucr = chain.lease(CHAT, 1).left_ucr
        async with run_gateway(chain) as gateway:
            await gateway.admit(CREDIT)
            added_ucr = chain.lease(CHAT, 1).left_ucr - before_ucr
            assert gateway.gate.lease(CHAT).granted_ucr == added_ucr

    run_virtually(main())


def test_what_earlier_processes_left_is_admitted_from_once_their_records_have_settled() -> None:
    async def main() -> None:
        chain = create_chain()
        granted_ucr = 0
        for _ in range(10):  # a process that dies again and again while calls come
            async with run_gateway(chain) as gateway:
                await gateway.admit(CREDIT)
                await asyncio.sleep(2)
                lease = gateway.gate.lease(CHAT)
                before_ucr = lease.granted_ucr
                gateway.finish(gateway.reservations[0], CREDIT // 2)
                chain.settle(1)
                await asyncio.sleep(2)
                assert lease.granted_ucr >= before_ucr
                assert lease.left_ucr <= chain.lease(CHAT, 1).left_ucr
                granted_ucr = lease.granted_ucr
        assert granted_ucr - 2 * CREDIT < chain.lease(CHAT, 1).left_ucr <= granted_ucr

    run_virtually(main())


def test_leases_are_given_back_at_the_end() -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain) as gateway:
            gateway.finish(await gateway.admit(CREDIT), CREDIT)
            gateway.finish(await gateway.admit(CREDIT, BATCH), CREDIT)
            stopping = asyncio.create_task(gateway.stop())
            await asyncio.sleep(1)
            assert chain.lease(CHAT, 1).is_declared
            chain.settle(1)
            await stopping
            assert chain.accounts[TEAM].leased_ucr == 0

    run_virtually(main())


def test_lease_is_left_open_at_the_end_when_a_call_may_still_draw_on_it() -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain) as gateway:
            gateway.finish(await gateway.admit(CREDIT), CREDIT)
            await gateway.admit(CREDIT)
            await gateway.stop()
            assert chain.lease(CHAT, 1).is_open
            assert not chain.lease(CHAT, 1).is_declared

    run_virtually(main())


def test_end_is_not_held_up_when_records_do_not_settle() -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain) as gateway:
            gateway.finish(await gateway.admit(CREDIT), CREDIT)
            await gateway.stop()
            assert chain.lease(CHAT, 1).is_declared

    run_virtually(main())


def test_leases_are_given_back_at_the_end_though_the_network_fails_meanwhile() -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain) as gateway:
            gateway.finish(await gateway.admit(CREDIT), CREDIT)
            chain.settle(1)
            gateway.source.fault = "before"
            stopping = asyncio.create_task(gateway.stop())
            await asyncio.sleep(3)
            gateway.source.fault = ""
            await stopping
            assert not chain.lease(CHAT, 1).is_open

    run_virtually(main())


def test_lease_is_given_back_at_the_end_when_its_opening_was_not_answered() -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain) as gateway:
            gateway.finish(await gateway.admit(CREDIT, BATCH), CREDIT)
            chain.settle(1)
            gateway.source.fault = "after"
            with pytest.raises(NetworkUnreachable):
                await gateway.admit(CREDIT)
            assert chain.lease(CHAT, 1).is_open
            gateway.source.fault = ""
            await gateway.stop()
            assert not chain.lease(CHAT, 1).is_open

    run_virtually(main())


def test_what_others_drew_on_the_lease_is_not_admitted() -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain) as gateway:
            gateway.finish(await gateway.admit(CREDIT), CREDIT)
            chain.record(1, CHAT, 8 * CREDIT)  # use that this meter reports after the fact
            chain.settle(1)
            for _ in range(60):
                gateway.finish(await gateway.admit(1), 1)
                chain.settle(1)
                await asyncio.sleep(10)
            assert gateway.gate.left_ucr(CHAT) <= chain.lease(CHAT, 1).left_ucr

    run_virtually(main())


def test_call_is_denied_when_nobody_answers_and_its_key_says_so() -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain) as gateway:
            gateway.source.fault = "before"
            assert isinstance(await catch(gateway.admit(CREDIT)), NetworkUnreachable)
            assert gateway.keeper.is_unreachable
            gateway.source.fault = ""
            await asyncio.sleep(10)
            assert not gateway.keeper.is_unreachable
            await gateway.admit(CREDIT)

    run_virtually(main())


def test_calls_are_admitted_up_to_the_bound_when_nobody_answers() -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain) as gateway:
            gateway.source.fault = "before"
            bound_ucr = 3 * CREDIT
            for _ in range(3):
                reservation = await gateway.admit(CREDIT, unleased_ucr=bound_ucr)
                assert reservation.is_unleased
            error = await catch_exhausted(gateway.admit(1, unleased_ucr=bound_ucr))
            assert error.why is Why.BOUND
            gateway.finish(gateway.reservations[0], CREDIT // 2)
            await gateway.admit(CREDIT // 2, unleased_ucr=bound_ucr)
            error = await catch_exhausted(gateway.admit(1, unleased_ucr=bound_ucr))
            assert error.remaining_ucr == 0
            assert gateway.gate.unleased == 4

    run_virtually(main())


def test_next_lease_pays_first_for_what_was_admitted_without_one() -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain) as gateway:
            gateway.source.fault = "before"
            reservation = await gateway.admit(4 * CREDIT, unleased_ucr=5 * CREDIT)
            gateway.finish(reservation, 4 * CREDIT)
            gateway.source.fault = ""
            await asyncio.sleep(10)
            assert not (await gateway.admit(CREDIT)).is_unleased
            lease = gateway.gate.lease(CHAT)
            assert lease.left_ucr == lease.granted_ucr - 5 * CREDIT
            assert lease.unleased_used_ucr == 0

    run_virtually(main())


def test_grant_counts_once_when_its_answer_was_lost() -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain) as gateway:
            gateway.source.fault = "after"
            await catch(gateway.admit(CREDIT))
            gateway.source.fault = ""
            await asyncio.sleep(10)
            await gateway.admit(CREDIT)
            assert gateway.gate.lease(CHAT).granted_ucr == chain.lease(CHAT, 1).left_ucr

    run_virtually(main())


def test_call_gives_up_when_the_chain_takes_too_long() -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain) as gateway:
            gateway.source.delay_s = 60  # nobody answers at all
            started_s = asyncio.get_running_loop().time()
            assert isinstance(await catch(gateway.admit(CREDIT, wait_s=5)), NetworkUnreachable)
            assert asyncio.get_running_loop().time() == started_s + 5

    run_virtually(main())


def test_calls_of_one_project_wait_in_bounded_number() -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain, max_waiting=10) as gateway:
            gateway.source.delay_s = 1
            calls = [gateway.admit(1) for _ in range(12)]
            answers = await asyncio.gather(*calls, return_exceptions=True)
            refused = [each for each in answers if isinstance(each, LeaseDelayed)]
            assert len(refused) == 2

    run_virtually(main())


def test_call_is_refused_when_the_chain_denies_the_lease_altogether() -> None:
    async def main() -> None:
        chain = create_chain()
        async with run_gateway(chain) as gateway:

            async def deny(project: int) -> Any:  # noqa: ANN401
                raise LeaseDenied(f"no account {project}", why=Why.METER, account="", room_ucr=0)

            gateway.source.read = deny  # type: ignore[method-assign]
            error = await catch_exhausted(gateway.admit(1, unleased_ucr=CREDIT))
            assert (error.why, error.remaining_ucr) == (Why.METER, 0)
            assert not gateway.keeper.is_unreachable

    run_virtually(main())


def test_defect_of_a_source_ends_the_keeper_aloud() -> None:
    async def main() -> None:
        gateway = GatewayProcess(create_chain())
        running = asyncio.create_task(gateway.keeper.run([CHAT]))

        async def fail(project: int) -> Any:  # noqa: ANN401
            raise ZeroDivisionError(project)

        gateway.source.read = fail  # type: ignore[method-assign]
        with pytest.raises(ExceptionGroup):
            await running

    run_virtually(main())
