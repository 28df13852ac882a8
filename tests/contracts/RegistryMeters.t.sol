// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ICursors} from "../../contracts/interfaces/ICursors.sol";
import {Bounds, IRegistry, Meter} from "../../contracts/interfaces/IRegistry.sol";
import {Names} from "../../contracts/libraries/Names.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {Batches, Segment} from "./support/Batches.sol";
import {NetworkFixture} from "./support/NetworkFixture.sol";

/// @title Meters in the Registry: who may do what, and what is announced
contract RegistryMetersTest is NetworkFixture {
    uint64 private constant START_MS = 1_700_000_000_000;
    uint64 private constant MAX_COST_UCR = (1 << 55) - 1;
    uint32 private constant UNKNOWN = 99;
    bytes32 private constant KEY = keccak256("frame key");
    address private constant LEASE_KEY = address(0x1EA5E);
    address private constant OTHER_CONTROLLER = address(0xC1);
    address private constant OTHER_REGISTRAR = address(0xB0B);
    address private constant TEAM_CONTROLLER = address(0xC2);

    uint32 private _other;

    /// @dev Beside acme a second organisation, and a team of acme with its own controller.
    function setUp() external {
        deployNetwork(4);
        _other = registry.createAccount(0, "other", OTHER_CONTROLLER);
        manager.grantRole(Roles.registrarOf(_other), OTHER_REGISTRAR, 0);
        VM.prank(CONTROLLER);
        registry.setController(team, TEAM_CONTROLLER);
    }

    // Registering: error cases in the order of the checks

    function test_registerMeter_revertsWhen_accountIsUnknown() external {
        VM.expectRevert(abi.encodeWithSelector(IRegistry.AccountUnknown.selector, UNKNOWN));
        _register(REGISTRAR, UNKNOWN, "m", KEY);
    }

    function test_registerMeter_revertsWhen_callerHasNoAuthority() external {
        address[5] memory callers =
            [STRANGER, GUARDIAN, OTHER_CONTROLLER, OTHER_REGISTRAR, address(this)];
        for (uint256 i = 0; i < callers.length; ++i) {
            _expectNotAuthorised(callers[i], acme);
            _register(callers[i], acme, "", bytes32(0));
        }
        _expectNotAuthorised(TEAM_CONTROLLER, acme);
        _register(TEAM_CONTROLLER, acme, "m", KEY);
    }

    function test_registerMeter_revertsWhen_nameIsInvalid() external {
        VM.expectRevert(abi.encodeWithSelector(Names.NameInvalid.selector, "my meter"));
        _register(REGISTRAR, acme, "my meter", bytes32(0));
    }

    /// @dev One name, one meter in an organisation, whichever of its accounts the meter is of.
    function test_registerMeter_revertsWhen_nameIsTakenInTheOrganisation() external {
        VM.expectRevert(abi.encodeWithSelector(IRegistry.NameTaken.selector, "meter", meter));
        _register(REGISTRAR, project, "meter", bytes32(0));
    }

    /// @dev T4: a frame that the zero key signed would be anyone's.
    function test_registerMeter_revertsWhen_keyIsZero() external {
        VM.expectRevert(abi.encodeWithSelector(IRegistry.KeyMissing.selector));
        _register(REGISTRAR, acme, "m", bytes32(0));
    }

    /// @dev T14: a cost word holds 55 bits, no maximum promises more.
    function test_registerMeter_revertsWhen_maximumCostExceeds55Bits() external {
        Bounds memory tooHigh = bounds();
        tooHigh.maxCostUcr = MAX_COST_UCR + 1;
        _expectCostTooHigh(MAX_COST_UCR + 1);
        VM.prank(REGISTRAR);
        registry.registerMeter(acme, "m", KEY, LEASE_KEY, tooHigh);
    }

    function test_registerMeter_announcesMeterAndKey() external {
        uint32 id = registry.meterCount() + 1;
        VM.expectEmit(address(registry));
        emit IRegistry.MeterSet(id, team, "m", LEASE_KEY, bounds(), true, 0);
        VM.expectEmit(address(registry));
        emit IRegistry.MeterKeySet(id, 0, KEY, 0);
        _register(TEAM_CONTROLLER, team, "m", KEY);
        Meter memory created = registry.meterOf(id);
        assertEq(created.account, team);
        assertEq(created.active, true);
        assertEq(created.frozen, false);
        assertEq(created.leaseKey, LEASE_KEY);
        assertEq(created.bounds.maxCostUcr, MAX_COST_UCR);
        assertEq(registry.meterByName(acme, "m"), id);
    }

    /// @dev Without its cursor none of the meter's records could ever settle.
    function test_registerMeter_opensItsCursor() external {
        VM.expectEmit(address(cursors));
        emit ICursors.CursorOpened(registry.meterCount() + 1);
        _register(REGISTRAR, acme, "m", KEY);
    }

    function test_registerMeter_acceptsTheName_inAnotherOrganisation() external {
        _register(OTHER_CONTROLLER, _other, "meter", KEY);
        uint32 theirs = registry.meterByName(_other, "meter");
        assertTrue(theirs != meter && theirs != 0, "each organisation has its own");
        assertEq(registry.meterByName(acme, "meter"), meter);
    }

    // Changes

    function test_setMeterBounds_revertsWhen_meterIsUnknown() external {
        _expectMeterUnknown(0);
        registry.setMeterBounds(0, bounds());
        _expectMeterUnknown(UNKNOWN);
        registry.setMeterBounds(UNKNOWN, bounds());
    }

    function test_setMeterBounds_revertsWhen_callerHasNoAuthority() external {
        _expectNotAuthorised(TEAM_CONTROLLER, acme);
        VM.prank(TEAM_CONTROLLER);
        registry.setMeterBounds(meter, bounds());
        _expectNotAuthorised(OTHER_REGISTRAR, acme);
        VM.prank(OTHER_REGISTRAR);
        registry.setMeterBounds(meter, bounds());
    }

    function test_setMeterBounds_revertsWhen_maximumCostExceeds55Bits() external {
        Bounds memory tooHigh = bounds();
        tooHigh.maxCostUcr = type(uint64).max;
        _expectCostTooHigh(type(uint64).max);
        VM.prank(CONTROLLER);
        registry.setMeterBounds(meter, tooHigh);
    }

    function test_setMeterBounds_announcesFromNow() external {
        Bounds memory narrow = Bounds(1, 2, 3, 4, 5);
        VM.warp(START_S + 60);
        VM.expectEmit(address(registry));
        emit IRegistry.MeterSet(meter, acme, "meter", address(0), narrow, true, START_MS + 60_000);
        VM.prank(CONTROLLER);
        registry.setMeterBounds(meter, narrow);
        assertEq(registry.meterOf(meter).bounds.maxContext, 1);
        assertEq(registry.meterOf(meter).bounds.maxCostUcr, 5);
    }

    function test_setMeterActive_revertsWhen_meterIsUnknown() external {
        _expectMeterUnknown(UNKNOWN);
        registry.setMeterActive(UNKNOWN, false);
    }

    function test_setMeterActive_revertsWhen_callerHasNoAuthority() external {
        address[3] memory callers = [STRANGER, OTHER_CONTROLLER, address(this)];
        for (uint256 i = 0; i < callers.length; ++i) {
            _expectNotAuthorised(callers[i], acme);
            VM.prank(callers[i]);
            registry.setMeterActive(meter, false);
        }
    }

    function test_setMeterActive_announcesFromNow() external {
        VM.expectEmit(address(registry));
        emit IRegistry.MeterSet(meter, acme, "meter", address(0), bounds(), false, START_MS);
        VM.prank(REGISTRAR);
        registry.setMeterActive(meter, false);
        assertEq(registry.meterOf(meter).active, false);
    }

    // Freezing

    function test_setMeterFrozen_revertsWhen_meterIsUnknown() external {
        _expectMeterUnknown(UNKNOWN);
        registry.setMeterFrozen(UNKNOWN, true);
    }

    /// @dev Neither the meter's owners freeze it, nor do they thaw what a warden froze; nor do guardians but through their
    /// contract, which lets them for a while only.
    function test_setMeterFrozen_revertsWhen_callerIsNeitherWardenNorGovernance() external {
        VM.prank(WARDEN);
        registry.setMeterFrozen(meter, true);
        address networkRegistrar = address(0x4E6);
        manager.grantRole(Roles.REGISTRAR, networkRegistrar, 0);
        address[6] memory callers =
            [STRANGER, CONTROLLER, REGISTRAR, OTHER_REGISTRAR, networkRegistrar, GUARDIAN];
        for (uint256 i = 0; i < callers.length; ++i) {
            _expectNotAuthorised(callers[i], acme);
            VM.prank(callers[i]);
            registry.setMeterFrozen(meter, false);
        }
        assertEq(registry.meterOf(meter).frozen, true);
    }

    function test_setMeterFrozen_announcesFromNow_byAWarden() external {
        VM.expectEmit(address(registry));
        emit IRegistry.MeterFrozenSet(meter, true, START_MS);
        VM.prank(WARDEN);
        registry.setMeterFrozen(meter, true);
        assertEq(registry.meterOf(meter).frozen, true);
        assertEq(registry.meterOf(meter).active, true);
    }

    function test_setMeterFrozen_announcesFromNow_byGovernance() external {
        registry.setMeterFrozen(meter, true);
        VM.warp(START_S + 60);
        VM.expectEmit(address(registry));
        emit IRegistry.MeterFrozenSet(meter, false, START_MS + 60_000);
        registry.setMeterFrozen(meter, false);
        assertEq(registry.meterOf(meter).frozen, false);
    }

    /// @dev Who appeals must know since when; who thaws, whether another froze meanwhile.
    function test_frozenAtS_tellsTheLastFreeze() external {
        assertEq(registry.frozenAtS(meter), 0);
        VM.prank(WARDEN);
        registry.setMeterFrozen(meter, true);
        assertEq(registry.frozenAtS(meter), START_S);
        VM.warp(START_S + 60);
        registry.setMeterFrozen(meter, true);
        assertEq(registry.frozenAtS(meter), START_S + 60);
        registry.setMeterFrozen(meter, false);
        assertEq(registry.frozenAtS(meter), 0);
    }

    // Keys

    function test_setLeaseKey_revertsWhen_callerHasNoAuthority() external {
        address[4] memory callers = [STRANGER, OTHER_CONTROLLER, TEAM_CONTROLLER, address(this)];
        for (uint256 i = 0; i < callers.length; ++i) {
            _expectNotAuthorised(callers[i], acme);
            VM.prank(callers[i]);
            registry.setLeaseKey(meter, LEASE_KEY);
        }
        _expectMeterUnknown(UNKNOWN);
        registry.setLeaseKey(UNKNOWN, LEASE_KEY);
    }

    function test_setLeaseKey_announcesFromNow() external {
        VM.expectEmit(address(registry));
        emit IRegistry.MeterSet(meter, acme, "meter", LEASE_KEY, bounds(), true, START_MS);
        VM.prank(CONTROLLER);
        registry.setLeaseKey(meter, LEASE_KEY);
        assertEq(registry.meterOf(meter).leaseKey, LEASE_KEY);
        VM.prank(CONTROLLER);
        registry.setLeaseKey(meter, address(0));
        assertEq(registry.meterOf(meter).leaseKey, address(0));
    }

    function test_rotateMeterKey_revertsWhen_meterIsUnknown() external {
        _expectMeterUnknown(UNKNOWN);
        registry.rotateMeterKey(UNKNOWN, KEY);
    }

    /// @dev T4: whoever could name a key could bill as the meter.
    function test_rotateMeterKey_revertsWhen_callerHasNoAuthority() external {
        address[6] memory callers =
            [STRANGER, OTHER_CONTROLLER, OTHER_REGISTRAR, TEAM_CONTROLLER, GUARDIAN, address(this)];
        for (uint256 i = 0; i < callers.length; ++i) {
            _expectNotAuthorised(callers[i], acme);
            VM.prank(callers[i]);
            registry.rotateMeterKey(meter, KEY);
        }
        assertEq(cursors.cursorOf(meter).keyIndex, 0);
    }

    function test_rotateMeterKey_revertsWhen_keyIsZero() external {
        VM.prank(CONTROLLER);
        VM.expectRevert(abi.encodeWithSelector(IRegistry.KeyMissing.selector));
        registry.rotateMeterKey(meter, bytes32(0));
    }

    /// @dev Only the Registry moves a cursor to another key.
    function test_rotate_revertsWhen_callerIsNotTheRegistry() external {
        address[3] memory callers = [CONTROLLER, address(ledger), address(this)];
        for (uint256 i = 0; i < callers.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(
                    IAccessManaged.AccessManagedUnauthorized.selector, callers[i]
                )
            );
            VM.prank(callers[i]);
            cursors.rotate(meter);
        }
    }

    function test_rotateMeterKey_announcesTheKeyFromTheCursorOn() external {
        settle(one(Batches.segment(meter, 0, Batches.records(3, project, 10))));
        VM.expectEmit(address(registry));
        emit IRegistry.MeterKeySet(meter, 1, KEY, 3);
        VM.prank(CONTROLLER);
        (uint16 keyIndex, uint64 firstSeq) = registry.rotateMeterKey(meter, KEY);
        assertEq(keyIndex, 1);
        assertEq(firstSeq, 3);
    }

    /// @dev What the old key signed no longer settles, what the new one signs does, and each number once.
    function test_rotateMeterKey_movesSettlementToTheNewKey() external {
        settle(one(Batches.segment(meter, 0, Batches.records(3, project, 10))));
        VM.prank(REGISTRAR);
        registry.rotateMeterKey(meter, KEY);
        Segment memory late = Batches.segment(meter, 3, Batches.records(2, project, 10));
        settle(one(late));
        assertEq(cursors.cursorOf(meter).nextSeq, 3);
        late.keyIndex = 1;
        settle(one(late));
        assertEq(cursors.cursorOf(meter).nextSeq, 5);
        assertEq(cursors.cursorOf(meter).keyIndex, 1);
    }

    function _register(address caller, uint32 id, string memory name, bytes32 key) private {
        VM.prank(caller);
        registry.registerMeter(id, name, key, LEASE_KEY, bounds());
    }

    function _expectNotAuthorised(address caller, uint32 id) private {
        VM.expectRevert(abi.encodeWithSelector(IRegistry.NotAuthorised.selector, caller, id));
    }

    function _expectMeterUnknown(uint32 id) private {
        VM.expectRevert(abi.encodeWithSelector(IRegistry.MeterUnknown.selector, id));
    }

    function _expectCostTooHigh(uint64 maxCostUcr) private {
        VM.expectRevert(
            abi.encodeWithSelector(IRegistry.MaximumCostTooHigh.selector, maxCostUcr, MAX_COST_UCR)
        );
    }
}
