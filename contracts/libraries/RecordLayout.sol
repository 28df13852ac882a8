// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Where the fields lie in a usage record of two words
/// @notice The layout is docs/protocol.md section 1; the ledger reads the fields it needs, all others are
/// for readers of its calldata.
library RecordLayout {
    /// @notice Words in one record.
    uint256 internal constant WORDS = 2;

    uint256 private constant COST_MASK = (1 << 55) - 1;

    /// @notice The account that is billed.
    /// @param first The record's first word.
    /// @return Its id.
    function project(bytes32 first) internal pure returns (uint32) {
        return uint32(uint256(first) >> 176);
    }

    /// @notice The pseudonym of the user, 0 = not recorded.
    /// @param first The record's first word.
    /// @return The pseudonym.
    function user(bytes32 first) internal pure returns (uint64) {
        return uint64(uint256(first) >> 112);
    }

    /// @notice The resource that was used.
    /// @param first The record's first word.
    /// @return Its id.
    function resource(bytes32 first) internal pure returns (uint16) {
        return uint16(uint256(first) >> 96);
    }

    /// @notice The cost word: reason code in the top byte, cost in the low 55 bits.
    /// @param second The record's second word.
    /// @return The cost word.
    function costWord(bytes32 second) internal pure returns (uint64) {
        return uint64(uint256(second));
    }

    /// @notice Whether a record failed a check and moves nothing.
    /// @param word The cost word.
    /// @return True if it carries a reason code.
    function isQuarantined(uint64 word) internal pure returns (bool) {
        return word >> 56 != 0;
    }

    /// @notice What a record costs.
    /// @param word The cost word.
    /// @return Micro-credits, 0 for a quarantined record whatever its other bits say.
    function costUcr(uint64 word) internal pure returns (uint256) {
        return isQuarantined(word) ? 0 : word & COST_MASK;
    }
}
