// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Budgets} from "../../../contracts/Budgets.sol";
import {Credits} from "../../../contracts/Credits.sol";
import {Epochs} from "../../../contracts/Epochs.sol";
import {Assertions} from "../support/Assertions.sol";
import {ReplenishmentHandler} from "./ReplenishmentHandler.sol";

/// @title What holds of replenishment whatever happens: docs/invariants.md
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.runs = 6
/// forge-config: default.invariant.depth = 32
/// forge-config: default.invariant.include-storage = false
/// forge-config: default.invariant.include-push-bytes = false
contract ReplenishmentInvariantsTest is Assertions {
    uint256 private constant GENERAL = 1;
    uint256 private constant EXPLORATION = 2;
    uint256 private constant POOL = (1 << 32) + 1;
    uint256 private constant LEAST_PPM = 100_000;
    uint256 private constant MOST_PPM = 150_000;

    ReplenishmentHandler private handler;
    Budgets private budgets;
    Credits private credits;
    Epochs private epochs;

    function setUp() external {
        handler = new ReplenishmentHandler();
        (address epochs_, address credits_, address budgets_) = handler.parts();
        (epochs, credits, budgets) = (Epochs(epochs_), Credits(credits_), Budgets(budgets_));
    }

    /// @notice Whom forge calls.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev What lies with projects and in the pool is what was minted and not burned; grants and invoices minted it, and
    /// nothing else did.
    function invariant_I1_balancesAndPoolAreMintedLessBurned() external view {
        uint32[] memory projects = handler.projects();
        uint256 generalUcr = 0;
        uint256 explorationUcr = credits.balanceOfAccount(POOL, EXPLORATION);
        uint256 planMintedUcr = 0;
        for (uint256 i = 0; i < projects.length; ++i) {
            uint256 planId = (1 << 32) + uint256(projects[i]);
            generalUcr += credits.balanceOfAccount(projects[i], GENERAL);
            explorationUcr += credits.balanceOfAccount(projects[i], EXPLORATION);
            planMintedUcr += credits.minted(planId);
        }
        assertEq(generalUcr, credits.minted(GENERAL) - credits.burned(GENERAL));
        assertEq(explorationUcr, credits.minted(EXPLORATION) - credits.burned(EXPLORATION));
        assertEq(credits.minted(GENERAL), handler.generalUcr());
        assertEq(planMintedUcr, handler.planUcr());
    }

    /// @dev What was spent is what burned, and what is owed.
    function invariant_I1_spendingIsWhatBurned() external view {
        uint32[] memory projects = handler.projects();
        uint256 paidUcr = credits.burned(GENERAL) + credits.burned(EXPLORATION);
        uint256 spentUcr = 0;
        for (uint256 i = 0; i < projects.length; ++i) {
            uint256 planId = (1 << 32) + uint256(projects[i]);
            paidUcr += credits.minted(planId) - credits.balanceOfAccount(projects[i], planId);
            paidUcr += budgets.budgetOf(projects[i]).overdraftUcr;
            spentUcr += budgets.budgetOf(projects[i]).spentLifetimeUcr;
        }
        assertEq(paidUcr, spentUcr);
    }

    /// @dev The pool has what it is due to within one ucr, whatever shares were voted on the way. The model rounds every
    /// grant's due down by less than one part.
    function invariant_I9_poolIsItsShareOfAllMinting() external view {
        (uint256 generalUcr, uint256 explorationUcr) = epochs.mintedByEpochs();
        assertEq(generalUcr, handler.generalUcr());
        assertEq(explorationUcr, credits.minted(EXPLORATION));
        uint256 unit = handler.UNIT();
        assertTrue(explorationUcr * unit <= handler.dueParts() + unit / 1e6, "more than its share");
        assertTrue((explorationUcr + 1) * unit >= handler.dueParts(), "less than its share");
    }

    /// @dev Between a tenth and three twentieths of all minting, to within one ucr.
    function invariant_I9_shareStaysInsideItsBounds() external view {
        (uint256 generalUcr, uint256 explorationUcr) = epochs.mintedByEpochs();
        uint256 allUcr = generalUcr + explorationUcr;
        assertTrue((explorationUcr + 1) * 1_000_000 >= allUcr * LEAST_PPM, "below a tenth");
        assertTrue(explorationUcr * 1_000_000 <= allUcr * MOST_PPM, "above three twentieths");
    }
}
