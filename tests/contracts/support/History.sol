// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Announcements of one key in their order.
struct History {
    uint64[] fromMs;
    uint256[] values;
}

using Histories for History global;

/// @title What holds when, by a linear scan: what the contracts' binary searches are compared with
library Histories {
    function push(History storage self, uint64 fromMs, uint256 value) internal {
        self.fromMs.push(fromMs);
        self.values.push(value);
    }

    /// @dev The last announcement that has begun; 0 = none.
    function valueAt(History storage self, uint64 timeMs) internal view returns (uint256 value) {
        for (uint256 i = 0; i < self.fromMs.length; ++i) {
            if (self.fromMs[i] <= timeMs) value = self.values[i];
        }
    }
}
