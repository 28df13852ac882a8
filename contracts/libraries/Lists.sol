// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RateWord} from "./RateWord.sol";
import {Tally} from "./Tally.sol";
import {Terms} from "./Terms.sol";

/// @title Elements of lists in memory, read and written without a check of their bounds
/// @notice For the loops of a charge, which keep below the length of one list, and whose other lists are as long as that.
/// A checked access costs 50 gas, and a charge makes 40 of them for each of up to 380 accounts.
library Lists {
    /// @notice An element.
    /// @param list The list.
    /// @param i Its index, which the caller keeps below the length.
    /// @return value The element.
    function get(uint256[] memory list, uint256 i) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(add(add(list, 32), shl(5, i)))
        }
    }

    /// @notice As above.
    /// @param list The list.
    /// @param i Its index, which the caller keeps below the length.
    /// @return value The element.
    function get(Tally[] memory list, uint256 i) internal pure returns (Tally value) {
        assembly ("memory-safe") {
            value := mload(add(add(list, 32), shl(5, i)))
        }
    }

    /// @notice As above.
    /// @param list The list.
    /// @param i Its index, which the caller keeps below the length.
    /// @return value The element.
    function get(Terms[] memory list, uint256 i) internal pure returns (Terms value) {
        assembly ("memory-safe") {
            value := mload(add(add(list, 32), shl(5, i)))
        }
    }

    /// @notice As above.
    /// @param list The list.
    /// @param i Its index, which the caller keeps below the length.
    /// @return value The element.
    function get(RateWord[] memory list, uint256 i) internal pure returns (RateWord value) {
        assembly ("memory-safe") {
            value := mload(add(add(list, 32), shl(5, i)))
        }
    }

    /// @notice An element has another value.
    /// @param list The list.
    /// @param i Its index, which the caller keeps below the length.
    /// @param value The element.
    function put(uint256[] memory list, uint256 i, uint256 value) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(list, 32), shl(5, i)), value)
        }
    }

    /// @notice As above.
    /// @param list The list.
    /// @param i Its index, which the caller keeps below the length.
    /// @param value The element.
    function put(Tally[] memory list, uint256 i, Tally value) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(list, 32), shl(5, i)), value)
        }
    }

    /// @notice As above.
    /// @param list The list.
    /// @param i Its index, which the caller keeps below the length.
    /// @param value The element.
    function put(Terms[] memory list, uint256 i, Terms value) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(list, 32), shl(5, i)), value)
        }
    }

    /// @notice As above.
    /// @param list The list.
    /// @param i Its index, which the caller keeps below the length.
    /// @param value The element.
    function put(RateWord[] memory list, uint256 i, RateWord value) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(list, 32), shl(5, i)), value)
        }
    }
}
