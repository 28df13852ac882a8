// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Budgets} from "../../../contracts/Budgets.sol";
import {Credits} from "../../../contracts/Credits.sol";
import {Leases} from "../../../contracts/Leases.sol";
import {Budget} from "../../../contracts/interfaces/IBudgets.sol";
import {Assertions} from "../support/Assertions.sol";
import {LeaseHandler} from "./LeaseHandler.sol";

/// @title What holds of leases whatever happens: docs/invariants.md
/// @dev That leases fit every limit at their opening is checked by the handler, right there.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.runs = 4
/// forge-config: default.invariant.include-storage = false
/// forge-config: default.invariant.include-push-bytes = false
contract LeaseInvariantsTest is Assertions {
    LeaseHandler private handler;
    Budgets private budgets;
    Credits private credits;
    Leases private leases;

    function setUp() external {
        handler = new LeaseHandler();
        (address budgets_, address credits_, address leases_,) = handler.parts();
        (budgets, credits, leases) = (Budgets(budgets_), Credits(credits_), Leases(leases_));
    }

    /// @notice Whom forge calls.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev What an account has leased is what the leases of itself and of all below it have left.
    function invariant_I6_leasedIsTheSumOfLeasesBelow() external view {
        uint32[] memory accounts = handler.accounts();
        for (uint256 i = 0; i < accounts.length; ++i) {
            assertEq(budgets.budgetOf(accounts[i]).leasedUcr, handler.leasedBelow(accounts[i]));
        }
    }

    /// @dev What its own leases have left lies in an account's balance at every moment.
    function invariant_I6_leasesFitTheBalance() external view {
        uint32[] memory accounts = handler.accounts();
        uint32[] memory meters = handler.meters();
        for (uint256 i = 0; i < accounts.length; ++i) {
            uint256 leftUcr = 0;
            for (uint256 j = 0; j < meters.length; ++j) {
                uint256 modelUcr = handler.leftOf(accounts[i], meters[j]);
                assertEq(leases.leaseOf(accounts[i], meters[j]).leftUcr, modelUcr);
                leftUcr += modelUcr;
            }
            (, uint256 reservedUcr) = credits.spendableOf(accounts[i]);
            assertEq(reservedUcr, leftUcr);
            Budget memory one = budgets.budgetOf(accounts[i]);
            uint256 heldUcr = one.generalUcr + one.planUcr + one.explorationUcr;
            assertTrue(leftUcr <= heldUcr, "leased beyond the balance");
        }
    }
}
