// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The few more of forge's cheatcodes that only some tests use
interface MoreVm {
    function load(address target, bytes32 slot) external view returns (bytes32);
    function parseJson(string calldata json, string calldata key)
        external
        pure
        returns (bytes memory);
}
