// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Periods} from "../../../contracts/libraries/Periods.sol";
import {Terms, TermsLibrary} from "../../../contracts/libraries/Terms.sol";
import {Assertions} from "../support/Assertions.sol";

/// @title The word of one account's limit and debt, field by field
contract TermsTest is Assertions {
    uint256 private constant MAX_LIMIT = (1 << 59) - 1;
    uint256 private constant MAX_OVERDRAFT = (1 << 72) - 1;

    function test_opened_isNeitherZeroNorNeeded() external pure {
        Terms terms = TermsLibrary.opened();
        assertTrue(Terms.unwrap(terms) != 0, "the slot is never fresh again");
        assertEq(terms.areNeeded(), false);
        assertEq(terms.hasLimit(), false);
        assertEq(terms.isLimitReached(type(int256).max), false);
        assertEq(terms.isSoftReached(int256(MAX_LIMIT)), false);
    }

    function test_areNeeded_isTrue_forALimitAPeriodOrADebt() external pure {
        assertEq(TermsLibrary.packed(true, 0, Periods.Kind.None, 0, 0, 0).areNeeded(), true);
        assertEq(TermsLibrary.packed(false, 0, Periods.Kind.Month, 0, 0, 0).areNeeded(), true);
        assertEq(TermsLibrary.opened().withOverdraft(1).areNeeded(), true);
        assertEq(TermsLibrary.packed(false, 5, Periods.Kind.None, 7, 9, 0).areNeeded(), false);
    }

    /// @dev T14: every field comes back whole, at its maximum too, and nothing of its neighbours with it.
    function test_fuzz_packed_comesBackWhole(
        bool hasLimit,
        uint64 limitUcr,
        uint8 kindSeed,
        uint40 lengthS,
        uint24 softPpm,
        uint24 carryPpm,
        uint72 overdraftUcr
    ) external pure {
        Periods.Kind kind = Periods.Kind(kindSeed % 4);
        Terms terms = TermsLibrary.packed(hasLimit, limitUcr, kind, lengthS, softPpm, carryPpm);
        assertEq(terms.overdraftUcr(), 0);
        terms = terms.withOverdraft(type(uint72).max).withOverdraft(overdraftUcr);
        assertEq(terms.hasLimit(), hasLimit);
        assertEq(terms.limitUcr(), limitUcr);
        assertEq(uint256(terms.periodKind()), uint256(kind));
        assertEq(terms.periodLengthS(), lengthS);
        assertEq(terms.softPpm(), softPpm);
        assertEq(terms.carryPpm(), carryPpm);
        assertEq(terms.overdraftUcr(), overdraftUcr);
    }

    /// @dev T14: the longest period the contracts accept fits its field.
    function test_maxima_fitTheirFields() external pure {
        assertBelow(TermsLibrary.MAX_LENGTH_S, 1 << 40);
        assertBelow(TermsLibrary.MAX_PPM, 1 << 24);
        assertEq(TermsLibrary.MAX_LIMIT_UCR, MAX_LIMIT);
        assertEq(TermsLibrary.MAX_OVERDRAFT_UCR, MAX_OVERDRAFT);
    }

    function test_withOverdraft_stopsAtTheMaximum() external pure {
        Terms terms = TermsLibrary.packed(true, 5, Periods.Kind.Week, 0, 0, 0);
        assertEq(terms.withOverdraft(MAX_OVERDRAFT).overdraftUcr(), MAX_OVERDRAFT);
        assertEq(terms.withOverdraft(MAX_OVERDRAFT + 1).overdraftUcr(), MAX_OVERDRAFT);
        assertEq(terms.withOverdraft(type(uint256).max).limitUcr(), 5);
    }

    function test_isLimitReached_isTrue_fromTheLimitOn() external pure {
        Terms terms = TermsLibrary.packed(true, 1000, Periods.Kind.None, 0, 0, 0);
        assertEq(terms.isLimitReached(999), false);
        assertEq(terms.isLimitReached(1000), true);
        Terms nothing = TermsLibrary.packed(true, 0, Periods.Kind.None, 0, 0, 0);
        assertEq(nothing.isLimitReached(0), true);
    }

    function test_isSoftReached_isTrue_fromTheThresholdOn() external pure {
        Terms terms = TermsLibrary.packed(true, 1001, Periods.Kind.None, 0, 500_000, 0);
        assertEq(terms.isSoftReached(500), false); // half of it is 500.5
        assertEq(terms.isSoftReached(501), true);
        terms = TermsLibrary.packed(true, 1000, Periods.Kind.None, 0, 500_000, 0);
        assertEq(terms.isSoftReached(499), false);
        assertEq(terms.isSoftReached(500), true);
        Terms none = TermsLibrary.packed(true, 1001, Periods.Kind.None, 0, 0, 0);
        assertEq(none.isSoftReached(1001), false);
        Terms unlimited = TermsLibrary.packed(false, 1001, Periods.Kind.None, 0, 500_000, 0);
        assertEq(unlimited.isSoftReached(1001), false);
    }

    /// @dev Multiplied without overflow at the very maxima.
    function test_fuzz_isSoftReached_equalsTheFraction(
        uint64 limitUcr,
        uint24 softPpm,
        int64 netUcr
    ) external pure {
        softPpm = 1 + softPpm % 1_000_000;
        Terms terms = TermsLibrary.packed(true, limitUcr, Periods.Kind.None, 0, softPpm, 0);
        uint256 thresholdUcr = (uint256(limitUcr) * softPpm + 999_999) / 1_000_000;
        assertEq(terms.isSoftReached(netUcr), int256(netUcr) >= int256(thresholdUcr));
    }

    function test_carryCapUcr_isAShareOfTheLimit() external pure {
        Terms terms = TermsLibrary.packed(true, 1001, Periods.Kind.Month, 0, 0, 500_000);
        assertEq(terms.carryCapUcr(), 500);
        terms = TermsLibrary.packed(true, MAX_LIMIT, Periods.Kind.Month, 0, 0, 1_000_000);
        assertEq(terms.carryCapUcr(), MAX_LIMIT);
        terms = TermsLibrary.packed(false, 1001, Periods.Kind.Month, 0, 0, 500_000);
        assertEq(terms.carryCapUcr(), 0);
    }
}
