// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IValidatorSet} from "../../../contracts/interfaces/IValidatorSet.sol";
import {Quorum} from "../../../contracts/libraries/Quorum.sol";

/// @title The quorum of the set in force, as the contracts that need one ask for it
contract QuorumHarness {
    function check(
        IValidatorSet validators,
        bytes32 digest,
        uint256 bitmap,
        bytes32[] calldata signatures
    ) external view {
        uint64 nowMs = uint64(block.timestamp * 1000);
        Quorum.check(digest, validators.attestersAt(nowMs), bitmap, signatures);
    }

    function needed(IValidatorSet validators) external view returns (uint256) {
        return Quorum.needed(validators.attestersAt(uint64(block.timestamp * 1000)).length);
    }
}
