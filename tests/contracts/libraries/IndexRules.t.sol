// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IndexRules} from "../../../contracts/libraries/IndexRules.sol";
import {Assertions} from "../support/Assertions.sol";
import {MoreVm} from "../support/MoreVm.sol";

/// @title How reports become an index: sizes, medians and steps
contract IndexRulesTest is Assertions {
    /// @dev With f liars among 2f + 1, the middle lies between two honest reports or is one.
    function test_needed_isTwoThirdsOfTheSet() external pure {
        uint8[10] memory expected = [1, 1, 1, 1, 3, 3, 3, 5, 5, 5];
        for (uint256 n = 0; n < expected.length; ++n) {
            assertEq(IndexRules.needed(n), expected[n]);
        }
        assertEq(IndexRules.needed(32), 21);
    }

    function test_medianOf_isTheLowerMiddle() external pure {
        uint64[] memory values = new uint64[](4);
        (values[0], values[1], values[2], values[3]) = (9, 2, 7, 5);
        assertEq(IndexRules.medianOf(values), 5);
        values = new uint64[](1);
        values[0] = 3;
        assertEq(IndexRules.medianOf(values), 3);
    }

    /// @dev As many values lie at or below the lower median as must, and no fewer at or above it.
    function test_fuzz_medianOf_partsItsValues(uint64[] memory values) external pure {
        VM.assume(values.length != 0 && values.length <= 32);
        uint64[] memory kept = new uint64[](values.length);
        for (uint256 i = 0; i < values.length; ++i) {
            kept[i] = values[i];
        }
        uint64 median = IndexRules.medianOf(values);
        uint256 below = 0;
        uint256 above = 0;
        bool isOneOfThem = false;
        for (uint256 i = 0; i < kept.length; ++i) {
            if (kept[i] < median) ++below;
            if (kept[i] > median) ++above;
            isOneOfThem = isOneOfThem || kept[i] == median;
        }
        assertTrue(isOneOfThem, "none of the values");
        assertTrue(below <= (kept.length - 1) / 2 && above <= kept.length / 2, "not the middle");
    }

    /// @dev I11: no step is further than 15 %, and none stops short of the price without need.
    function test_fuzz_clamp_goesAsFarAsAStepAllows(uint64 raw, uint64 last) external pure {
        raw = 1000 + raw % 999_999_001;
        last = 1000 + last % 999_999_001;
        uint256 clamped = IndexRules.clamp(raw, last);
        assertTrue(clamped * 100 <= uint256(last) * 115, "too far up");
        assertTrue(clamped * 115 >= uint256(last) * 100, "too far down");
        if (clamped < raw) assertTrue((clamped + 1) * 100 > uint256(last) * 115, "short of it");
        if (clamped > raw) assertTrue((clamped - 1) * 115 < uint256(last) * 100, "short of it");
        assertTrue(clamped >= 1000 && clamped <= 1_000_000_000, "out of bounds");
    }

    // The same as in Python

    function test_rules_followTheVectors() external view {
        string memory json = VM.readFile("tests/vectors/price_index.json");
        uint256[][] memory reports = _tableOf(json, ".cases[*].reports");
        uint256[][] memory expected = _tableOf(json, ".cases[*].expected");
        uint256[] memory sizes = _columnOf(json, ".cases[*].validators");
        uint256[] memory needed = _columnOf(json, ".cases[*].needed");
        uint256[] memory lasts = _columnOf(json, ".cases[*].last");
        assertTrue(sizes.length > 100, "few cases");
        for (uint256 i = 0; i < sizes.length; ++i) {
            assertEq(IndexRules.needed(sizes[i]), needed[i]);
            if (reports[i].length < needed[i]) continue;
            uint64 raw = IndexRules.medianOf(abi.decode(abi.encode(reports[i]), (uint64[])));
            uint64 clamped = IndexRules.clamp(raw, uint64(lasts[i]));
            assertEq(raw, expected[i][0]);
            assertEq(clamped, expected[i][1]);
            assertEq(IndexRules.gapOf(raw, clamped), expected[i][2]);
        }
    }

    function _tableOf(string memory json, string memory key)
        private
        pure
        returns (uint256[][] memory)
    {
        return abi.decode(MoreVm(address(VM)).parseJson(json, key), (uint256[][]));
    }

    function _columnOf(string memory json, string memory key)
        private
        pure
        returns (uint256[] memory)
    {
        return abi.decode(MoreVm(address(VM)).parseJson(json, key), (uint256[]));
    }
}
