// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConfirmerDraw, PoolEntry} from "../../../contracts/libraries/ConfirmerDraw.sol";
import {Assertions} from "../support/Assertions.sol";

/// @title Who may be drawn, and that the draw is even
contract ConfirmerDrawTest is Assertions {
    uint32 private constant ORGANISATION = 1;
    uint32 private constant TEAM = 2;

    function test_isOutside_refusesTheProjectsSide() external pure {
        assertEq(_isOutside(ORGANISATION, 0), false);
        assertEq(_isOutside(TEAM, TEAM), false);
        // A project of the team, and what lies below.
        assertEq(_isOutside(7, TEAM), false);
    }

    function test_isOutside_takesOtherTeamsAndOrganisations() external pure {
        assertEq(_isOutside(3, 3), true);
        assertEq(_isOutside(8, 3), true);
        assertEq(_isOutside(9, 0), true);
    }

    function test_fuzz_startOf_liesInThePool(bytes32 seed, uint32 project, uint32 epoch, uint8 size)
        external
        pure
    {
        if (size == 0) return;
        assertBelow(ConfirmerDraw.startOf(seed, project, epoch, 1, size), size);
    }

    function test_startOf_changesWithEverything() external pure {
        uint256 size = type(uint256).max;
        uint256 start = ConfirmerDraw.startOf("seed", 1, 2, 3, size);
        assertTrue(start != ConfirmerDraw.startOf("other", 1, 2, 3, size), "seed");
        assertTrue(start != ConfirmerDraw.startOf("seed", 9, 2, 3, size), "project");
        assertTrue(start != ConfirmerDraw.startOf("seed", 1, 9, 3, size), "epoch");
        assertTrue(start != ConfirmerDraw.startOf("seed", 1, 2, 9, size), "kind");
    }

    /// @dev 6,400 draws among 64 hit each place a hundred times, give or take four standard deviations.
    function test_startOf_isEven() external pure {
        uint256[64] memory counts;
        for (uint32 project = 0; project < 6400; ++project) {
            ++counts[ConfirmerDraw.startOf("seed", project, 1, 1, 64)];
        }
        for (uint256 i = 0; i < 64; ++i) {
            assertTrue(counts[i] > 60 && counts[i] < 140, "uneven");
        }
    }

    function _isOutside(uint32 account, uint32 team) private pure returns (bool) {
        PoolEntry memory entry = PoolEntry({account: account, team: team, confirmer: address(1)});
        return ConfirmerDraw.isOutside(entry, ORGANISATION, TEAM);
    }
}
