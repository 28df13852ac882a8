// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// @title Every role of the network, as the one AccessManager knows them
/// @notice Governance is the manager's own admin role: whatever names no other role is a vote's to do.
library Roles {
    /// @notice Votes on prices, rules, validators, organisations and mint allowances.
    uint64 internal constant GOVERNANCE = 0;

    /// @notice Freezes a meter in an emergency.
    uint64 internal constant GUARDIAN = 1;

    /// @notice Registers resources and lets them adopt rates that were voted for another one.
    uint64 internal constant REGISTRAR = 2;

    /// @notice The UsageLedger contract: moves cursors, charges budgets.
    uint64 internal constant LEDGER = 3;

    /// @notice The Budgets contract: mints, moves and burns credits, writes the state of budgets.
    uint64 internal constant BUDGETS = 4;

    /// @notice The Registry contract: opens the state of new accounts and meters.
    uint64 internal constant REGISTRY = 5;

    /// @dev Organisations' registrars lie above every fixed role.
    uint64 private constant FIRST_REGISTRAR = 1 << 32;

    /// @notice The role of one organisation's registrar, who manages its accounts, meters and grants.
    /// @param organisation The organisation's account id.
    /// @return The role's id: 2^32 + organisation.
    function registrarOf(uint32 organisation) internal pure returns (uint64) {
        return FIRST_REGISTRAR + organisation;
    }

    /// @notice Whether someone holds a role and may use it at once.
    /// @dev A member with an execution delay has to schedule, which only restricted functions support.
    /// @param manager The network's AccessManager.
    /// @param role The role.
    /// @param who The supposed holder.
    /// @return True for a member without delay.
    function isHolder(address manager, uint64 role, address who) internal view returns (bool) {
        (bool isMember, uint32 delayS) = IAccessManager(manager).hasRole(role, who);
        return isMember && delayS == 0;
    }
}
