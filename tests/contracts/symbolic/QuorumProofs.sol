// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Quorum} from "../../../contracts/libraries/Quorum.sol";

/// @title What holds of a quorum's size for every set, proven by symbolic execution (scripts/prove)
contract QuorumProofs {
    uint256 private constant MAX_SIZE = 32;

    /// @dev Two quorums share an honest validator: with f faulty ones, any two overlap in more than f.
    function check_needed_makesQuorumsMeetInAnHonestOne(uint256 n) external pure {
        if (n == 0 || n > MAX_SIZE) return;
        uint256 faulty = (n - 1) / 3;
        uint256 q = Quorum.needed(n);
        assert(2 * q > n + faulty);
    }

    /// @dev The honest ones alone are enough: f faulty ones cannot stop the others.
    function check_needed_isReachedWithoutTheFaulty(uint256 n) external pure {
        if (n == 0 || n > MAX_SIZE) return;
        assert(Quorum.needed(n) <= n - (n - 1) / 3);
        assert(Quorum.needed(n) > 0);
    }
}
