// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Log, Vm} from "./Vm.sol";

/// @title What every test asserts with
abstract contract Assertions {
    Vm internal constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    error NotEqual(uint256 actual, uint256 expected);
    error NotEqualBytes(bytes32 actual, bytes32 expected);
    error NotTrue(string what);

    function assertEq(uint256 actual, uint256 expected) internal pure {
        require(actual == expected, NotEqual(actual, expected));
    }

    function assertEq(address actual, address expected) internal pure {
        assertEq(uint160(actual), uint160(expected));
    }

    function assertEq(bytes32 actual, bytes32 expected) internal pure {
        require(actual == expected, NotEqualBytes(actual, expected));
    }

    function assertEq(bool actual, bool expected) internal pure {
        assertEq(actual ? 1 : 0, expected ? 1 : 0);
    }

    function assertTrue(bool condition, string memory what) internal pure {
        require(condition, NotTrue(what));
    }

    function assertBelow(uint256 actual, uint256 limit) internal pure {
        require(actual < limit, NotEqual(actual, limit));
    }

    /// @dev How many of the recorded events are of one kind.
    function countOf(Log[] memory logs, bytes32 topic) internal pure returns (uint256 count) {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == topic) ++count;
        }
    }

    /// @dev The only event of one kind.
    function theOne(Log[] memory logs, bytes32 topic) internal pure returns (Log memory log) {
        assertEq(countOf(logs, topic), 1);
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == topic) return logs[i];
        }
    }
}
