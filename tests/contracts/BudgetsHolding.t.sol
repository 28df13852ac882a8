// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBudgets} from "../../contracts/interfaces/IBudgets.sol";
import {ICredits} from "../../contracts/interfaces/ICredits.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {CreditIds} from "../../contracts/libraries/CreditIds.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {BudgetFixture} from "./support/BudgetFixture.sol";

/// @title Credits that other contracts make, hold in pools, and take
contract BudgetsHoldingTest is BudgetFixture {
    uint256 private constant GENERAL = 1;
    uint256 private constant EXPLORATION = 2;
    uint256 private constant PROVIDER = (2 << 32) | 1;
    uint256 private constant POOL = CreditIds.EXPLORATION_POOL;
    uint256 private constant ESCROW = CreditIds.SWAP_ESCROW;

    function setUp() external {
        deployBudgets();
        manager.grantRole(Roles.ISSUER, address(this), 0);
        manager.grantRole(Roles.ESCROW, address(this), 0);
        manager.grantRole(Roles.EXPERIMENTS, address(this), 0);
    }

    // Issuing and retiring

    function test_issue_revertsWhen_creditsAreNotTheHolders() external {
        uint256[4] memory ids = [planOf(team), 3, uint256(3) << 32, uint256(1) << 64];
        for (uint256 i = 0; i < 4; ++i) {
            VM.expectRevert(abi.encodeWithSelector(IBudgets.NotGrantable.selector, project, ids[i]));
            budgets.issue(project, ids[i], 1);
        }
        VM.expectRevert(abi.encodeWithSelector(CreditIds.HolderUnknown.selector, 1 << 40));
        budgets.issue(1 << 40, GENERAL, 1);
        VM.expectRevert(abi.encodeWithSelector(IRegistry.AccountUnknown.selector, 99));
        budgets.issue(99, GENERAL, 1);
        VM.expectRevert(abi.encodeWithSelector(IBudgets.NotExploring.selector, project));
        budgets.issue(project, EXPLORATION, 1);
    }

    function test_issue_repaysTheOverdraftFirst() external {
        charge(project, 30);
        VM.recordLogs();
        budgets.issue(project, GENERAL, 50);
        assertSaid(repaid(project, GENERAL, 30, 0), unfrozen(project));
        assertEq(budget(project).generalUcr, 20);
        assertEq(credits.minted(GENERAL), 50);
    }

    function test_issue_doesNothing_forNothing() external {
        VM.recordLogs();
        budgets.issue(project, GENERAL, 0);
        assertEq(VM.getRecordedLogs().length, 0);
    }

    function test_issue_fillsPools() external {
        budgets.issue(POOL, EXPLORATION, 100);
        budgets.issue(CreditIds.PROVIDER_INVENTORY, PROVIDER, 7);
        assertEq(credits.balanceOfAccount(POOL, EXPLORATION), 100);
        assertEq(credits.balanceOfAccount(CreditIds.PROVIDER_INVENTORY, PROVIDER), 7);
    }

    function test_retire_takesWhatThereIs() external {
        budgets.issue(project, GENERAL, 50);
        budgets.retire(project, GENERAL, 20);
        assertEq(budget(project).generalUcr, 30);
        assertEq(credits.burned(GENERAL), 20);
        VM.expectRevert(
            abi.encodeWithSelector(ICredits.BalanceTooLow.selector, project, GENERAL, 30, 31)
        );
        budgets.retire(project, GENERAL, 31);
    }

    // Holding and releasing

    function test_hold_revertsWhen_creditsOrPoolMayNot() external {
        grantPlan(project, 10);
        VM.expectRevert(abi.encodeWithSelector(IBudgets.NotTransferable.selector, planOf(project)));
        budgets.hold(project, planOf(project), 1, ESCROW);
        uint256[3] memory pools = [uint256(team), POOL - 1, CreditIds.PENDING_REDEMPTIONS + 1];
        for (uint256 i = 0; i < 3; ++i) {
            VM.expectRevert(abi.encodeWithSelector(IBudgets.PoolUnknown.selector, pools[i]));
            budgets.hold(project, GENERAL, 1, pools[i]);
            VM.expectRevert(abi.encodeWithSelector(IBudgets.PoolUnknown.selector, pools[i]));
            budgets.release(pools[i], project, GENERAL, 1);
        }
    }

    function test_hold_andRelease_moveCredits() external {
        grant(project, 100);
        budgets.hold(project, GENERAL, 40, ESCROW);
        assertEq(budget(project).generalUcr, 60);
        assertEq(credits.balanceOfAccount(ESCROW, GENERAL), 40);
        budgets.release(ESCROW, team, GENERAL, 15);
        assertEq(budget(team).generalUcr, 15);
        assertEq(credits.balanceOfAccount(ESCROW, GENERAL), 25);
        VM.expectRevert(
            abi.encodeWithSelector(ICredits.BalanceTooLow.selector, ESCROW, GENERAL, 25, 26)
        );
        budgets.release(ESCROW, team, GENERAL, 26);
    }

    function test_release_repaysTheOverdraftFirst() external {
        budgets.issue(ESCROW, GENERAL, 100);
        charge(project, 30);
        VM.recordLogs();
        budgets.release(ESCROW, project, GENERAL, 100);
        assertSaid(repaid(project, GENERAL, 30, 0), unfrozen(project));
        assertEq(budget(project).generalUcr, 70);
    }

    /// @dev Provider credits are spent with the provider, never on use.
    function test_release_ofProviderCredits_repaysNothing() external {
        budgets.issue(ESCROW, PROVIDER, 100);
        charge(project, 30);
        budgets.release(ESCROW, project, PROVIDER, 100);
        assertEq(budget(project).overdraftUcr, 30);
        assertEq(budgets.availableOf(project, PROVIDER), 100);
        VM.expectRevert(abi.encodeWithSelector(IBudgets.NothingToRepay.selector, project, 30, 0));
        budgets.repay(project, PROVIDER);
    }

    // Exploration

    function test_exploration_isForOpenExperimentsOnly() external {
        budgets.issue(POOL, EXPLORATION, 100);
        VM.expectRevert(abi.encodeWithSelector(IBudgets.NotExploring.selector, project));
        budgets.release(POOL, project, EXPLORATION, 60);
        VM.expectEmit(address(budgets));
        emit IBudgets.ExploringSet(project, true);
        budgets.setExploring(project, true);
        budgets.release(POOL, project, EXPLORATION, 60);
        assertTrue(budget(project).isExploring, "not exploring");
        grant(project, 10);
        grantPlan(project, 5);
        charge(project, 45);
        assertEq(budget(project).planUcr, 0);
        assertEq(budget(project).explorationUcr, 20);
        assertEq(budget(project).generalUcr, 10);
        budgets.hold(project, EXPLORATION, 20, POOL);
        budgets.setExploring(project, false);
        assertTrue(!budget(project).isExploring, "exploring");
        assertEq(credits.balanceOfAccount(POOL, EXPLORATION), 60);
        assertEq(credits.burned(EXPLORATION), 40);
    }

    function test_repay_revertsWhen_nothingIsOwed() external {
        grant(project, 10);
        VM.expectRevert(abi.encodeWithSelector(IBudgets.NothingToRepay.selector, project, 0, 10));
        budgets.repay(project, GENERAL);
    }
}
