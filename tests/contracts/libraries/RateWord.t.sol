// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RateWord, RateWords} from "../../../contracts/libraries/RateWord.sol";
import {Assertions} from "../support/Assertions.sol";

/// @title The word of one rate, field by field, and what time makes of it
contract RateWordTest is Assertions {
    /// @dev T14: every field comes back whole, at its maximum too.
    function test_fuzz_full_comesBackWhole(uint64 amountUcr, uint32 windowS, uint40 nowS)
        external
        pure
    {
        amountUcr >>= 4;
        VM.assume(windowS != 0);
        RateWord rate = RateWords.full(amountUcr, windowS, nowS);
        assertEq(rate.amountUcr(), amountUcr);
        assertEq(rate.windowS(), windowS);
        assertEq(rate.level(), uint256(amountUcr) * windowS);
        assertEq(rate.levelUcr(), amountUcr);
        assertEq(rate.isSet(), true);
        assertEq(RateWord.unwrap(rate.refilled(nowS)), RateWord.unwrap(rate));
    }

    function test_noRate_isNothing() external pure {
        RateWord none = RateWord.wrap(0);
        assertEq(none.isSet(), false);
        assertEq(none.levelUcr(), 0);
        assertEq(RateWord.unwrap(none.refilled(5)), 0);
    }

    /// @dev T13: in any steps, the level is what one step would make of it, to the last part of a micro-credit.
    function test_fuzz_refilled_isTheSame_inAnySteps(
        uint64 amountUcr,
        uint32 windowS,
        uint40 firstS,
        uint40 secondS,
        uint64 takenUcr
    ) external pure {
        amountUcr >>= 4;
        takenUcr >>= 4;
        VM.assume(windowS != 0);
        (firstS, secondS) = (firstS >> 1, secondS >> 1);
        RateWord rate = RateWords.full(amountUcr, windowS, 0);
        rate = rate.taken(amountUcr == 0 ? 0 : takenUcr % (uint256(amountUcr) + 1));
        uint256 lastS = uint256(firstS) + secondS;
        RateWord once = rate.refilled(lastS);
        RateWord twice = rate.refilled(firstS).refilled(lastS);
        assertEq(RateWord.unwrap(once), RateWord.unwrap(twice));
        uint256 mostUcr = uint256(amountUcr) * windowS;
        uint256 expected = rate.level() + lastS * amountUcr;
        assertEq(once.level(), expected > mostUcr ? mostUcr : expected);
        assertEq(once.amountUcr(), amountUcr);
        assertEq(once.windowS(), windowS);
    }

    function test_fuzz_taken_leavesTheRest(uint64 amountUcr, uint32 windowS, uint64 takenUcr)
        external
        pure
    {
        amountUcr >>= 4;
        takenUcr >>= 4;
        VM.assume(windowS != 0 && amountUcr != 0);
        uint256 ucr = takenUcr % (uint256(amountUcr) + 1);
        RateWord rate = RateWords.full(amountUcr, windowS, 7).taken(ucr);
        assertEq(rate.levelUcr(), amountUcr - ucr);
        assertEq(rate.amountUcr(), amountUcr);
        assertEq(rate.windowS(), windowS);
    }

    /// @dev Another rate never lets more through at once than the one before it would have.
    function test_fuzz_changed_fillsNothing(
        uint64 amountUcr,
        uint32 windowS,
        uint64 takenUcr,
        uint64 newUcr,
        uint32 newWindowS
    ) external pure {
        amountUcr >>= 4;
        takenUcr >>= 4;
        newUcr >>= 4;
        VM.assume(windowS != 0 && newWindowS != 0 && amountUcr != 0);
        RateWord rate =
            RateWords.full(amountUcr, windowS, 7).taken(takenUcr % (uint256(amountUcr) + 1));
        RateWord next = rate.changed(newUcr, newWindowS);
        assertTrue(next.levelUcr() <= rate.levelUcr(), "fuller");
        assertTrue(next.levelUcr() <= newUcr, "fuller than full");
        assertEq(next.amountUcr(), newUcr);
        assertEq(next.windowS(), newWindowS);
    }
}
