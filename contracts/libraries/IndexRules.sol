// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title How reports become an index
/// @notice docs/price-index.md, the same as tallystick.core.price_index; tests/vectors tie them together.
library IndexRules {
    uint256 private constant PPM = 1_000_000;
    /// @dev The most an index moves at once, as a fraction.
    uint256 private constant STEP_NUMERATOR = 115;
    uint256 private constant STEP_DENOMINATOR = 100;

    /// @notice How many reports move an index: with f faulty ones among them, an honest one lies on either side of the
    /// middle.
    /// @param n Validators in the set.
    /// @return 2f + 1, where f = floor((n - 1) / 3); 1 for an empty set, which nobody reports in.
    function needed(uint256 n) internal pure returns (uint256) {
        return n == 0 ? 1 : 2 * ((n - 1) / 3) + 1;
    }

    /// @notice The middle of some values; of an even number of them the lower of the two in the middle.
    /// @param values At least one, at most a set's 32; sorted afterwards.
    /// @return The lower median.
    function medianOf(uint64[] memory values) internal pure returns (uint64) {
        for (uint256 i = 1; i < values.length; ++i) {
            uint64 value = values[i];
            uint256 place = i;
            for (; place > 0 && values[place - 1] > value; --place) {
                values[place] = values[place - 1];
            }
            values[place] = value;
        }
        return values[(values.length - 1) / 2];
    }

    /// @notice A price as close to the new one as one step from the last allows.
    /// @param rawPpm The new price in millionths.
    /// @param lastPpm The last index in millionths.
    /// @return From lastPpm / 1.15, rounded up, to lastPpm x 1.15, rounded down.
    function clamp(uint64 rawPpm, uint64 lastPpm) internal pure returns (uint64) {
        uint256 lowest = Math.ceilDiv(lastPpm * STEP_DENOMINATOR, STEP_NUMERATOR);
        uint256 highest = lastPpm * STEP_NUMERATOR / STEP_DENOMINATOR;
        // No further from lastPpm than rawPpm, or it is rawPpm.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint64(Math.min(Math.max(rawPpm, lowest), highest));
    }

    /// @notice How far an index is behind the price it follows.
    /// @param rawPpm The price in millionths, at most 1,000,000,000.
    /// @param clampedPpm The index in millionths, at least 1,000.
    /// @return rawPpm / clampedPpm in millionths, rounded down.
    function gapOf(uint64 rawPpm, uint64 clampedPpm) internal pure returns (uint64) {
        // At most 10^9 x 10^6 / 10^3.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint64(rawPpm * PPM / clampedPpm);
    }
}
