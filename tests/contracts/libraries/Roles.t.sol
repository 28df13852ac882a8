// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Roles} from "../../../contracts/libraries/Roles.sol";
import {Assertions} from "../support/Assertions.sol";

/// @title Every role of the network
contract RolesTest is Assertions {
    address private constant HOLDER = address(0xA11CE);

    /// @dev T14: an organisation's registrar is never a fixed role, the public, or another organisation's.
    function test_fuzz_registrarOf_isItsOwn(uint32 organisation, uint32 other) external pure {
        VM.assume(organisation != other);
        uint64 role = Roles.registrarOf(organisation);
        assertEq(role, (1 << 32) + uint256(organisation));
        assertTrue(role > Roles.INDEX && role != type(uint64).max, "no fixed role");
        assertTrue(role != Roles.registrarOf(other), "no other organisation's");
    }

    function test_isHolder_isFalse_withoutTheRole() external {
        AccessManager manager = new AccessManager(address(this));
        assertEq(Roles.isHolder(address(manager), Roles.GUARDIAN, HOLDER), false);
    }

    function test_isHolder_isTrue_onceGranted() external {
        AccessManager manager = new AccessManager(address(this));
        manager.grantRole(Roles.GUARDIAN, HOLDER, 0);
        assertEq(Roles.isHolder(address(manager), Roles.GUARDIAN, HOLDER), true);
        assertEq(Roles.isHolder(address(manager), Roles.REGISTRAR, HOLDER), false);
        manager.revokeRole(Roles.GUARDIAN, HOLDER);
        assertEq(Roles.isHolder(address(manager), Roles.GUARDIAN, HOLDER), false);
    }

    /// @dev T7: a holder who has to wait may not act at once by a path that does not wait.
    function test_isHolder_isFalse_forADelayedMember() external {
        AccessManager manager = new AccessManager(address(this));
        manager.grantRole(Roles.GUARDIAN, HOLDER, 1 days);
        assertEq(Roles.isHolder(address(manager), Roles.GUARDIAN, HOLDER), false);
    }
}
