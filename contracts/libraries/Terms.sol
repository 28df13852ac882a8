// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Periods} from "./Periods.sol";

/// @notice The limit of one account and its debt, in one word.
/// From the top: limit u64 (ucr), overdraft u72 (ucr), soft threshold u24 (ppm), carry-over u24 (ppm of the limit), period
/// length u40 (s), period kind u8, unused u16, marks u8. Never zero once opened, so that no write to it pays for a fresh slot.
type Terms is uint256;

using TermsLibrary for Terms global;

/// @title Reading and writing the terms of one account
/// @notice Where each field of the word lies is known here alone.
library TermsLibrary {
    uint256 private constant OPEN = 1;
    uint256 private constant HAS_LIMIT = 2;
    uint256 private constant LIMIT_AT = 192;
    uint256 private constant OVERDRAFT_AT = 120;
    uint256 private constant SOFT_AT = 96;
    uint256 private constant CARRY_AT = 72;
    uint256 private constant LENGTH_AT = 32;
    uint256 private constant KIND_AT = 24;

    /// @dev A limit, an overdraft, or a kind of period.
    uint256 private constant NEEDED_MASK =
        HAS_LIMIT | (((1 << 72) - 1) << OVERDRAFT_AT) | (uint256(type(uint8).max) << KIND_AT);

    /// @notice Limits in ucr at most.
    uint256 internal constant MAX_LIMIT_UCR = (1 << 59) - 1;
    /// @notice Overdrafts in ucr at most.
    uint256 internal constant MAX_OVERDRAFT_UCR = (1 << 72) - 1;
    /// @notice A soft threshold or carry-over at most: the limit itself.
    uint256 internal constant MAX_PPM = 1_000_000;
    /// @notice A fixed period's length in seconds at most: about a hundred years.
    uint256 internal constant MAX_LENGTH_S = 36_525 days;

    /// @notice The terms of a new account: no limit, one period, no debt.
    function opened() internal pure returns (Terms) {
        return Terms.wrap(OPEN);
    }

    /// @notice Terms as they were set, with no debt. The caller has checked every maximum.
    /// @param hasLimit_ Whether there is a limit.
    /// @param limit_ The limit in ucr.
    /// @param kind_ The kind of period.
    /// @param lengthS_ Seconds of a fixed period.
    /// @param softPpm_ The soft threshold in millionths of the limit, 0 = none.
    /// @param carryPpm_ How much of the limit a period may leave to the next, in millionths.
    function packed(
        bool hasLimit_,
        uint256 limit_,
        Periods.Kind kind_,
        uint256 lengthS_,
        uint256 softPpm_,
        uint256 carryPpm_
    ) internal pure returns (Terms) {
        return Terms.wrap(
            (limit_ << LIMIT_AT) | (softPpm_ << SOFT_AT) | (carryPpm_ << CARRY_AT)
                | (lengthS_ << LENGTH_AT) | (uint256(kind_) << KIND_AT)
                | (hasLimit_ ? HAS_LIMIT : 0) | OPEN
        );
    }

    /// @notice Whether the account has a limit.
    function hasLimit(Terms self) internal pure returns (bool) {
        return Terms.unwrap(self) & HAS_LIMIT != 0;
    }

    /// @notice The limit in ucr, meaningless without one.
    function limitUcr(Terms self) internal pure returns (uint256) {
        return Terms.unwrap(self) >> LIMIT_AT;
    }

    /// @notice What the balance could not pay, in ucr.
    function overdraftUcr(Terms self) internal pure returns (uint256) {
        return (Terms.unwrap(self) >> OVERDRAFT_AT) & MAX_OVERDRAFT_UCR;
    }

    /// @notice The soft threshold in millionths of the limit, 0 = none.
    function softPpm(Terms self) internal pure returns (uint32) {
        return uint32((Terms.unwrap(self) >> SOFT_AT) & type(uint24).max);
    }

    /// @notice How much of the limit a period may leave to the next, in millionths.
    function carryPpm(Terms self) internal pure returns (uint32) {
        return uint32((Terms.unwrap(self) >> CARRY_AT) & type(uint24).max);
    }

    /// @notice What a period may leave to the next, in ucr, rounded down; 0 without a limit.
    function carryCapUcr(Terms self) internal pure returns (uint256) {
        // No overflow: amounts of at most 64 bits, factors of at most 24.
        unchecked {
            return self.hasLimit() ? self.limitUcr() * self.carryPpm() / MAX_PPM : 0;
        }
    }

    /// @notice Seconds of a fixed period.
    function periodLengthS(Terms self) internal pure returns (uint64) {
        return uint64((Terms.unwrap(self) >> LENGTH_AT) & type(uint40).max);
    }

    /// @notice The kind of period.
    function periodKind(Terms self) internal pure returns (Periods.Kind) {
        return Periods.Kind((Terms.unwrap(self) >> KIND_AT) & type(uint8).max);
    }

    /// @notice Whether the terms say more than a new account's.
    function areNeeded(Terms self) internal pure returns (bool) {
        return Terms.unwrap(self) & NEEDED_MASK != 0;
    }

    /// @notice The terms with another debt, which stops at its maximum.
    function withOverdraft(Terms self, uint256 overdraft) internal pure returns (Terms) {
        uint256 kept = Terms.unwrap(self) & ~(MAX_OVERDRAFT_UCR << OVERDRAFT_AT);
        uint256 capped = overdraft > MAX_OVERDRAFT_UCR ? MAX_OVERDRAFT_UCR : overdraft;
        return Terms.wrap(kept | (capped << OVERDRAFT_AT));
    }

    /// @notice Whether spending has reached the limit.
    /// @param netUcr Spent in the period, less what was carried over.
    function isLimitReached(Terms self, int256 netUcr) internal pure returns (bool) {
        // A limit has 64 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        return self.hasLimit() && netUcr >= int256(self.limitUcr());
    }

    /// @notice Whether spending has reached the soft threshold.
    /// @param netUcr Spent in the period, less what was carried over.
    function isSoftReached(Terms self, int256 netUcr) internal pure returns (bool) {
        uint256 ppm = self.softPpm();
        // No overflow: amounts of at most 64 bits, factors of at most 24.
        // forge-lint: disable-next-item(unsafe-typecast)
        unchecked {
            return self.hasLimit() && ppm != 0
                && netUcr * int256(MAX_PPM) >= int256(self.limitUcr() * ppm);
        }
    }
}
