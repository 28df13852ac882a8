// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CreditIds} from "./CreditIds.sol";

/// @notice The credits of one account that pay for use, and what leases reserve of them, in one word.
/// From the top, all in ucr: general credits u80, its own plan credits u64, exploration credits u56, reserved u56.
type Wallet is uint256;

using Wallets for Wallet global;

/// @title Reading and writing the word of one account's credits
/// @notice One word for all kinds, so that a charge reads and writes one slot, whatever it is paid from.
library Wallets {
    /// @notice What leases reserve of one account's credits at most, in ucr.
    uint256 internal constant MAX_RESERVED_UCR = (1 << 56) - 1;

    uint256 private constant GENERAL_AT = 176;
    uint256 private constant PLAN_AT = 112;
    uint256 private constant EXPLORATION_AT = 56;
    uint256 private constant GENERAL_MASK = (1 << 80) - 1;
    uint256 private constant PLAN_MASK = (1 << 64) - 1;
    uint256 private constant SMALL_MASK = (1 << 56) - 1;

    /// @notice The balance of one kind, in ucr.
    /// @param id GENERAL, EXPLORATION, or else the account's own plan credits.
    function balanceUcr(Wallet self, uint256 id) internal pure returns (uint256) {
        (uint256 shift, uint256 mask) = _fieldOf(id);
        return (Wallet.unwrap(self) >> shift) & mask;
    }

    /// @notice The largest balance of one kind, in ucr.
    /// @param id As for balanceUcr.
    function limitUcr(uint256 id) internal pure returns (uint256 mask) {
        (, mask) = _fieldOf(id);
    }

    /// @notice All credits that pay for use, in ucr.
    function spendableUcr(Wallet self) internal pure returns (uint256) {
        uint256 word = Wallet.unwrap(self);
        // No overflow: three sums of at most 80 bits.
        unchecked {
            return (word >> GENERAL_AT) + ((word >> PLAN_AT) & PLAN_MASK)
                + ((word >> EXPLORATION_AT) & SMALL_MASK);
        }
    }

    /// @notice What leases reserve, in ucr.
    function reservedUcr(Wallet self) internal pure returns (uint256) {
        return Wallet.unwrap(self) & SMALL_MASK;
    }

    /// @notice The word with another balance of one kind.
    /// @param id As for balanceUcr.
    /// @param ucr At most limitUcr.
    function withBalance(Wallet self, uint256 id, uint256 ucr) internal pure returns (Wallet) {
        (uint256 shift, uint256 mask) = _fieldOf(id);
        return Wallet.wrap((Wallet.unwrap(self) & ~(mask << shift)) | (ucr << shift));
    }

    /// @notice The word with another reservation.
    /// @param ucr At most what can be spent, and 56 bits.
    function withReserved(Wallet self, uint256 ucr) internal pure returns (Wallet) {
        return Wallet.wrap((Wallet.unwrap(self) & ~SMALL_MASK) | ucr);
    }

    /// @notice What an account pays of a due, and from what: plan credits, then exploration credits, then general ones, as
    /// far as they are not reserved any more.
    /// @param dueUcr What it owes.
    /// @param coveredUcr What leases cover of it, which they reserve no longer.
    /// @return next The word afterwards.
    /// @return planUcr Paid from plan credits.
    /// @return explorationUcr Paid from exploration credits.
    /// @return generalUcr Paid from general credits.
    function paying(Wallet self, uint256 dueUcr, uint256 coveredUcr)
        internal
        pure
        returns (Wallet next, uint256 planUcr, uint256 explorationUcr, uint256 generalUcr)
    {
        uint256 word = Wallet.unwrap(self);
        uint256 reserved = word & SMALL_MASK;
        // Nothing underflows: reserved is at most spendable, each part is at most what it is taken from, and the caller's
        // covered counts for no more than is reserved.
        unchecked {
            uint256 freed = coveredUcr < reserved ? coveredUcr : reserved;
            uint256 restUcr = self.spendableUcr() - (reserved - freed);
            if (dueUcr < restUcr) restUcr = dueUcr;
            planUcr = (word >> PLAN_AT) & PLAN_MASK;
            if (restUcr < planUcr) planUcr = restUcr;
            restUcr -= planUcr;
            explorationUcr = (word >> EXPLORATION_AT) & SMALL_MASK;
            if (restUcr < explorationUcr) explorationUcr = restUcr;
            generalUcr = restUcr - explorationUcr;
            next = Wallet.wrap(
                word - (generalUcr << GENERAL_AT) - (planUcr << PLAN_AT)
                    - (explorationUcr << EXPLORATION_AT) - freed
            );
        }
    }

    function _fieldOf(uint256 id) private pure returns (uint256 shift, uint256 mask) {
        if (id == CreditIds.GENERAL) return (GENERAL_AT, GENERAL_MASK);
        if (id == CreditIds.EXPLORATION) return (EXPLORATION_AT, SMALL_MASK);
        return (PLAN_AT, PLAN_MASK);
    }
}
