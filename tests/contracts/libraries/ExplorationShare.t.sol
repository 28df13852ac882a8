// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Minting} from "../../../contracts/libraries/ExplorationShare.sol";
import {Assertions} from "../support/Assertions.sol";
import {MoreVm} from "../support/MoreVm.sol";

/// @title I9: the exploration pool's share of all minting, however it was divided into grants
contract ExplorationShareTest is Assertions {
    uint256 private constant PPM = 1_000_000;

    function test_share_isCarriedExactly_overSmallGrants() external pure {
        Minting memory minting;
        uint256 sumUcr = 0;
        for (uint256 i = 0; i < 27; ++i) {
            uint256 dueUcr;
            (minting, dueUcr) = minting.withGranted(1, 100_000);
            sumUcr += dueUcr;
        }
        // A ninth of 27; rounding each down alone would give nothing.
        assertEq(sumUcr, 3);
        assertEq(minting.generalUcr, 27);
        assertEq(minting.explorationUcr, 3);
    }

    function test_fuzz_pool_isTheFloorOfItsShare(uint64[16] memory grants, uint256 share)
        external
        pure
    {
        uint256 sharePpm = 100_000 + share % 50_001;
        Minting memory minting;
        uint256 sumUcr = 0;
        for (uint256 i = 0; i < grants.length; ++i) {
            (minting,) = minting.withGranted(grants[i], sharePpm);
            sumUcr += grants[i];
            assertEq(minting.explorationUcr, sumUcr * sharePpm / (PPM - sharePpm));
            assertEq(minting.generalUcr, sumUcr);
        }
    }

    /// @dev Between a tenth and 15 % of everything minted, less the one micro-credit still owed, whatever was voted.
    function test_fuzz_invariant_I9_holds_whenTheShareChanges(
        uint64[16] memory grants,
        uint16[16] memory shares
    ) external pure {
        Minting memory minting;
        for (uint256 i = 0; i < grants.length; ++i) {
            (minting,) = minting.withGranted(grants[i], 100_000 + uint256(shares[i]) % 50_001);
            uint256 general = minting.generalUcr;
            uint256 pool = minting.explorationUcr;
            assertTrue((pool + 1) * PPM >= (general + pool + 1) * 100_000, "below a tenth");
            assertTrue(pool * PPM <= (general + pool) * 150_000, "above 15 %");
        }
    }

    function test_share_followsTheVectors() external view {
        string memory json = VM.readFile("tests/vectors/replenishment.json");
        uint256[][] memory granted = _table(json, ".shares[*].granted_ucr");
        uint256[][] memory pools = _table(json, ".shares[*].pool_ucr");
        uint256[] memory shares =
            abi.decode(MoreVm(address(VM)).parseJson(json, ".shares[*].share_ppm"), (uint256[]));
        assertEq(shares.length, 3);
        for (uint256 i = 0; i < shares.length; ++i) {
            Minting memory minting;
            for (uint256 j = 0; j < granted[i].length; ++j) {
                (minting,) = minting.withGranted(granted[i][j], shares[i]);
                assertEq(minting.explorationUcr, pools[i][j]);
            }
        }
    }

    function _table(string memory json, string memory key)
        private
        pure
        returns (uint256[][] memory)
    {
        return abi.decode(MoreVm(address(VM)).parseJson(json, key), (uint256[][]));
    }
}
