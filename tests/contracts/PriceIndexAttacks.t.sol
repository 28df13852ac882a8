// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Closing} from "../../contracts/interfaces/IPriceIndex.sol";
import {IndexFixture} from "./support/IndexFixture.sol";

/// @title What one, two and three of four colluding validators can do to an index, and what they cannot
/// @dev T18: the true price stands still at 1,000,000; who lies says anything.
contract PriceIndexAttacksTest is IndexFixture {
    uint64 private constant TRUTH = 1_000_000;
    uint64 private constant HIGH = 1_000_000_000;
    uint64 private constant LOW = 1000;
    uint64 private constant SILENT = 0;

    function setUp() external {
        deployIndex();
    }

    // One liar

    /// @dev It cannot move the index out of the range of what honest validators saw, however it lies.
    function test_fuzz_oneLiar_cannotLeaveTheHonestRange(
        uint64 lie,
        uint64[3] memory honest,
        uint8 place,
        bool isOneSilent
    ) external {
        uint64 lowest = type(uint64).max;
        uint64 highest = 0;
        uint64[4] memory reports;
        for (uint256 i = 0; i < 3; ++i) {
            honest[i] = 900_000 + honest[i] % 200_001;
            reports[i] = honest[i];
            if (isOneSilent && i == 2) {
                reports[i] = SILENT;
                continue;
            }
            if (honest[i] < lowest) lowest = honest[i];
            if (honest[i] > highest) highest = honest[i];
        }
        reports[3] = 1000 + lie % (HIGH - LOW + 1);
        (reports[place % 4], reports[3]) = (reports[3], reports[place % 4]);
        runEpoch(reports);
        assertTrue(announced() >= lowest && announced() <= highest, "a lie moved the index");
    }

    /// @dev It can keep silent, and the others carry on.
    function test_oneLiar_cannotStopTheIndex() external {
        runEpoch([SILENT, uint64(1_100_000), 1_100_000, 1_100_000]);
        assertEq(announced(), 1_100_000);
    }

    /// @dev What it can do: say where inside the honest range the middle lies.
    function test_oneLiar_choosesWithinTheHonestRange() external {
        runEpoch([LOW, uint64(980_000), 1_000_000, 1_020_000]);
        assertEq(announced(), 980_000);
        runEpoch([HIGH, uint64(980_000), 1_000_000, 1_020_000]);
        assertEq(announced(), 1_000_000);
    }

    // Two liars

    /// @dev Together with both honest ones present they own the low side: the index falls, though by 15 % a day only.
    function test_twoLiars_canDrawTheIndexDown_byOneStepADay() external {
        runEpoch([LOW, LOW, TRUTH, TRUTH]);
        assertEq(announced(), 869_566);
        runEpoch([LOW, LOW, TRUTH, TRUTH]);
        assertEq(announced(), 756_145);
        _assertGapTells(LOW);
    }

    /// @dev They cannot raise it: of four, the middle that counts is the lower one.
    function test_twoLiars_cannotRaiseTheIndex_whileBothOthersReport() external {
        runEpoch([HIGH, HIGH, TRUTH, TRUTH]);
        assertEq(announced(), TRUTH);
    }

    /// @dev With one honest validator silent they are two of three, and own either side.
    function test_twoLiars_canRaiseTheIndex_byOneStepADay_whenOneIsSilent() external {
        runEpoch([HIGH, HIGH, TRUTH, SILENT]);
        assertEq(announced(), 1_150_000);
        runEpoch([HIGH, HIGH, TRUTH, SILENT]);
        assertEq(announced(), 1_322_500);
        _assertGapTells(HIGH);
    }

    /// @dev They can hold the index where it is by keeping silent; what holds is the last price that a quorum saw.
    function test_twoLiars_canStopTheIndex() external {
        runEpoch([SILENT, SILENT, uint64(1_100_000), 1_100_000]);
        assertEq(announced(), TRUTH);
        (, uint32 steps) = tariff.indexAt(CLASS, type(uint48).max);
        assertEq(steps, 0);
    }

    // Three liars

    /// @dev They own the median, and still move it by 15 % a day only, a day ahead, for all to see; the day they stop, the
    /// index goes back as fast.
    function test_threeLiars_moveTheIndex_byOneStepADay_andBack() external {
        uint64 expected = TRUTH;
        for (uint256 i = 0; i < 5; ++i) {
            uint64 before = indexAt(uint64(block.timestamp * 1000));
            runEpoch([HIGH, HIGH, HIGH, TRUTH]);
            expected = expected * 115 / 100;
            assertEq(announced(), expected);
            assertTrue(
                indexAt(uint64(block.timestamp * 1000)) <= before * 115 / 100,
                "a step held before its time"
            );
        }
        assertEq(expected, 2_011_356);
        for (uint256 i = 0; i < 5; ++i) {
            runEpoch([TRUTH, TRUTH, TRUTH, HIGH]);
        }
        assertEq(announced(), TRUTH);
    }

    /// @dev Nor can they do it faster by closing twice, closing late, or reporting more.
    function test_threeLiars_cannotTakeTwoStepsInADay() external {
        runEpoch([HIGH, HIGH, HIGH, TRUTH]);
        uint32 epoch = running() - 1;
        (bool isClosed,) = address(index).call(abi.encodeCall(index.close, (CLASS, epoch)));
        assertTrue(!isClosed, "closed twice");
        (isClosed,) = address(index).call(abi.encodeCall(index.close, (CLASS, epoch - 1)));
        assertTrue(!isClosed, "closed another");
        (isClosed,) = address(index).call(abi.encodeCall(index.close, (CLASS, epoch + 1)));
        assertTrue(!isClosed, "closed ahead");
        assertEq(announced(), 1_150_000);
        assertEq(indexAt(type(uint48).max), 1_150_000);
    }

    /// @dev Nor skip days: an epoch nobody closed in time is lost, not saved up.
    function test_threeLiars_cannotSaveUpSteps() external {
        send(0, HIGH);
        send(1, HIGH);
        send(2, HIGH);
        nextEpoch();
        nextEpoch();
        (bool isClosed,) = address(index).call(abi.encodeCall(index.close, (CLASS, running() - 2)));
        assertTrue(!isClosed, "closed late");
        runEpoch([HIGH, HIGH, HIGH, TRUTH]);
        assertEq(announced(), 1_150_000);
    }

    // The truth

    /// @dev DESIGN's word: a true tenfold move arrives in seventeen days, and not in sixteen.
    function test_aTrueTenfoldMove_arrivesInSeventeenDays() external {
        uint64 tenfold = 10 * TRUTH;
        for (uint256 day = 1; day <= 16; ++day) {
            runEpoch([tenfold, tenfold, tenfold, tenfold]);
        }
        assertTrue(announced() < tenfold, "arrived too early");
        assertEq(announced(), 9_357_601);
        runEpoch([tenfold, tenfold, tenfold, tenfold]);
        assertEq(announced(), tenfold);
    }

    function test_aTrueTenfoldFall_arrivesInSeventeenDays() external {
        uint64 tenth = TRUTH / 10;
        for (uint256 day = 1; day <= 16; ++day) {
            runEpoch([tenth, tenth, tenth, tenth]);
        }
        assertTrue(announced() > tenth, "arrived too early");
        runEpoch([tenth, tenth, tenth, tenth]);
        assertEq(announced(), tenth);
    }

    /// @dev I11: whatever is reported by whomever, no step leaves 15 % either way or the hard bounds.
    function test_fuzz_close_neverLeavesItsStep(uint64[4][6] memory reports) external {
        uint256 last = TRUTH;
        for (uint256 i = 0; i < 6; ++i) {
            for (uint256 j = 0; j < 4; ++j) {
                uint64 raw = reports[i][j];
                reports[i][j] = raw % 5 == 0 ? SILENT : 1000 + raw % (HIGH - LOW + 1);
            }
            runEpoch(reports[i]);
            uint256 next = announced();
            assertTrue(next * 100 <= last * 115 && next * 115 >= last * 100, "a step too far");
            assertTrue(next >= LOW && next <= HIGH, "out of bounds");
            last = next;
        }
    }

    /// @dev Lies are told by the gap between what was reported and what holds.
    function _assertGapTells(uint64 reported) private view {
        Closing memory latest = index.latestOf(CLASS);
        assertEq(latest.rawPpm, reported);
        uint256 gapPpm = uint256(latest.rawPpm) * 1_000_000 / latest.clampedPpm;
        assertTrue(gapPpm > 1_500_000 || gapPpm < 666_667, "no gap tells of it");
    }
}
