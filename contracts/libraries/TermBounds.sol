// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEpochs, ReplenishmentTerms} from "../interfaces/IEpochs.sol";

/// @title What no vote on replenishment can go beyond
/// @notice The constants that bound the terms of grants.
library TermBounds {
    /// @notice A grant grows or shrinks by at most half.
    uint32 internal constant MAX_STEP_PPM = 500_000;
    /// @notice The exploration pool's share of what is minted at least.
    uint32 internal constant MIN_EXPLORATION_PPM = 100_000;
    /// @notice The exploration pool's share of what is minted at most.
    uint32 internal constant MAX_EXPLORATION_PPM = 150_000;
    /// @notice Outcomes may be disputed for so long at least.
    uint32 internal constant MIN_DISPUTE_S = 1 days;
    /// @notice Outcomes may be disputed for so long at most.
    uint32 internal constant MAX_DISPUTE_S = 30 days;

    /// @notice Reverts unless terms lie inside their bounds.
    /// @param terms The terms.
    function check(ReplenishmentTerms memory terms) internal pure {
        _check(terms.lowUusd < terms.highUusd, "lowUusd");
        _check(terms.growthPpm <= MAX_STEP_PPM, "growthPpm");
        _check(terms.cutPpm <= MAX_STEP_PPM, "cutPpm");
        _check(
            terms.explorationPpm >= MIN_EXPLORATION_PPM
                && terms.explorationPpm <= MAX_EXPLORATION_PPM,
            "explorationPpm"
        );
        _check(terms.disputeS >= MIN_DISPUTE_S && terms.disputeS <= MAX_DISPUTE_S, "disputeS");
    }

    function _check(bool isInside, string memory name) private pure {
        require(isInside, IEpochs.TermsInvalid(name));
    }
}
