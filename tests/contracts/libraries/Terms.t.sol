// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Periods} from "../../../contracts/libraries/Periods.sol";
import {Terms, TermsLibrary} from "../../../contracts/libraries/Terms.sol";
import {Assertions} from "../support/Assertions.sol";

/// @title The word of one account's limit and debt, field by field
contract TermsTest is Assertions {
    uint256 private constant MAX_UCR = (1 << 88) - 1;

    function test_opened_isNeitherZeroNorNeeded() external pure {
        Terms terms = TermsLibrary.opened();
        assertTrue(Terms.unwrap(terms) != 0, "the slot is never fresh again");
        assertEq(terms.areNeeded(), false);
        assertEq(terms.hasLimit(), false);
        assertEq(terms.isLimitReached(MAX_UCR), false);
        assertEq(terms.isSoftReached(MAX_UCR), false);
    }

    function test_areNeeded_isTrue_forALimitAPeriodOrADebt() external pure {
        assertEq(TermsLibrary.packed(true, 0, Periods.Kind.None, 0, 0).areNeeded(), true);
        assertEq(TermsLibrary.packed(false, 0, Periods.Kind.Month, 0, 0).areNeeded(), true);
        assertEq(TermsLibrary.opened().withOverdraft(1).areNeeded(), true);
        assertEq(TermsLibrary.packed(false, 5, Periods.Kind.None, 7, 9).areNeeded(), false);
    }

    /// @dev T14: every field comes back whole, at its maximum too, and nothing of its neighbours with it.
    function test_fuzz_packed_comesBackWhole(
        bool hasLimit,
        uint88 limitUcr,
        uint8 kindSeed,
        uint40 lengthS,
        uint24 softPpm,
        uint88 overdraftUcr
    ) external pure {
        Periods.Kind kind = Periods.Kind(kindSeed % 4);
        Terms terms = TermsLibrary.packed(hasLimit, limitUcr, kind, lengthS, softPpm);
        assertEq(terms.overdraftUcr(), 0);
        terms = terms.withOverdraft(type(uint88).max).withOverdraft(overdraftUcr);
        assertEq(terms.hasLimit(), hasLimit);
        assertEq(terms.limitUcr(), limitUcr);
        assertEq(uint256(terms.periodKind()), uint256(kind));
        assertEq(terms.periodLengthS(), lengthS);
        assertEq(terms.softPpm(), softPpm);
        assertEq(terms.overdraftUcr(), overdraftUcr);
    }

    /// @dev T14: the longest period the contracts accept fits its field.
    function test_maxima_fitTheirFields() external pure {
        assertBelow(TermsLibrary.MAX_LENGTH_S, 1 << 40);
        assertBelow(TermsLibrary.MAX_SOFT_PPM, 1 << 24);
        assertEq(TermsLibrary.MAX_UCR, MAX_UCR);
    }

    function test_withOverdraft_stopsAtTheMaximum() external pure {
        Terms terms = TermsLibrary.packed(true, 5, Periods.Kind.Week, 0, 0);
        assertEq(terms.withOverdraft(MAX_UCR).overdraftUcr(), MAX_UCR);
        assertEq(terms.withOverdraft(MAX_UCR + 1).overdraftUcr(), MAX_UCR);
        assertEq(terms.withOverdraft(type(uint256).max).limitUcr(), 5);
    }

    function test_isLimitReached_isTrue_fromTheLimitOn() external pure {
        Terms terms = TermsLibrary.packed(true, 1000, Periods.Kind.None, 0, 0);
        assertEq(terms.isLimitReached(999), false);
        assertEq(terms.isLimitReached(1000), true);
        Terms nothing = TermsLibrary.packed(true, 0, Periods.Kind.None, 0, 0);
        assertEq(nothing.isLimitReached(0), true);
    }

    function test_isSoftReached_isTrue_fromTheThresholdOn() external pure {
        Terms terms = TermsLibrary.packed(true, 1001, Periods.Kind.None, 0, 500_000);
        assertEq(terms.isSoftReached(500), false); // half of it is 500.5
        assertEq(terms.isSoftReached(501), true);
        terms = TermsLibrary.packed(true, 1000, Periods.Kind.None, 0, 500_000);
        assertEq(terms.isSoftReached(499), false);
        assertEq(terms.isSoftReached(500), true);
        Terms none = TermsLibrary.packed(true, 1001, Periods.Kind.None, 0, 0);
        assertEq(none.isSoftReached(1001), false);
        Terms unlimited = TermsLibrary.packed(false, 1001, Periods.Kind.None, 0, 500_000);
        assertEq(unlimited.isSoftReached(1001), false);
    }

    /// @dev Multiplied without overflow at the very maxima.
    function test_fuzz_isSoftReached_equalsTheFraction(
        uint88 limitUcr,
        uint24 softPpm,
        uint88 spentUcr
    ) external pure {
        softPpm = 1 + softPpm % 1_000_000;
        Terms terms = TermsLibrary.packed(true, limitUcr, Periods.Kind.None, 0, softPpm);
        uint256 thresholdUcr = (uint256(limitUcr) * softPpm + 999_999) / 1_000_000;
        assertEq(terms.isSoftReached(spentUcr), spentUcr >= thresholdUcr);
    }
}
