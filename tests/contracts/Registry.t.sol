// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Registry} from "../../contracts/Registry.sol";
import {Account, IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {FactTime} from "../../contracts/libraries/FactTime.sol";
import {Names} from "../../contracts/libraries/Names.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {NetworkFixture} from "./support/NetworkFixture.sol";

/// @title Accounts and experiments in the Registry: who may do what, and what is announced
contract RegistryTest is NetworkFixture {
    uint64 private constant START_MS = 1_700_000_000_000;
    uint32 private constant UNKNOWN = 99;
    address private constant OTHER_CONTROLLER = address(0xC1);
    address private constant OTHER_REGISTRAR = address(0xB0B);
    address private constant TEAM_CONTROLLER = address(0xC2);

    uint32 private _other;

    /// @dev Beside acme a second organisation, with its own controller and registrar.
    function setUp() external {
        deployNetwork(4);
        _other = registry.createAccount(0, "other", OTHER_CONTROLLER);
        manager.grantRole(Roles.registrarOf(_other), OTHER_REGISTRAR, 0);
    }

    // Constructor

    /// @dev T4: frames of a network without an id would be anyone's.
    function test_constructor_revertsWhen_networkIdIsZero() external {
        VM.expectRevert(abi.encodeWithSelector(IRegistry.ParameterInvalid.selector, "networkId"));
        new Registry(address(manager), bytes32(0), cursors, state, 0);
    }

    function test_constructor_revertsWhen_leadExceedsNinetyDays() external {
        VM.expectRevert(abi.encodeWithSelector(IRegistry.ParameterInvalid.selector, "rulesLeadS"));
        new Registry(address(manager), NETWORK_ID, cursors, state, 90 days + 1);
        Registry longest = new Registry(address(manager), NETWORK_ID, cursors, state, 90 days);
        assertEq(longest.rulesLeadS(), 90 days);
        assertEq(longest.networkId(), NETWORK_ID);
    }

    // Organisations

    function test_createAccount_revertsWhen_callerIsNotGovernance_forOrganisations() external {
        address[4] memory callers = [STRANGER, CONTROLLER, REGISTRAR, GUARDIAN];
        for (uint256 i = 0; i < callers.length; ++i) {
            _expectNotAuthorised(callers[i], 0);
            VM.prank(callers[i]);
            registry.createAccount(0, "mine", callers[i]);
        }
    }

    /// @dev T5: nothing is left to initialise, so nobody can be first: a bare Registry obeys governance alone.
    function test_createAccount_revertsWhen_callerIsFirst_afterDeployment() external {
        Registry bare = new Registry(address(manager), NETWORK_ID, cursors, state, 0);
        _expectNotAuthorised(STRANGER, 0);
        VM.prank(STRANGER);
        bare.createAccount(0, "mine", STRANGER);
    }

    function test_createAccount_announcesAnOrganisation() external {
        uint32 id = registry.accountCount() + 1;
        VM.expectEmit(address(registry));
        emit IRegistry.AccountSet(id, 0, "new", CONTROLLER, true, 0);
        assertEq(registry.createAccount(0, "new", CONTROLLER), id);
        Account memory created = registry.accountOf(id);
        assertEq(created.parent, 0);
        assertEq(created.organisation, id);
        assertEq(created.depth, 1);
    }

    // Accounts below: error cases in the order of the checks

    function test_createAccount_revertsWhen_parentIsUnknown() external {
        _expectAccountUnknown(UNKNOWN);
        VM.prank(REGISTRAR);
        registry.createAccount(UNKNOWN, "x", CONTROLLER);
    }

    /// @dev Governance opens organisations, and stays out of them.
    function test_createAccount_revertsWhen_callerHasNoAuthority() external {
        address[3] memory callers = [STRANGER, GUARDIAN, address(this)];
        for (uint256 i = 0; i < callers.length; ++i) {
            _expectNotAuthorised(callers[i], team);
            VM.prank(callers[i]);
            registry.createAccount(team, "", address(0));
        }
    }

    function test_createAccount_revertsWhen_callerIsOfAnotherOrganisation() external {
        _expectNotAuthorised(OTHER_CONTROLLER, team);
        VM.prank(OTHER_CONTROLLER);
        registry.createAccount(team, "x", OTHER_CONTROLLER);
        _expectNotAuthorised(OTHER_REGISTRAR, acme);
        VM.prank(OTHER_REGISTRAR);
        registry.createAccount(acme, "x", OTHER_CONTROLLER);
        _expectNotAuthorised(REGISTRAR, _other);
        VM.prank(REGISTRAR);
        registry.createAccount(_other, "x", CONTROLLER);
    }

    function test_createAccount_revertsWhen_callerControlsBelowOrBesideOnly() external {
        uint32 below = _createTeam("below");
        uint32 beside = account(acme, "beside");
        _expectNotAuthorised(TEAM_CONTROLLER, acme);
        VM.prank(TEAM_CONTROLLER);
        registry.createAccount(acme, "x", TEAM_CONTROLLER);
        _expectNotAuthorised(TEAM_CONTROLLER, beside);
        VM.prank(TEAM_CONTROLLER);
        registry.createAccount(beside, "x", TEAM_CONTROLLER);
        assertEq(registry.isController(TEAM_CONTROLLER, below), true);
    }

    function test_createAccount_revertsWhen_nameIsInvalid() external {
        VM.expectRevert(abi.encodeWithSelector(Names.NameInvalid.selector, "Team"));
        VM.prank(CONTROLLER);
        registry.createAccount(acme, "Team", address(0));
    }

    function test_createAccount_revertsWhen_nameIsTaken() external {
        _expectNameTaken("team", team);
        VM.prank(CONTROLLER);
        registry.createAccount(acme, "team", address(0));
        _expectNameTaken("acme", acme);
        registry.createAccount(0, "acme", CONTROLLER);
    }

    /// @dev T4: an account that address zero controls would be everyone's mistake to make.
    function test_createAccount_revertsWhen_controllerIsZero() external {
        uint32 deepest = account(project, "deepest");
        VM.expectRevert(abi.encodeWithSelector(IRegistry.KeyMissing.selector));
        VM.prank(CONTROLLER);
        registry.createAccount(deepest, "x", address(0));
    }

    function test_createAccount_revertsWhen_deeperThanFour() external {
        uint32 deepest = account(project, "deepest");
        assertEq(registry.accountOf(deepest).depth, 4);
        VM.expectRevert(abi.encodeWithSelector(IRegistry.TooDeep.selector, deepest, 4));
        VM.prank(CONTROLLER);
        registry.createAccount(deepest, "x", CONTROLLER);
    }

    function test_createAccount_announcesAChild() external {
        uint32 id = registry.accountCount() + 1;
        VM.expectEmit(address(registry));
        emit IRegistry.AccountSet(id, team, "child", TEAM_CONTROLLER, true, 0);
        VM.prank(REGISTRAR);
        assertEq(registry.createAccount(team, "child", TEAM_CONTROLLER), id);
        Account memory child = registry.accountOf(id);
        assertEq(child.parent, team);
        assertEq(child.organisation, acme);
        assertEq(child.depth, 3);
        assertEq(child.active, true);
        assertEq(child.controller, TEAM_CONTROLLER);
        assertEq(registry.accountByName(team, "child"), id);
        assertEq(registry.organisationOf(id), acme);
    }

    function test_createAccount_isForEveryControllerAbove() external {
        uint32 below = _createTeam("below");
        VM.prank(TEAM_CONTROLLER);
        uint32 mine = registry.createAccount(below, "mine", TEAM_CONTROLLER);
        VM.prank(CONTROLLER);
        uint32 theirs = registry.createAccount(mine, "theirs", CONTROLLER);
        VM.prank(TEAM_CONTROLLER);
        registry.setAccountActive(theirs, false);
        assertEq(registry.accountOf(theirs).active, false);
    }

    /// @dev T15: names are unique in their parent, and no two paths are the same once joined.
    function test_createAccount_acceptsAName_inAnotherParent() external {
        uint32 first = account(acme, "ab");
        uint32 second = account(acme, "a");
        assertTrue(account(first, "c") != account(second, "bc"), "a path is not its letters");
        assertTrue(account(first, "team") != team, "the name is free below another parent");
        assertEq(registry.accountByName(first, "bc"), 0);
    }

    function test_fuzz_createAccount_countsIdsUpFromParents(uint8[8] memory seeds) external {
        for (uint256 i = 0; i < seeds.length; ++i) {
            uint32 parent = 1 + seeds[i] % registry.accountCount();
            Account memory above = registry.accountOf(parent);
            if (above.depth == 4 || above.organisation != acme) continue;
            uint32 id = account(parent, string.concat("n", VM.toString(i)));
            Account memory created = registry.accountOf(id);
            assertEq(id, registry.accountCount());
            assertEq(created.depth, above.depth + 1);
            assertEq(created.organisation, acme);
            assertTrue(id > parent, "children come after their parents");
        }
    }

    // Changes of accounts

    function test_setAccountActive_revertsWhen_accountIsUnknown() external {
        _expectAccountUnknown(UNKNOWN);
        registry.setAccountActive(UNKNOWN, false);
        _expectAccountUnknown(0);
        registry.setAccountActive(0, false);
    }

    function test_setAccountActive_revertsWhen_callerHasNoAuthority() external {
        address[4] memory callers = [STRANGER, GUARDIAN, OTHER_REGISTRAR, address(this)];
        for (uint256 i = 0; i < callers.length; ++i) {
            _expectNotAuthorised(callers[i], project);
            VM.prank(callers[i]);
            registry.setAccountActive(project, false);
        }
    }

    function test_setAccountActive_announcesFromNow() external {
        VM.warp(START_S + 60);
        VM.expectEmit(address(registry));
        emit IRegistry.AccountSet(project, team, "project", CONTROLLER, false, START_MS + 60_000);
        VM.prank(REGISTRAR);
        registry.setAccountActive(project, false);
        assertEq(registry.accountOf(project).active, false);
    }

    function test_setController_revertsWhen_callerHasNoAuthority() external {
        _expectNotAuthorised(OTHER_CONTROLLER, project);
        VM.prank(OTHER_CONTROLLER);
        registry.setController(project, address(0));
    }

    function test_setController_revertsWhen_controllerIsZero() external {
        VM.expectRevert(abi.encodeWithSelector(IRegistry.KeyMissing.selector));
        VM.prank(CONTROLLER);
        registry.setController(project, address(0));
    }

    function test_setController_announcesFromNow() external {
        VM.warp(START_S + 60);
        VM.expectEmit(address(registry));
        emit IRegistry.AccountSet(team, acme, "team", TEAM_CONTROLLER, true, START_MS + 60_000);
        VM.prank(CONTROLLER);
        registry.setController(team, TEAM_CONTROLLER);
        assertEq(registry.isController(TEAM_CONTROLLER, team), true);
        assertEq(registry.isController(TEAM_CONTROLLER, acme), false);
    }

    function test_setController_takesAuthorityFromTheOldOne() external {
        uint32 mine = _createTeam("mine");
        VM.prank(REGISTRAR);
        registry.setController(mine, CONTROLLER);
        _expectNotAuthorised(TEAM_CONTROLLER, mine);
        VM.prank(TEAM_CONTROLLER);
        registry.setController(mine, TEAM_CONTROLLER);
    }

    // Experiments

    function test_setExperiment_revertsWhen_accountIsUnknown() external {
        _expectAccountUnknown(UNKNOWN);
        VM.prank(REGISTRAR);
        registry.setExperiment(UNKNOWN, true, 0);
    }

    /// @dev Exploration credits are the organisation's to hand out: no controller opens an experiment.
    function test_setExperiment_revertsWhen_callerIsNotTheRegistrar() external {
        address[4] memory callers = [STRANGER, CONTROLLER, OTHER_REGISTRAR, address(this)];
        for (uint256 i = 0; i < callers.length; ++i) {
            _expectNotAuthorised(callers[i], project);
            VM.prank(callers[i]);
            registry.setExperiment(project, true, 0);
        }
    }

    function test_setExperiment_revertsWhen_accountIsAnOrganisation() external {
        VM.expectRevert(abi.encodeWithSelector(IRegistry.NotAProject.selector, acme));
        VM.prank(REGISTRAR);
        registry.setExperiment(acme, true, 0);
    }

    /// @dev T9: only the first fact may lie in the past.
    function test_setExperiment_revertsWhen_aChangeLiesInThePast() external {
        _setExperiment(project, true, START_MS - 1);
        VM.expectRevert(
            abi.encodeWithSelector(FactTime.FactTooEarly.selector, START_MS - 1, START_MS)
        );
        _setExperiment(project, false, START_MS - 1);
    }

    function test_setExperiment_announcesTheFirst_asAsked() external {
        VM.expectEmit(address(registry));
        emit IRegistry.ExperimentSet(project, true, 0);
        _setExperiment(project, true, 0);
        VM.expectEmit(address(registry));
        emit IRegistry.ExperimentSet(team, true, 12_345);
        _setExperiment(team, true, 12_345);
    }

    function test_setExperiment_resolvesZero_inAChange() external {
        _setExperiment(project, true, 0);
        VM.warp(START_S + 60);
        VM.expectEmit(address(registry));
        emit IRegistry.ExperimentSet(project, false, START_MS + 60_000);
        _setExperiment(project, false, 0);
        VM.expectEmit(address(registry));
        emit IRegistry.ExperimentSet(project, true, START_MS + 90_000);
        _setExperiment(project, true, START_MS + 90_000);
    }

    // Views

    function test_views_knowNothing_ofUnknownAccounts() external {
        _expectAccountUnknown(0);
        registry.accountOf(0);
        _expectAccountUnknown(UNKNOWN);
        registry.organisationOf(UNKNOWN);
        _expectAccountUnknown(UNKNOWN);
        registry.isRegistrar(REGISTRAR, UNKNOWN);
        assertEq(registry.isController(CONTROLLER, 0), false);
        assertEq(registry.isController(address(0), project), false);
        assertEq(registry.accountByName(acme, "nobody"), 0);
    }

    function _createTeam(string memory name) private returns (uint32) {
        VM.prank(CONTROLLER);
        return registry.createAccount(acme, name, TEAM_CONTROLLER);
    }

    function _setExperiment(uint32 id, bool open, uint64 fromMs) private {
        VM.prank(REGISTRAR);
        registry.setExperiment(id, open, fromMs);
    }

    function _expectNotAuthorised(address caller, uint32 id) private {
        VM.expectRevert(abi.encodeWithSelector(IRegistry.NotAuthorised.selector, caller, id));
    }

    function _expectAccountUnknown(uint32 id) private {
        VM.expectRevert(abi.encodeWithSelector(IRegistry.AccountUnknown.selector, id));
    }

    function _expectNameTaken(string memory name, uint256 id) private {
        VM.expectRevert(abi.encodeWithSelector(IRegistry.NameTaken.selector, name, id));
    }
}
