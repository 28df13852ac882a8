// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title When facts begin
/// @notice Facts are kept in Unix milliseconds, blocks in seconds.
library FactTime {
    /// @notice A change would begin earlier than it may.
    error FactTooEarly(uint64 fromMs, uint64 earliestMs);

    /// @notice The time of the block.
    /// @return Unix milliseconds.
    function nowMs() internal view returns (uint64) {
        // Seconds fit 40 bits for the next 30,000 years.
        return uint64(block.timestamp * 1000);
    }

    /// @notice When a change begins: as asked, or at the earliest for 0. Reverts if asked for earlier.
    /// @param fromMs As asked for, 0 = as early as possible.
    /// @param leadS Seconds that lie between the announcing block and the change at least.
    /// @return The resolved time in Unix milliseconds.
    function ofChange(uint64 fromMs, uint256 leadS) internal view returns (uint64) {
        // Leads are at most days, checked where they are set.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint64 earliestMs = uint64(nowMs() + leadS * 1000);
        if (fromMs == 0) return earliestMs;
        require(fromMs >= earliestMs, FactTooEarly(fromMs, earliestMs));
        return fromMs;
    }
}
