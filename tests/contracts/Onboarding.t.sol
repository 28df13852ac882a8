// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Onboarding} from "../../contracts/Onboarding.sol";
import {IBudgets} from "../../contracts/interfaces/IBudgets.sol";
import {IOnboarding} from "../../contracts/interfaces/IOnboarding.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {CreditIds} from "../../contracts/libraries/CreditIds.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {GovernanceFixture} from "./support/GovernanceFixture.sol";
import {Log} from "./support/Vm.sol";

/// @title How an organisation joins, and what admitting it cannot do
contract OnboardingTest is GovernanceFixture {
    uint128 private constant ALLOWANCE_UCR = 1 << 100;
    uint32 private constant LIMITS_DELAY_S = 1 days;
    address private constant JOINING = address(0x301);
    address private constant THEIR_REGISTRAR = address(0x302);

    IBudgets private _budgets;
    Onboarding private _onboarding;

    function setUp() external {
        deployGovernance();
        address credits = deploy("Credits", abi.encode(address(manager)));
        _budgets =
            IBudgets(deploy("Budgets", abi.encode(address(manager), registry, state, credits)));
        _onboarding = Onboarding(
            deploy(
                "Onboarding",
                abi.encode(address(manager), registry, _budgets, ALLOWANCE_UCR, LIMITS_DELAY_S)
            )
        );
        manager.grantRole(Roles.GOVERNANCE, address(_onboarding), 0);
        allow(address(_onboarding), _onboarding.admit.selector, Roles.REGISTRAR);
        handOver();
    }

    function test_constructor_revertsWhen_theDelayIsTooLong() external {
        VM.expectRevert(
            abi.encodeWithSelector(IOnboarding.ParameterInvalid.selector, "limitsDelayS")
        );
        new Onboarding(address(manager), registry, _budgets, 0, 30 days + 1);
        new Onboarding(address(manager), registry, _budgets, 0, 30 days);
    }

    // Error cases in the order of the checks

    function test_admit_revertsWhen_callerIsNotTheRegistrar() external {
        address[5] memory callers =
            [STRANGER, address(this), holderOf(0), GUARDIAN, address(timelock)];
        for (uint256 i = 0; i < callers.length; ++i) {
            expectUnauthorised(callers[i]);
            VM.prank(callers[i]);
            _onboarding.admit("umbrella", JOINING, THEIR_REGISTRAR);
        }
    }

    function test_admit_revertsWhen_aKeyIsZero() external {
        VM.expectRevert(abi.encodeWithSelector(IOnboarding.KeyMissing.selector));
        VM.prank(REGISTRAR);
        _onboarding.admit("umbrella", JOINING, address(0));
        VM.expectRevert(abi.encodeWithSelector(IRegistry.KeyMissing.selector));
        VM.prank(REGISTRAR);
        _onboarding.admit("umbrella", address(0), THEIR_REGISTRAR);
    }

    /// @dev An organisation that is there cannot be admitted anew, with other keys and another allowance.
    function test_admit_revertsWhen_theNameIsTaken() external {
        VM.expectRevert(abi.encodeWithSelector(IRegistry.NameTaken.selector, "acme", acme));
        VM.prank(REGISTRAR);
        _onboarding.admit("acme", JOINING, THEIR_REGISTRAR);
    }

    // What it changes, and nothing else

    function test_admit_opensAnOrganisation_withRegistrarAndAllowance() external {
        VM.expectEmit(address(_onboarding));
        emit IOnboarding.OrganisationAdmitted(
            4, "umbrella", JOINING, THEIR_REGISTRAR, ALLOWANCE_UCR
        );
        uint32 organisation = _admit("umbrella", THEIR_REGISTRAR);
        assertEq(registry.accountByName(0, "umbrella"), organisation);
        assertTrue(registry.isController(JOINING, organisation), "no controller");
        assertTrue(registry.isRegistrar(THEIR_REGISTRAR, organisation), "no registrar");
        assertTrue(!registry.isRegistrar(THEIR_REGISTRAR, acme), "of others");
        (bool isMember, uint32 delayS) = manager.hasRole(Roles.LIMITS, THEIR_REGISTRAR);
        assertTrue(isMember, "no limits");
        assertEq(delayS, LIMITS_DELAY_S);
        uint256[2] memory classes = [CreditIds.GENERAL, CreditIds.PLAN];
        for (uint256 i = 0; i < 2; ++i) {
            (uint256 amountUcr,) = _budgets.mintAllowanceOf(organisation, classes[i]);
            assertEq(amountUcr, ALLOWANCE_UCR);
            (amountUcr,) = _budgets.mintAllowanceOf(acme, classes[i]);
            assertEq(amountUcr, 0);
        }
    }

    /// @dev Two roles are granted, and no other word is said to the manager.
    function test_admit_grantsTwoRoles_andNothingElse() external {
        VM.recordLogs();
        uint32 organisation = _admit("umbrella", THEIR_REGISTRAR);
        Log[] memory logs = VM.getRecordedLogs();
        uint256 count = 0;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter != address(manager)) continue;
            assertEq(logs[i].topics[0], keccak256("RoleGranted(uint64,address,uint32,uint48,bool)"));
            uint64 role = count == 0 ? Roles.registrarOf(organisation) : Roles.LIMITS;
            assertEq(uint256(logs[i].topics[1]), role);
            assertEq(address(uint160(uint256(logs[i].topics[2]))), THEIR_REGISTRAR);
            ++count;
        }
        assertEq(count, 2);
    }

    /// @dev A vote shortened or lengthened somebody's delay: admitting a second organisation does not undo it.
    function test_admit_leavesTheDelay_ofWhoHasOne() external {
        _admit("umbrella", THEIR_REGISTRAR);
        VM.prank(address(timelock));
        manager.grantRole(Roles.LIMITS, THEIR_REGISTRAR, 10 days);
        _admit("tyrell", THEIR_REGISTRAR);
        // A shorter delay would hold from then on.
        VM.warp(block.timestamp + 30 days);
        (, uint32 delayS) = manager.hasRole(Roles.LIMITS, THEIR_REGISTRAR);
        assertEq(delayS, 10 days);
    }

    /// @dev It holds governance, so its code is the only guard: of its functions one writes.
    function test_onboarding_hasNoOtherFunction() external {
        bytes[3] memory calls = [
            abi.encodeCall(manager.grantRole, (Roles.GOVERNANCE, REGISTRAR, 0)),
            abi.encodeCall(manager.execute, (address(registry), "")),
            abi.encodeCall(_budgets.setMintAllowance, (acme, 1, 1))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            VM.prank(REGISTRAR);
            (bool isDone,) = address(_onboarding).call(calls[i]);
            assertTrue(!isDone, VM.toString(i));
        }
    }

    function _admit(string memory name, address registrar) private returns (uint32) {
        VM.prank(REGISTRAR);
        return _onboarding.admit(name, JOINING, registrar);
    }
}
