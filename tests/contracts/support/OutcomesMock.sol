// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Outcome, OutcomeStatus} from "../../../contracts/interfaces/IOutcomes.sol";

/// @title Outcomes as far as appeals see them: disputes are written by hand
contract OutcomesMock is AccessManaged {
    mapping(uint32 project => mapping(uint32 epoch => mapping(uint16 kind => Outcome))) private
        _outcomes;

    constructor(address authority_) AccessManaged(authority_) {}

    function dispute(uint32 project, uint32 epoch, uint16 kind) external {
        Outcome storage outcome = _outcomes[project][epoch][kind];
        outcome.status = OutcomeStatus.Disputed;
        outcome.disputedAtS = uint64(block.timestamp);
    }

    function reinstate(uint32 project, uint32 epoch, uint16 kind) external restricted {
        _outcomes[project][epoch][kind].status = OutcomeStatus.Reinstated;
    }

    function outcomeOf(uint32 project, uint32 epoch, uint16 kind)
        external
        view
        returns (Outcome memory)
    {
        return _outcomes[project][epoch][kind];
    }
}
