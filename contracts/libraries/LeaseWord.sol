// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice One meter's lease of one project's credits, in one word.
/// From the top: unused u24, halted time before u32 (s), left u56 (ucr), admitted until u40 (Unix s), last sequence number
/// + 1 u64 (0 = not declared), nonce u32, marks u8. Zero = there never was one.
type LeaseWord is uint256;

using LeaseWords for LeaseWord global;

/// @title Reading and writing the word of one lease
/// @notice Where each field of the word lies is known here alone.
library LeaseWords {
    /// @notice Credits of one lease, or of all leases of an account and what lies below it, at most: in ucr.
    uint256 internal constant MAX_UCR = (1 << 56) - 1;
    /// @notice Sequence numbers lie below this.
    uint256 internal constant MAX_SEQ = 1 << 63;

    uint256 private constant OPEN = 1;
    uint256 private constant HALTED_AT = 200;
    uint256 private constant LEFT_AT = 144;
    uint256 private constant UNTIL_AT = 104;
    uint256 private constant END_AT = 40;
    uint256 private constant NONCE_AT = 8;

    /// @notice The word of an unreleased lease whose last number is not declared. The caller has checked every maximum.
    /// @param left_ What is left of it, in ucr.
    /// @param untilS_ Until when the meter admits calls against it, in Unix seconds.
    /// @param nonce_ How many openings and extensions there were, this one included.
    /// @param haltedS_ How long the network had stood still in all, in seconds.
    function opened(uint256 left_, uint256 untilS_, uint256 nonce_, uint256 haltedS_)
        internal
        pure
        returns (LeaseWord)
    {
        return LeaseWord.wrap(
            ((haltedS_ & type(uint32).max) << HALTED_AT) | (left_ << LEFT_AT)
                | (untilS_ << UNTIL_AT) | (nonce_ << NONCE_AT) | OPEN
        );
    }

    /// @notice Whether the lease is unreleased.
    function isOpen(LeaseWord self) internal pure returns (bool) {
        return LeaseWord.unwrap(self) & OPEN != 0;
    }

    /// @notice What is left of the lease, in ucr.
    function leftUcr(LeaseWord self) internal pure returns (uint256) {
        return (LeaseWord.unwrap(self) >> LEFT_AT) & MAX_UCR;
    }

    /// @notice Until when the meter admits calls against it, in Unix seconds.
    function admitUntilS(LeaseWord self) internal pure returns (uint64) {
        return uint64((LeaseWord.unwrap(self) >> UNTIL_AT) & type(uint40).max);
    }

    /// @notice The sequence number after the last that was declared to be admitted against it; 0 = not declared.
    function endSeq(LeaseWord self) internal pure returns (uint64) {
        // The field's own width.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint64(LeaseWord.unwrap(self) >> END_AT);
    }

    /// @notice How many openings and extensions there were.
    function nonce(LeaseWord self) internal pure returns (uint32) {
        // The field's own width.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint32(LeaseWord.unwrap(self) >> NONCE_AT);
    }

    /// @notice How long the network had stood still in all when it was opened or extended last, in seconds.
    function haltedBeforeS(LeaseWord self) internal pure returns (uint256) {
        return (LeaseWord.unwrap(self) >> HALTED_AT) & type(uint32).max;
    }

    /// @notice The word after a part of it was used.
    /// @param ucr At most what is left.
    function drawn(LeaseWord self, uint256 ucr) internal pure returns (LeaseWord) {
        // No borrow from the fields above: at most what is left is taken.
        unchecked {
            return LeaseWord.wrap(LeaseWord.unwrap(self) - (ucr << LEFT_AT));
        }
    }

    /// @notice The word once the last sequence number is known.
    /// @param lastSeq Below MAX_SEQ; no earlier one was declared.
    function ended(LeaseWord self, uint256 lastSeq) internal pure returns (LeaseWord) {
        return LeaseWord.wrap(LeaseWord.unwrap(self) | ((lastSeq + 1) << END_AT));
    }

    /// @notice The word after the lease was released: its nonce alone.
    function released(LeaseWord self) internal pure returns (LeaseWord) {
        return LeaseWord.wrap(uint256(self.nonce()) << NONCE_AT);
    }
}
