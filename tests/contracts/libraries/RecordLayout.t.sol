// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RecordLayout} from "../../../contracts/libraries/RecordLayout.sol";
import {Assertions} from "../support/Assertions.sol";

/// @title Where the fields lie in a usage record, against words written by hand (docs/protocol.md section 1)
contract RecordLayoutTest is Assertions {
    /// @dev time 0x018BD958A2F8, project 0x11121314, user 0x2122232425262728, resource 0x3132, flags 0x4142,
    /// in_fresh, in_cached, and the upper half of in_written.
    bytes32 private constant FIRST =
        0x018BD958A2F81112131421222324252627283132414251525354616263647172;
    /// @dev The lower half of in_written, five more quantities, step, reason 5 and 0x55123456789ABC micro-credits.
    bytes32 private constant SECOND =
        0x73748182838491929394A1A2A3A4B1B2B3B4C1C2C3C4D1D20555123456789ABC;

    function test_load_readsBothWords() external view {
        bytes32[] memory words = new bytes32[](4);
        words[2] = FIRST;
        words[3] = SECOND;
        (bytes32 first, bytes32 second) = this.load(words, 2);
        assertEq(first, FIRST);
        assertEq(second, SECOND);
        (first, second) = this.load(words, 0);
        assertEq(first, bytes32(0));
        assertEq(second, bytes32(0));
    }

    function test_fields_lieWhereTheProtocolSays() external pure {
        assertEq(RecordLayout.project(FIRST), 0x11121314);
        assertEq(RecordLayout.user(FIRST), 0x2122232425262728);
        assertEq(RecordLayout.resource(FIRST), 0x3132);
        assertEq(RecordLayout.costWord(SECOND), 0x0555123456789ABC);
        assertEq(RecordLayout.costUcr(0x0555123456789ABC), 0x55123456789ABC);
    }

    function test_isQuarantined_looksAtTheTopByteOnly() external pure {
        assertEq(RecordLayout.isQuarantined(0x0100000000000000), true);
        assertEq(RecordLayout.isQuarantined(0xFF00000000000000), true);
        assertEq(RecordLayout.isQuarantined(0x00FFFFFFFFFFFFFF), false);
        assertEq(RecordLayout.isQuarantined(0), false);
    }

    function test_costUcr_isTheLow55Bits() external pure {
        assertEq(RecordLayout.costUcr(0x00FFFFFFFFFFFFFF), 0x7FFFFFFFFFFFFF);
        assertEq(RecordLayout.costUcr(0x0080000000000000), 0);
        assertEq(RecordLayout.costUcr(0x007FFFFFFFFFFFFF), 0x7FFFFFFFFFFFFF);
    }

    /// @dev T14: every field comes back whole, and nothing of its neighbours with it.
    function test_fuzz_fields_comeBackWhole(
        uint48 timeMs,
        uint32 project,
        uint64 user,
        uint16 resource,
        bytes12 rest,
        uint64 costWord
    ) external pure {
        bytes32 first = bytes32(abi.encodePacked(timeMs, project, user, resource, rest));
        assertEq(RecordLayout.project(first), project);
        assertEq(RecordLayout.user(first), user);
        assertEq(RecordLayout.resource(first), resource);
        bytes32 second = bytes32(abi.encodePacked(rest, rest, costWord));
        assertEq(RecordLayout.costWord(second), costWord);
        assertEq(RecordLayout.costUcr(costWord), uint256(costWord) % (1 << 55));
        assertEq(RecordLayout.isQuarantined(costWord), costWord >= 1 << 56);
    }

    function load(bytes32[] calldata words, uint256 index)
        external
        pure
        returns (bytes32 first, bytes32 second)
    {
        return RecordLayout.load(words, index);
    }
}
