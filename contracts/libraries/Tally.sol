// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What one account has spent, and what its budget says about that, in one word.
/// From the top: parent u32, period end u40 (Unix s, 0 = never), marks u16, spent in the period u84, spent in its
/// lifetime u84 (both ucr). Zero = an account that was never opened.
type Tally is uint256;

using Tallies for Tally global;

/// @title Reading and writing the word of one account
/// @notice Sums stop at their maximum of 1.9e25 ucr, which 260,000 batches full of the dearest possible records
/// would need: settlement never fails for money.
library Tallies {
    /// @notice The account was opened.
    uint256 internal constant OPEN = 1;
    /// @notice The account's terms matter: it has a limit, a period or an overdraft.
    uint256 internal constant HAS_TERMS = 2;
    /// @notice The soft threshold was crossed in this period.
    uint256 internal constant SOFT_CROSSED = 4;
    /// @notice Frozen by an overdraft.
    uint256 internal constant FROZEN_OVERDRAFT = 8;
    /// @notice Frozen by the limit.
    uint256 internal constant FROZEN_LIMIT = 16;
    /// @notice The account holds plan credits.
    uint256 internal constant HAS_PLAN = 32;

    uint256 private constant PARENT_AT = 224;
    uint256 private constant PERIOD_END_AT = 184;
    uint256 private constant MARKS_AT = 168;
    uint256 private constant PERIOD_AT = 84;
    uint256 private constant SUM_MASK = (1 << 84) - 1;
    uint256 private constant TIME_MASK = (1 << 40) - 1;

    /// @notice The word of a new account.
    /// @param parentId The parent's account id, 0 for an organisation.
    /// @return The word: nothing spent, no limit.
    function opened(uint32 parentId) internal pure returns (Tally) {
        return Tally.wrap((uint256(parentId) << PARENT_AT) | (OPEN << MARKS_AT));
    }

    /// @notice Whether the account was opened.
    function isOpen(Tally self) internal pure returns (bool) {
        return Tally.unwrap(self) != 0;
    }

    /// @notice The parent's account id, 0 for an organisation.
    function parent(Tally self) internal pure returns (uint256) {
        return Tally.unwrap(self) >> PARENT_AT;
    }

    /// @notice When the running period ends in Unix seconds, 0 = never.
    function periodEndS(Tally self) internal pure returns (uint256) {
        return (Tally.unwrap(self) >> PERIOD_END_AT) & TIME_MASK;
    }

    /// @notice Whether any of the marks is set.
    function isMarked(Tally self, uint256 marks) internal pure returns (bool) {
        return (Tally.unwrap(self) >> MARKS_AT) & marks != 0;
    }

    /// @notice Why the account is frozen: bit 0 overdraft, bit 1 limit.
    function frozenWhy(Tally self) internal pure returns (uint8) {
        // Two bits are left.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint8((Tally.unwrap(self) >> MARKS_AT) / FROZEN_OVERDRAFT & 3);
    }

    /// @notice Spent since the period began, in ucr.
    function spentInPeriodUcr(Tally self) internal pure returns (uint256) {
        return (Tally.unwrap(self) >> PERIOD_AT) & SUM_MASK;
    }

    /// @notice Spent since the account was opened, in ucr.
    function spentLifetimeUcr(Tally self) internal pure returns (uint256) {
        return Tally.unwrap(self) & SUM_MASK;
    }

    /// @notice The word with a mark set or cleared.
    function withMark(Tally self, uint256 mark, bool isSet) internal pure returns (Tally) {
        return self.withMarks(mark, isSet ? mark : 0);
    }

    /// @notice The word with some marks replaced.
    /// @param mask The marks that may change.
    /// @param marks Those of them that are set afterwards.
    function withMarks(Tally self, uint256 mask, uint256 marks) internal pure returns (Tally) {
        return Tally.wrap((Tally.unwrap(self) & ~(mask << MARKS_AT)) | (marks << MARKS_AT));
    }

    /// @notice Whether two words of one account differ in nothing but what was spent.
    function isLike(Tally self, Tally other) internal pure returns (bool) {
        return (Tally.unwrap(self) ^ Tally.unwrap(other)) >> MARKS_AT == 0;
    }

    /// @notice The word after something more was spent.
    /// @param costUcr Less than 2^128.
    function withSpent(Tally self, uint256 costUcr) internal pure returns (Tally) {
        // No overflow: 84 bits and 128 bits are added in 256.
        unchecked {
            uint256 heads = Tally.unwrap(self) & ~((1 << MARKS_AT) - 1);
            uint256 period = _capped(self.spentInPeriodUcr() + costUcr);
            uint256 lifetime = _capped(self.spentLifetimeUcr() + costUcr);
            return Tally.wrap(heads | (period << PERIOD_AT) | lifetime);
        }
    }

    /// @notice The word at the start of a period.
    /// @param endS The end of the new period in Unix seconds, 0 = never.
    /// @param spentUcr What counts as spent in it already.
    function withPeriod(Tally self, uint256 endS, uint256 spentUcr) internal pure returns (Tally) {
        uint256 kept = Tally.unwrap(self)
            & ~((TIME_MASK << PERIOD_END_AT) | (SUM_MASK << PERIOD_AT) | (SOFT_CROSSED << MARKS_AT));
        uint256 end = endS > TIME_MASK ? TIME_MASK : endS;
        return Tally.wrap(kept | (end << PERIOD_END_AT) | (_capped(spentUcr) << PERIOD_AT));
    }

    function _capped(uint256 sumUcr) private pure returns (uint256) {
        return sumUcr > SUM_MASK ? SUM_MASK : sumUcr;
    }
}
