// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {EconomyFixture} from "./support/EconomyFixture.sol";

/// @title What holds of a whole network before anything happens in it
contract EconomyTest is EconomyFixture {
    function setUp() external {
        deployEconomy(4);
    }

    function test_onboarding_admitsAnOrganisation_onceHandedOver() external {
        handOver();
        uint32 organisation = onboarding.admit("globex", CONTROLLER, REGISTRAR);
        (bool isRegistrar,) = manager.hasRole(Roles.registrarOf(organisation), REGISTRAR);
        assertTrue(isRegistrar, "no registrar");
        (uint256 allowanceUcr,) = budgets.mintAllowanceOf(organisation, 1);
        assertEq(allowanceUcr, STARTING_UCR);
    }

    function test_test_governsNothing_onceHandedOver() external {
        handOver();
        VM.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(this))
        );
        seats.grantSeat(STRANGER, 7);
    }

    function test_guardian_closesEveryMarket() external {
        address[3] memory closable = [address(market), address(desk), address(priceIndex)];
        for (uint256 i = 0; i < closable.length; ++i) {
            VM.prank(GUARDIAN);
            guardian.closeContract(closable[i]);
            assertTrue(manager.isTargetClosed(closable[i]), "open");
        }
    }
}
