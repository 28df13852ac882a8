// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice What was minted by epoch rules, and the fraction of a micro-credit the exploration pool is still owed.
/// @param generalUcr General credits to projects, in micro-credits.
/// @param explorationUcr Exploration credits to the pool, in micro-credits.
/// @param owed Numerator of the fraction, over a million less sharePpm.
/// @param sharePpm The share it was computed under, 0 = none was yet.
struct Minting {
    uint104 generalUcr;
    uint104 explorationUcr;
    uint24 owed;
    uint24 sharePpm;
}

using ExplorationShare for Minting global;

/// @title The exploration pool's share of all minting, exact to the micro-credit
/// @notice Under one share s of all that is minted the pool has floor(general * s / (1 - s)) at every moment, however the
/// general credits were divided into grants. When the share changes, the fraction owed is carried over, rounded down.
library ExplorationShare {
    /// @notice One, in millionths.
    uint256 internal constant PPM = 1_000_000;

    /// @notice General credits were minted, and the pool's share of them is due.
    /// @param self What was minted so far.
    /// @param grantedUcr The general credits, in micro-credits.
    /// @param sharePpm The pool's share of all minting in millionths, above 0 and below a million.
    /// @return What was minted afterwards.
    /// @return dueUcr What the pool is to get now, in micro-credits.
    function withGranted(Minting memory self, uint256 grantedUcr, uint256 sharePpm)
        internal
        pure
        returns (Minting memory, uint256 dueUcr)
    {
        uint256 rest = PPM - sharePpm;
        uint256 owed = self.owed;
        if (self.sharePpm != sharePpm) owed = owed * rest / (PPM - self.sharePpm);
        uint256 numerator = grantedUcr * sharePpm + owed;
        dueUcr = numerator / rest;
        return (
            Minting({
                generalUcr: SafeCast.toUint104(self.generalUcr + grantedUcr),
                explorationUcr: SafeCast.toUint104(self.explorationUcr + dueUcr),
                // Less than a million.
                // forge-lint: disable-next-line(unsafe-typecast)
                owed: uint24(numerator % rest),
                sharePpm: SafeCast.toUint24(sharePpm)
            }),
            dueUcr
        );
    }
}
