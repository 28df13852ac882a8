// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICursors} from "../interfaces/ICursors.sol";

/// @notice A span of time in which somebody may object, and what it is extended by.
/// @param openedAtS When it began, in Unix seconds.
/// @param openedBlock The block that opened it.
/// @param lengthS How long it lasts, in seconds.
/// @param haltedBeforeS Seconds in which blocks had stopped before it began, as Cursors counts them.
struct Window {
    uint64 openedAtS;
    uint64 openedBlock;
    uint64 lengthS;
    uint64 haltedBeforeS;
}

using Windows for Window global;

/// @title Windows that nobody can close by stopping the chain
/// @notice A window closes at the later of its end and MINIMUM_BLOCKS after the block that opened it, and its end moves
/// by all the time in which blocks had stopped since it began.
library Windows {
    /// @notice Blocks that follow the opening one before a window closes.
    uint64 internal constant MINIMUM_BLOCKS = 50;

    /// @notice A window that begins now.
    /// @param cursors Where halted time is counted.
    /// @param lengthS How long it lasts, in seconds.
    /// @return The window.
    function open(ICursors cursors, uint64 lengthS) internal view returns (Window memory) {
        return openAt(cursors, uint64(block.timestamp), lengthS);
    }

    /// @notice A window that begins at a known time and is noticed by this block.
    /// @dev Time halted before this block does not extend it; who opens late states what was halted himself.
    /// @param cursors Where halted time is counted.
    /// @param openedAtS When it begins, in Unix seconds.
    /// @param lengthS How long it lasts, in seconds.
    /// @return The window.
    function openAt(ICursors cursors, uint64 openedAtS, uint64 lengthS)
        internal
        view
        returns (Window memory)
    {
        return Window({
            openedAtS: openedAtS,
            openedBlock: uint64(block.number),
            lengthS: lengthS,
            haltedBeforeS: cursors.haltedS()
        });
    }

    /// @notice When a window ends by time, as far as halts are known now.
    /// @param self The window.
    /// @param cursors Where halted time is counted.
    /// @return Unix seconds.
    function closesAtS(Window memory self, ICursors cursors) internal view returns (uint64) {
        return self.openedAtS + self.lengthS + (cursors.haltedS() - self.haltedBeforeS);
    }

    /// @notice The first block a window may be closed in.
    /// @param self The window.
    /// @return The block's number.
    function closesAtBlock(Window memory self) internal pure returns (uint64) {
        return self.openedBlock + MINIMUM_BLOCKS;
    }

    /// @notice Whether a window has ended, by time and by blocks.
    /// @param self The window.
    /// @param cursors Where halted time is counted.
    /// @return True from its end on.
    function isClosed(Window memory self, ICursors cursors) internal view returns (bool) {
        return block.number >= self.closesAtBlock() && block.timestamp >= self.closesAtS(cursors);
    }
}
