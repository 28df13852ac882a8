// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What one account has spent, and what its budget says about that, in one word.
/// From the top: parent u32, period end u34 (Unix s, 0 = never), marks u10, leased u56, net spent in the period i60, spent
/// in its lifetime u64 (all ucr). Net spent below zero is what was carried over from earlier periods and is not used up
/// yet. Zero = an account that was never opened.
type Tally is uint256;

using Tallies for Tally global;

/// @title Reading and writing the word of one account
/// @notice Sums stop at their maxima, of 5.7e17 ucr in a period, which is the highest limit there is, and of 1.8e19 ucr in a
/// lifetime: settlement never fails for money.
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
    /// @notice Leases of the account itself may reserve some of its credits.
    uint256 internal constant HAS_LEASE = 32;
    /// @notice The account has an open experiment.
    uint256 internal constant EXPLORING = 64;
    /// @notice Leases of the account and what lies below it come out of a bucket.
    uint256 internal constant HAS_RATE = 128;

    /// @notice What counts as spent in a period at most, in ucr.
    uint256 internal constant MAX_NET_UCR = (1 << 59) - 1;
    /// @notice What may be leased of an account and what lies below it, in ucr.
    uint256 internal constant MAX_LEASED_UCR = (1 << 56) - 1;

    uint256 private constant PARENT_AT = 224;
    uint256 private constant PERIOD_END_AT = 190;
    uint256 private constant MARKS_AT = 180;
    uint256 private constant LEASED_AT = 124;
    uint256 private constant NET_AT = 64;
    uint256 private constant NET_MASK = (1 << 60) - 1;
    uint256 private constant SUM_MASK = (1 << 64) - 1;
    uint256 private constant TIME_MASK = (1 << 34) - 1;
    /// @dev What lies above the net field, and how far the word is shifted to extend that field's sign.
    uint256 private constant ABOVE_NET = 132;
    uint256 private constant NET_SHIFT = 196;

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

    /// @notice Spent since the period began, beyond what was carried over, in ucr.
    function spentInPeriodUcr(Tally self) internal pure returns (uint256) {
        int256 net = self.netUcr();
        // Not negative.
        // forge-lint: disable-next-line(unsafe-typecast)
        return net > 0 ? uint256(net) : 0;
    }

    /// @notice What is left of what was carried over, in ucr.
    function carriedUcr(Tally self) internal pure returns (uint256) {
        int256 net = self.netUcr();
        // Not negative.
        // forge-lint: disable-next-line(unsafe-typecast)
        return net < 0 ? uint256(-net) : 0;
    }

    /// @notice Spent since the period began, less what was carried over, in ucr.
    function netUcr(Tally self) internal pure returns (int256) {
        // The shifts cut the field out and extend its sign.
        // forge-lint: disable-next-line(unsafe-typecast)
        return int256(Tally.unwrap(self) << ABOVE_NET) >> NET_SHIFT;
    }

    /// @notice Leased of the account and what lies below it, in ucr.
    function leasedUcr(Tally self) internal pure returns (uint256) {
        return (Tally.unwrap(self) >> LEASED_AT) & MAX_LEASED_UCR;
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

    /// @notice Whether two words of one account differ in nothing but what was spent and is leased.
    function isLike(Tally self, Tally other) internal pure returns (bool) {
        return (Tally.unwrap(self) ^ Tally.unwrap(other)) >> MARKS_AT == 0;
    }

    /// @notice The word after something more was spent.
    /// @param costUcr Less than 2^192.
    /// @param coveredUcr What leases covered of it.
    function withSpent(Tally self, uint256 costUcr, uint256 coveredUcr)
        internal
        pure
        returns (Tally)
    {
        uint256 word = Tally.unwrap(self);
        // No overflow: 64 bits and 192 bits are added in 256. No underflow: leased falls to zero at most.
        unchecked {
            uint256 leased = self.leasedUcr();
            leased = coveredUcr < leased ? leased - coveredUcr : 0;
            uint256 lifetime = (word & SUM_MASK) + costUcr;
            if (lifetime > SUM_MASK) lifetime = SUM_MASK;
            // Less than 2^192.
            // forge-lint: disable-next-line(unsafe-typecast)
            int256 net = self.netUcr() + int256(costUcr);
            return Tally.wrap(
                ((word >> MARKS_AT) << MARKS_AT) | (leased << LEASED_AT) | _packedNet(net)
                    | lifetime
            );
        }
    }

    /// @notice The word with something else leased.
    /// @param ucr At most MAX_LEASED_UCR.
    function withLeased(Tally self, uint256 ucr) internal pure returns (Tally) {
        uint256 kept = Tally.unwrap(self) & ~(MAX_LEASED_UCR << LEASED_AT);
        return Tally.wrap(kept | (ucr << LEASED_AT));
    }

    /// @notice The word at the start of a period.
    /// @param endS The end of the new period in Unix seconds, 0 = never.
    /// @param net What counts as spent in it already, less what was carried over, in ucr.
    function withPeriod(Tally self, uint256 endS, int256 net) internal pure returns (Tally) {
        uint256 kept =
            Tally.unwrap(self) & ~((TIME_MASK << PERIOD_END_AT) | (SOFT_CROSSED << MARKS_AT));
        uint256 end = endS > TIME_MASK ? TIME_MASK : endS;
        return Tally.wrap(kept | (end << PERIOD_END_AT)).withNet(net);
    }

    /// @notice The word with something else counting as spent in the period.
    /// @param net Less what was carried over, in ucr.
    function withNet(Tally self, int256 net) internal pure returns (Tally) {
        return Tally.wrap((Tally.unwrap(self) & ~(NET_MASK << NET_AT)) | _packedNet(net));
    }

    /// @dev The field of net spending, which stops at its maxima.
    function _packedNet(int256 net) private pure returns (uint256) {
        // Positive.
        // forge-lint: disable-next-line(unsafe-typecast)
        int256 most = int256(MAX_NET_UCR);
        if (net > most) net = most;
        if (net < -most) net = -most;
        // The mask cuts the sign to the field's width.
        // forge-lint: disable-next-line(unsafe-typecast)
        return (uint256(net) & NET_MASK) << NET_AT;
    }
}
