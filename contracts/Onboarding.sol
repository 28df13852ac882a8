// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IBudgets} from "./interfaces/IBudgets.sol";
import {IOnboarding} from "./interfaces/IOnboarding.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {CreditIds} from "./libraries/CreditIds.sol";
import {Roles} from "./libraries/Roles.sol";

/// @title Onboarding
contract Onboarding is IOnboarding, AccessManaged {
    uint32 private constant MAX_LIMITS_DELAY_S = 30 days;

    IRegistry private immutable REGISTRY;
    IBudgets private immutable BUDGETS;

    /// @inheritdoc IOnboarding
    uint128 public immutable override startingAllowanceUcr;
    /// @inheritdoc IOnboarding
    uint32 public immutable override limitsDelayS;

    /// @param authority_ The network's AccessManager.
    /// @param registry Where organisations are opened.
    /// @param budgets Where their allowances are set.
    /// @param startingAllowanceUcr_ What a new organisation's registrar may grant without a vote; 0 = nothing.
    /// @param limitsDelayS_ How long a registrar has to announce that a budget gets more room.
    constructor(
        address authority_,
        IRegistry registry,
        IBudgets budgets,
        uint128 startingAllowanceUcr_,
        uint32 limitsDelayS_
    ) AccessManaged(authority_) {
        require(limitsDelayS_ <= MAX_LIMITS_DELAY_S, ParameterInvalid("limitsDelayS"));
        REGISTRY = registry;
        BUDGETS = budgets;
        startingAllowanceUcr = startingAllowanceUcr_;
        limitsDelayS = limitsDelayS_;
    }

    /// @inheritdoc IOnboarding
    function admit(string calldata name, address controller, address registrar)
        external
        override
        restricted
        returns (uint32 organisation)
    {
        require(registrar != address(0), KeyMissing());
        organisation = REGISTRY.createAccount(0, name, controller);
        IAccessManager manager = IAccessManager(authority());
        manager.grantRole(Roles.registrarOf(organisation), registrar, 0);
        // What a vote decided about somebody's delay stays.
        (bool isMember,) = manager.hasRole(Roles.LIMITS, registrar);
        if (!isMember) manager.grantRole(Roles.LIMITS, registrar, limitsDelayS);
        BUDGETS.setMintAllowance(organisation, CreditIds.GENERAL, startingAllowanceUcr);
        BUDGETS.setMintAllowance(organisation, CreditIds.PLAN, startingAllowanceUcr);
        emit OrganisationAdmitted(organisation, name, controller, registrar, startingAllowanceUcr);
    }
}
