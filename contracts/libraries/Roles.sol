// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// @title Every role of the network, as the one AccessManager knows them
/// @notice Governance is the manager's own admin role: whatever names no other role is a vote's to do.
library Roles {
    /// @notice Votes on prices, rules, validators, organisations and mint allowances.
    uint64 internal constant GOVERNANCE = 0;

    /// @notice People who may stop things in an emergency, through the Guardian contract.
    uint64 internal constant GUARDIAN = 1;

    /// @notice Registers resources, lets them adopt rates that were voted for another one, and admits organisations.
    uint64 internal constant REGISTRAR = 2;

    /// @notice The UsageLedger contract: moves cursors.
    uint64 internal constant LEDGER = 3;

    /// @notice The Budgets contract: mints, moves and burns credits.
    uint64 internal constant BUDGETS = 4;

    /// @notice The Registry contract: opens the state of new accounts and meters.
    uint64 internal constant REGISTRY = 5;

    /// @notice Organisations' registrars, who give budgets more room, each after its delay; the guardians may cancel it.
    uint64 internal constant LIMITS = 6;

    /// @notice The contracts that make credits and take them back: Epochs, Plans, ProviderDesk, Corrections.
    uint64 internal constant ISSUER = 7;

    /// @notice The contracts that hold accounts' credits in a pool: SwapMarket, ProviderDesk, Experiments.
    uint64 internal constant ESCROW = 8;

    /// @notice The contracts that write the state of budgets: Budgets, Leases.
    uint64 internal constant STATE = 9;

    /// @notice The Experiments contract: says which projects explore.
    uint64 internal constant EXPERIMENTS = 10;

    /// @notice The contracts that freeze meters and suspend attesting keys: Guardian, MeterFreezes, Appeals.
    uint64 internal constant WARDEN = 11;

    /// @notice The Appeals contract: puts right what an appeal upheld.
    uint64 internal constant APPEALS = 12;

    /// @notice The contracts that charge budgets: UsageLedger, Corrections.
    uint64 internal constant CHARGER = 13;

    /// @notice The PriceIndex contract: sets indices of the Tariff.
    uint64 internal constant INDEX = 14;

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
