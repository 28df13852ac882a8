// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Closing} from "../../../contracts/interfaces/IEpochs.sol";

/// @title Epochs as far as appeals see them: closings are written by hand, grants restored in a field
contract EpochsMock is AccessManaged {
    uint256 public recounts;
    mapping(uint32 project => mapping(uint32 epoch => Closing)) private _closings;

    constructor(address authority_) AccessManaged(authority_) {}

    function close(uint32 project, uint32 epoch, uint128 baseUcr, uint128 grantUcr) external {
        Closing storage closing = _closings[project][epoch];
        closing.isClosed = true;
        closing.closedAtS = uint64(block.timestamp);
        closing.baseUcr = baseUcr;
        closing.grantUcr = grantUcr;
    }

    function restore(uint32 project, uint32 epoch) external restricted {
        _closings[project][epoch].grantUcr = _closings[project][epoch].baseUcr;
    }

    function recount(uint32, uint32) external restricted {
        ++recounts;
    }

    function closedOf(uint32 project, uint32 epoch) external view returns (Closing memory) {
        return _closings[project][epoch];
    }
}
