// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Tallies, Tally} from "../../../contracts/libraries/Tally.sol";
import {Assertions} from "../support/Assertions.sol";

/// @title The word of one account's spending, field by field
contract TallyTest is Assertions {
    uint256 private constant MAX_SUM = (1 << 64) - 1;
    int256 private constant MAX_NET = (1 << 59) - 1;
    uint256 private constant MARKS = (1 << 10) - 1;
    uint256 private constant MAX_TIME = (1 << 34) - 1;
    /// @dev Parent, period end, marks OPEN and FROZEN_LIMIT, leased, net spent -3, lifetime.
    uint256 private constant WORD = (0x11121314 << 224) | (0x312233445 << 190) | (17 << 180)
        | (0x51525354555657 << 124) | (((1 << 60) - 3) << 64) | 0x6162636465666768;

    function test_opened_saysParentOnly() external pure {
        Tally tally = Tallies.opened(0x11121314);
        assertEq(Tally.unwrap(tally), (uint256(0x11121314) << 224) | (1 << 180));
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
        assertEq(tally.periodEndS(), 0x312233445);
        assertEq(tally.isMarked(Tallies.OPEN), true);
        assertEq(tally.isMarked(Tallies.FROZEN_LIMIT), true);
        assertEq(tally.isMarked(Tallies.FROZEN_OVERDRAFT | Tallies.HAS_TERMS), false);
        assertEq(tally.leasedUcr(), 0x51525354555657);
        assertEq(tally.spentInPeriodUcr(), 0);
        assertEq(tally.carriedUcr(), 3);
        assertTrue(tally.netUcr() == -3, "net");
        assertEq(tally.spentLifetimeUcr(), 0x6162636465666768);
    }

    function test_frozenWhy_hasABitForEachReason() external pure {
        Tally tally = Tallies.opened(1);
        assertEq(tally.frozenWhy(), 0);
        assertEq(tally.withMark(Tallies.FROZEN_OVERDRAFT, true).frozenWhy(), 1);
        assertEq(tally.withMark(Tallies.FROZEN_LIMIT, true).frozenWhy(), 2);
        assertEq(tally.withMarks(24, 24).frozenWhy(), 3);
        assertEq(tally.withMarks(63, 39).frozenWhy(), 0);
    }

    /// @dev T14: sums stop at their maxima, and never run into each other or into the marks.
    function test_withSpent_stopsAtTheMaximum() external pure {
        Tally tally = Tallies.opened(7).withSpent(MAX_SUM - 1, 0);
        assertEq(tally.spentInPeriodUcr(), uint256(MAX_NET));
        assertEq(tally.withSpent(1, 0).spentLifetimeUcr(), MAX_SUM);
        tally = tally.withSpent(2, 0);
        assertEq(tally.spentLifetimeUcr(), MAX_SUM);
        assertEq(tally.withSpent(type(uint160).max, 0).spentLifetimeUcr(), MAX_SUM);
        assertEq(tally.spentInPeriodUcr(), uint256(MAX_NET));
        assertEq(tally.leasedUcr(), 0);
        assertEq(tally.isLike(Tallies.opened(7)), true);
    }

    function test_fuzz_withSpent_addsToBothSums(uint256 word, uint128 costUcr, uint56 coveredUcr)
        external
        pure
    {
        Tally before = Tally.wrap(word);
        Tally later = before.withSpent(costUcr, coveredUcr);
        assertTrue(later.netUcr() == _held(before.netUcr() + int256(uint256(costUcr))), "net");
        uint256 sumUcr = before.spentLifetimeUcr() + costUcr;
        assertEq(later.spentLifetimeUcr(), sumUcr > MAX_SUM ? MAX_SUM : sumUcr);
        uint256 leasedUcr = before.leasedUcr();
        assertEq(later.leasedUcr(), coveredUcr > leasedUcr ? 0 : leasedUcr - coveredUcr);
        assertEq(later.isLike(before), true);
    }

    /// @dev What was carried over is used up first.
    function test_withSpent_usesUpWhatWasCarriedOver() external pure {
        Tally tally = Tallies.opened(7).withPeriod(5, -100).withSpent(60, 0);
        assertEq(tally.carriedUcr(), 40);
        assertEq(tally.spentInPeriodUcr(), 0);
        tally = tally.withSpent(60, 0);
        assertEq(tally.carriedUcr(), 0);
        assertEq(tally.spentInPeriodUcr(), 20);
        assertEq(tally.spentLifetimeUcr(), 120);
    }

    function test_fuzz_withLeased_changesThatOnly(uint256 word, uint56 ucr) external pure {
        Tally before = Tally.wrap(word);
        Tally later = before.withLeased(ucr);
        assertEq(later.leasedUcr(), ucr);
        assertEq(later.isLike(before), true);
        assertTrue(later.netUcr() == before.netUcr(), "net");
        assertEq(later.spentLifetimeUcr(), before.spentLifetimeUcr());
    }

    /// @dev T14, at 2^k - 1 and 2^k and everywhere else.
    function test_fuzz_withPeriod_changesThePeriodOnly(uint256 word, uint48 endS, int72 net)
        external
        pure
    {
        Tally before = Tally.wrap(word);
        Tally later = before.withPeriod(endS, net);
        assertEq(later.periodEndS(), endS > MAX_TIME ? MAX_TIME : endS);
        assertTrue(later.netUcr() == _held(net), "net");
        assertEq(later.isMarked(Tallies.SOFT_CROSSED), false);
        assertEq(later.parent(), before.parent());
        assertEq(later.leasedUcr(), before.leasedUcr());
        assertEq(later.spentLifetimeUcr(), before.spentLifetimeUcr());
        uint256 others = Tallies.SOFT_CROSSED ^ MARKS;
        for (uint256 mark = 1; mark < MARKS; mark <<= 1) {
            assertEq(later.isMarked(mark), before.isMarked(mark & others));
        }
    }

    function test_withPeriod_isCapped_atItsEdges() external pure {
        Tally tally = Tallies.opened(7);
        assertEq(tally.withPeriod(MAX_TIME, 0).periodEndS(), MAX_TIME);
        assertEq(tally.withPeriod(MAX_TIME + 1, 0).periodEndS(), MAX_TIME);
        assertEq(tally.withPeriod(MAX_TIME + 1, 0).parent(), 7);
        assertEq(tally.withPeriod(0, MAX_NET + 1).spentInPeriodUcr(), uint256(MAX_NET));
        assertEq(tally.withPeriod(0, -MAX_NET - 1).carriedUcr(), uint256(MAX_NET));
        assertEq(tally.withPeriod(0, MAX_NET + 1).isMarked(MARKS ^ 1), false);
        assertEq(tally.withPeriod(0, -1).leasedUcr(), 0);
    }

    function test_fuzz_withMarks_changesThoseMarksOnly(uint256 word, uint16 mask, uint16 marks)
        external
        pure
    {
        (mask, marks) = (mask & uint16(MARKS), marks & uint16(MARKS));
        Tally before = Tally.wrap(word);
        Tally later = before.withMarks(mask, marks & mask);
        for (uint256 mark = 1; mark < MARKS; mark <<= 1) {
            bool expected = mask & mark == 0 ? before.isMarked(mark) : marks & mark != 0;
            assertEq(later.isMarked(mark), expected);
        }
        assertEq(later.parent(), before.parent());
        assertEq(later.periodEndS(), before.periodEndS());
        assertTrue(later.netUcr() == before.netUcr(), "net");
        assertEq(later.leasedUcr(), before.leasedUcr());
        assertEq(later.spentLifetimeUcr(), before.spentLifetimeUcr());
    }

    function test_fuzz_isLike_seesEveryBitButTheSums(uint256 word, uint8 bit) external pure {
        Tally other = Tally.wrap(word ^ (uint256(1) << bit));
        assertEq(Tally.wrap(word).isLike(other), bit < 180);
    }

    function _held(int256 net) private pure returns (int256) {
        if (net > MAX_NET) return MAX_NET;
        return net < -MAX_NET ? -MAX_NET : net;
    }
}
