// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ITariff, Rates} from "../../contracts/interfaces/ITariff.sol";
import {FactTime} from "../../contracts/libraries/FactTime.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {History} from "./support/History.sol";
import {TariffFixture} from "./support/TariffFixture.sol";
import {Log} from "./support/Vm.sol";

/// @title Price indices: their bounds, their history, and the steps that are refused
contract TariffIndexTest is TariffFixture {
    uint64 private constant MIN_INDEX_PPM = 1000;
    uint64 private constant MAX_INDEX_PPM = 1_000_000_000;
    /// @dev The highest compute rate that fits 32 bits under an index of two.
    uint32 private constant HALF_U32 = type(uint32).max / 2;

    History private _announced;

    function setUp() external {
        deployTariff();
    }

    // Setting an index: error cases in the order of the checks

    function test_setIndex_revertsWhen_callerIsNotTheIndex() external {
        manager.grantRole(Roles.REGISTRAR, NETWORK_REGISTRAR, 0);
        address[3] memory callers = [STRANGER, GUARDIAN, NETWORK_REGISTRAR];
        for (uint256 i = 0; i < callers.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(
                    IAccessManaged.AccessManagedUnauthorized.selector, callers[i]
                )
            );
            VM.prank(callers[i]);
            tariff.setIndex(0, 0, 1);
        }
    }

    /// @dev T4: no class, and no index, is not a class or an index.
    function test_setIndex_revertsWhen_outOfItsHardBounds() external {
        _expectIndexOutOfBounds(bytes32(0), 1_000_000);
        tariff.setIndex(0, 1_000_000, 0);
        _expectIndexOutOfBounds(CLASS, MIN_INDEX_PPM - 1);
        tariff.setIndex(CLASS, MIN_INDEX_PPM - 1, 0);
        _expectIndexOutOfBounds(CLASS, MAX_INDEX_PPM + 1);
        tariff.setIndex(CLASS, MAX_INDEX_PPM + 1, 0);
        assertEq(tariff.setIndex(CLASS, MIN_INDEX_PPM, 0), 1);
        assertEq(tariff.setIndex(CLASS, MAX_INDEX_PPM, 0), 2);
    }

    /// @dev T9: no step reaches into prices that hold, the first no more than any other.
    function test_setIndex_revertsWhen_insideTheLead() external {
        _expectTooEarly(1);
        tariff.setIndex(CLASS, 2_000_000, 1);
        _expectTooEarly(START_MS + LEAD_MS - 1);
        tariff.setIndex(CLASS, 2_000_000, START_MS + LEAD_MS - 1);
        tariff.setIndex(CLASS, 1_000_000, 0);
        _expectTooEarly(START_MS + LEAD_MS - 1);
        tariff.setIndex(CLASS, 2_000_000, START_MS + LEAD_MS - 1);
    }

    function test_setIndex_revertsWhen_beforeAnAnnouncedStep() external {
        tariff.setIndex(CLASS, 1_000_000, START_MS + LEAD_MS + 2);
        VM.expectRevert(
            abi.encodeWithSelector(
                ITariff.ChangeOutOfOrder.selector, START_MS + LEAD_MS + 1, START_MS + LEAD_MS + 2
            )
        );
        tariff.setIndex(CLASS, 2_000_000, START_MS + LEAD_MS + 1);
    }

    // Steps that are refused

    /// @dev The settlement of what is in use outranks a step: nothing changes but that an event says so.
    function test_setIndex_refusesTheStep_whenAResourceLeavesItsBound() external {
        setRates(gpu, gpuRates(HALF_U32 + 1), 0);
        tariff.setIndex(CLASS, 1_500_000, 0);
        VM.recordLogs();
        assertEq(tariff.setIndex(CLASS, 2_000_000, 0), 1);
        Log[] memory logs = VM.getRecordedLogs();
        assertEq(logs.length, 1);
        assertEq(logs[0].topics[0], ITariff.IndexStepRefused.selector);
        assertEq(logs[0].topics[1], CLASS);
        assertEq(uint256(logs[0].topics[2]), gpu);
        assertEq(abi.decode(logs[0].data, (uint64)), 2_000_000);
        assertEq(indexAt(START_MS + LEAD_MS), 1_500_000);
    }

    function test_setIndex_acceptsTheStep_atTheVeryEdge() external {
        setRates(gpu, gpuRates(HALF_U32), 0);
        assertEq(tariff.setIndex(CLASS, 2_000_000, 0), 1);
        VM.expectEmit(address(tariff));
        emit ITariff.IndexStepRefused(CLASS, gpu, 2_000_001);
        assertEq(tariff.setIndex(CLASS, 2_000_001, 0), 1);
    }

    function test_setIndex_refusesTheStep_forRatesThatBeginLater() external {
        setRates(gpu, gpuRates(1), 0);
        tariff.setIndex(CLASS, 1_000_000, 0);
        setRates(gpu, gpuRates(HALF_U32 + 1), START_MS + LEAD_MS + 60_000);
        VM.expectEmit(address(tariff));
        emit ITariff.IndexStepRefused(CLASS, gpu, 2_000_000);
        tariff.setIndex(CLASS, 2_000_000, 0);
    }

    function test_setIndex_forgetsRates_thatHaveEndedByThen() external {
        setRates(gpu, gpuRates(HALF_U32 + 1), 0);
        setRates(gpu, gpuRates(1), 0);
        tariff.setIndex(CLASS, 1_000_000, 0);
        assertEq(tariff.setIndex(CLASS, 2_000_000, START_MS + LEAD_MS), 2);
    }

    function test_setIndex_looksAtItsOwnClassOnly() external {
        setRates(gpu, gpuRates(type(uint32).max), 0);
        assertEq(tariff.setIndex("a100", 2_000_000, 0), 1);
        assertEq(indexAt(START_MS), 1_000_000);
    }

    function test_setRates_revertsWhen_outOfBoundsUnderTheIndexInForce() external {
        tariff.setIndex(CLASS, 2_000_000, 0);
        expectOutOfBounds(gpu, 2_000_000);
        setRates(gpu, gpuRates(HALF_U32 + 1), 0);
        assertEq(setRates(gpu, gpuRates(HALF_U32), 0), 1);
    }

    function test_setRates_revertsWhen_outOfBoundsUnderALaterIndex() external {
        tariff.setIndex(CLASS, 1_000_000, 0);
        tariff.setIndex(CLASS, 2_000_000, START_MS + LEAD_MS + 60_000);
        expectOutOfBounds(gpu, 2_000_000);
        setRates(gpu, gpuRates(HALF_U32 + 1), START_MS);
    }

    /// @dev The highest step of all stands for those too far back to look at; those that are near are looked at themselves.
    function test_setRates_heedsTheHighestIndex_whenManyStepsLieAhead() external {
        for (uint64 i = 0; i < 18; ++i) {
            tariff.setIndex(CLASS, i == 0 ? 2_000_000 : 1_000_000, START_MS + LEAD_MS + i);
        }
        expectOutOfBounds(gpu, 2_000_000);
        setRates(gpu, gpuRates(HALF_U32 + 1), START_MS);
        expectOutOfBounds(gpu, 2_000_000);
        setRates(gpu, gpuRates(HALF_U32 + 1), START_MS + LEAD_MS);
        assertEq(setRates(gpu, gpuRates(HALF_U32 + 1), START_MS + LEAD_MS + 1), 1);
    }

    /// @dev A class does not outgrow new resources: they can be priced from the beginning of time however often its index
    /// has moved.
    function test_setRates_acceptsFirstRates_afterAHundredSteps() external {
        _step(100, 3_000_000);
        assertEq(setRates(gpu, gpuRates(type(uint32).max / 3), 0), 1);
        uint16 other = registry.registerResource("h100-nvl", 3, 2, CLASS, bounds(), 0);
        expectOutOfBounds(other, 3_000_000);
        setRates(other, gpuRates(type(uint32).max / 3 + 1), 0);
        assertEq(tariff.adoptRates(other, gpu, 0), 2);
        assertEq(tariff.ratesAt(other, 0).g, type(uint32).max / 3);
    }

    /// @dev T10: a step walks at most 64 resources.
    function test_setRates_revertsWhen_tooManyFollowOneIndex() external {
        for (uint256 i = 0; i < 64; ++i) {
            string memory slug = string.concat("gpu-", VM.toString(i));
            setRates(registry.registerResource(slug, 3, 2, CLASS, bounds(), 0), gpuRates(1), 0);
        }
        VM.expectRevert(abi.encodeWithSelector(ITariff.TooManyInClass.selector, CLASS, 64));
        setRates(gpu, gpuRates(1), 0);
    }

    /// @dev Whatever is voted in whatever order, no resource in use can leave its bound.
    function test_fuzz_bound_holdsAtEveryTime(uint32[8] memory votes, uint8[8] memory gaps)
        external
    {
        setRates(gpu, gpuRates(1), 0);
        uint64 ratesMs = START_MS + LEAD_MS;
        uint64 indexMs = ratesMs;
        for (uint256 i = 0; i < 8; ++i) {
            if (gaps[i] % 2 == 0) {
                ratesMs += gaps[i] % 10;
                try this.tryRates(gpu, gpuRates(votes[i]), ratesMs) {} catch {}
            } else {
                indexMs += gaps[i] % 10;
                tariff.setIndex(CLASS, MIN_INDEX_PPM + votes[i] % 4_000_000, indexMs);
            }
        }
        for (
            uint64 timeMs = START_MS + LEAD_MS - 1;
            timeMs <= ratesMs || timeMs <= indexMs;
            ++timeMs
        ) {
            assertTrue(tariff.ratesAt(gpu, timeMs).g <= MAX_U32, "g fits 32 bits");
        }
    }

    // What it announces, and what holds when

    function test_setIndex_announcesTheFirst_afterTheLead() external {
        VM.expectEmit(address(tariff));
        emit ITariff.IndexSet(CLASS, 1, 1_234_567, START_MS + LEAD_MS + 5);
        assertEq(tariff.setIndex(CLASS, 1_234_567, START_MS + LEAD_MS + 5), 1);
        assertEq(indexAt(0), 1_000_000);
        assertEq(indexAt(START_MS + LEAD_MS + 4), 1_000_000);
        assertEq(indexAt(START_MS + LEAD_MS + 5), 1_234_567);
    }

    function test_setIndex_resolvesZero_inAChange() external {
        tariff.setIndex(CLASS, 1_000_000, 0);
        VM.expectEmit(address(tariff));
        emit ITariff.IndexSet(CLASS, 2, 1_234_567, START_MS + LEAD_MS);
        assertEq(tariff.setIndex(CLASS, 1_234_567, 0), 2);
        (uint64 indexPpm, uint32 epoch) = tariff.indexAt(CLASS, START_MS + LEAD_MS);
        assertEq(indexPpm, 1_234_567);
        assertEq(epoch, 2);
    }

    function test_ratesAt_followsTheIndex_ofTheResourcesClass() external {
        setRates(gpu, gpuRates(1000), 0);
        setRates(model, tokenRates(1000), 0);
        tariff.setIndex(CLASS, 1_500_001, START_MS + LEAD_MS);
        assertEq(tariff.ratesAt(gpu, START_MS + LEAD_MS - 1).g, 1000);
        assertEq(tariff.ratesAt(gpu, START_MS + LEAD_MS).g, 1501);
        assertEq(tariff.ratesAt(model, START_MS + LEAD_MS).wIn, 1000);
    }

    /// @dev I3: what a record of any past moment cost can be asked for ever, whatever has changed since.
    function test_value_ofAPastMoment_staysWhatItWas() external {
        setRates(gpu, gpuRates(1_000_000), 0);
        uint64[6] memory costsUcr;
        uint32[8] memory quantities;
        quantities[5] = 1000;
        for (uint64 i = 0; i < 6; ++i) {
            uint64 dayS = 1 days * i;
            VM.warp(START_S + dayS);
            tariff.setIndex(CLASS, 1_000_000 + 100_000 * i, 0);
            if (i % 2 == 1) setRates(gpu, gpuRates(uint32(1_000_000 * (i + 1))), 0);
            VM.warp(START_S + dayS + LEAD_MS / 1000);
            costsUcr[i] = tariff.value(gpu, 0, quantities, uint64(block.timestamp * 1000));
        }
        uint64[6] memory expected =
            [uint64(1_000_000), 2_200_000, 2_400_000, 5_200_000, 5_600_000, 9_000_000];
        for (uint64 i = 0; i < 6; ++i) {
            assertEq(costsUcr[i], expected[i]);
            uint64 thenMs = START_MS + LEAD_MS + 86_400_000 * i;
            assertEq(tariff.value(gpu, 0, quantities, thenMs), expected[i]);
        }
    }

    function test_fuzz_indexAt_equalsALinearScan(uint16[12] memory gaps, uint32[8] memory timesS)
        external
    {
        _announced.push(0, 1_000_000);
        uint64 fromMs = START_MS;
        for (uint64 i = 0; i < gaps.length; ++i) {
            fromMs += LEAD_MS + (gaps[i] % 4 == 0 ? 0 : uint64(gaps[i]) * 1000);
            tariff.setIndex(CLASS, 1_000_000 + i, fromMs);
            _announced.push(fromMs, 1_000_000 + i);
            assertEq(indexAt(fromMs - 1), _announced.valueAt(fromMs - 1));
        }
        for (uint256 i = 0; i < timesS.length; ++i) {
            uint64 timeMs = START_MS + uint64(timesS[i] % 500_000) * 1000;
            assertEq(indexAt(timeMs), _announced.valueAt(timeMs));
        }
    }

    function tryRates(uint16 id, Rates calldata rates, uint64 fromMs) external {
        setRates(id, rates, fromMs);
    }

    /// @dev So many steps one after the other, all in force at last, the first of them the highest.
    function _step(uint64 count, uint64 highestPpm) private {
        for (uint64 i = 0; i < count; ++i) {
            tariff.setIndex(CLASS, i == 0 ? highestPpm : 1_000_000, 0);
            VM.warp(block.timestamp + LEAD_MS / 1000);
        }
    }

    function _expectTooEarly(uint64 fromMs) private {
        VM.expectRevert(
            abi.encodeWithSelector(FactTime.FactTooEarly.selector, fromMs, START_MS + LEAD_MS)
        );
    }

    function _expectIndexOutOfBounds(bytes32 indexClass, uint64 indexPpm) private {
        VM.expectRevert(
            abi.encodeWithSelector(ITariff.IndexOutOfBounds.selector, indexClass, indexPpm)
        );
    }
}
