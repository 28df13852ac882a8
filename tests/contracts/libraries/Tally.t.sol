// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Tallies, Tally} from "../../../contracts/libraries/Tally.sol";
import {Assertions} from "../support/Assertions.sol";

/// @title The word of one account's spending, field by field
contract TallyTest is Assertions {
    uint256 private constant MAX_SUM = (1 << 84) - 1;
    uint256 private constant MAX_TIME = (1 << 40) - 1;
    /// @dev parent 0x11121314, period end 0x2122232425, marks OPEN and FROZEN_LIMIT, then both sums.
    uint256 private constant WORD =
        0x1112131421222324250011313233343536373839303414243444546474849404;

    function test_opened_saysParentOnly() external pure {
        Tally tally = Tallies.opened(0x11121314);
        assertEq(Tally.unwrap(tally), (uint256(0x11121314) << 224) | (1 << 168));
        assertEq(tally.isOpen(), true);
        assertEq(tally.parent(), 0x11121314);
        assertEq(tally.spentLifetimeUcr(), 0);
    }

    /// @dev T4: a word of zero is no account, while an organisation's first word is not zero.
    function test_isOpen_isFalse_forZeroOnly() external pure {
        assertEq(Tally.wrap(0).isOpen(), false);
        assertEq(Tallies.opened(0).isOpen(), true);
    }

    function test_fields_lieWhereTheWordSays() external pure {
        Tally tally = Tally.wrap(WORD);
        assertEq(tally.parent(), 0x11121314);
        assertEq(tally.periodEndS(), 0x2122232425);
        assertEq(tally.isMarked(Tallies.OPEN), true);
        assertEq(tally.isMarked(Tallies.FROZEN_LIMIT), true);
        assertEq(tally.isMarked(Tallies.FROZEN_OVERDRAFT | Tallies.HAS_TERMS), false);
        assertEq(tally.spentInPeriodUcr(), 0x313233343536373839303);
        assertEq(tally.spentLifetimeUcr(), 0x414243444546474849404);
    }

    function test_frozenWhy_hasABitForEachReason() external pure {
        Tally tally = Tallies.opened(1);
        assertEq(tally.frozenWhy(), 0);
        assertEq(tally.withMark(Tallies.FROZEN_OVERDRAFT, true).frozenWhy(), 1);
        assertEq(tally.withMark(Tallies.FROZEN_LIMIT, true).frozenWhy(), 2);
        assertEq(tally.withMarks(24, 24).frozenWhy(), 3);
        assertEq(tally.withMarks(63, 39).frozenWhy(), 0);
    }

    /// @dev T14: sums stop at their maximum, and never run into each other or into the marks.
    function test_withSpent_stopsAtTheMaximum() external pure {
        Tally tally = Tallies.opened(7).withSpent(MAX_SUM - 1);
        assertEq(tally.withSpent(1).spentLifetimeUcr(), MAX_SUM);
        tally = tally.withSpent(2);
        assertEq(tally.spentLifetimeUcr(), MAX_SUM);
        assertEq(tally.spentInPeriodUcr(), MAX_SUM);
        assertEq(tally.withSpent(type(uint128).max).spentLifetimeUcr(), MAX_SUM);
        assertEq(tally.isLike(Tallies.opened(7)), true);
    }

    function test_fuzz_withSpent_addsToBothSums(uint256 word, uint128 costUcr) external pure {
        Tally before = Tally.wrap(word);
        Tally later = before.withSpent(costUcr);
        assertEq(later.spentInPeriodUcr(), _capped(before.spentInPeriodUcr() + costUcr));
        assertEq(later.spentLifetimeUcr(), _capped(before.spentLifetimeUcr() + costUcr));
        assertEq(later.isLike(before), true);
    }

    /// @dev T14, at 2^k - 1 and 2^k and everywhere else.
    function test_fuzz_withPeriod_changesThePeriodOnly(uint256 word, uint48 endS, uint96 spentUcr)
        external
        pure
    {
        Tally before = Tally.wrap(word);
        Tally later = before.withPeriod(endS, spentUcr);
        assertEq(later.periodEndS(), endS > MAX_TIME ? MAX_TIME : endS);
        assertEq(later.spentInPeriodUcr(), _capped(spentUcr));
        assertEq(later.isMarked(Tallies.SOFT_CROSSED), false);
        assertEq(later.parent(), before.parent());
        assertEq(later.spentLifetimeUcr(), before.spentLifetimeUcr());
        uint256 others = Tallies.SOFT_CROSSED ^ type(uint16).max;
        for (uint256 mark = 1; mark < 1 << 16; mark <<= 1) {
            assertEq(later.isMarked(mark), before.isMarked(mark & others));
        }
    }

    function test_withPeriod_isCapped_atItsEdges() external pure {
        Tally tally = Tallies.opened(7);
        assertEq(tally.withPeriod(MAX_TIME, 0).periodEndS(), MAX_TIME);
        assertEq(tally.withPeriod(MAX_TIME + 1, 0).periodEndS(), MAX_TIME);
        assertEq(tally.withPeriod(MAX_TIME + 1, 0).parent(), 7);
        assertEq(tally.withPeriod(0, MAX_SUM + 1).spentInPeriodUcr(), MAX_SUM);
        assertEq(tally.withPeriod(0, MAX_SUM + 1).isMarked(type(uint16).max ^ 1), false);
    }

    function test_fuzz_withMarks_changesThoseMarksOnly(uint256 word, uint16 mask, uint16 marks)
        external
        pure
    {
        Tally before = Tally.wrap(word);
        Tally later = before.withMarks(mask, marks & mask);
        for (uint256 mark = 1; mark < 1 << 16; mark <<= 1) {
            bool expected = mask & mark == 0 ? before.isMarked(mark) : marks & mark != 0;
            assertEq(later.isMarked(mark), expected);
        }
        assertEq(later.parent(), before.parent());
        assertEq(later.periodEndS(), before.periodEndS());
        assertEq(later.spentInPeriodUcr(), before.spentInPeriodUcr());
        assertEq(later.spentLifetimeUcr(), before.spentLifetimeUcr());
    }

    function test_fuzz_isLike_seesEveryBitButTheSums(uint256 word, uint8 bit) external pure {
        Tally other = Tally.wrap(word ^ (uint256(1) << bit));
        assertEq(Tally.wrap(word).isLike(other), bit < 168);
    }

    function _capped(uint256 sumUcr) private pure returns (uint256) {
        return sumUcr > MAX_SUM ? MAX_SUM : sumUcr;
    }
}
