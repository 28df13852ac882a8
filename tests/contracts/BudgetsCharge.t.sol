// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Arrays} from "@openzeppelin/contracts/utils/Arrays.sol";
import {Budget} from "../../contracts/interfaces/IBudgets.sol";
import {BudgetFixture} from "./support/BudgetFixture.sol";

/// @title Who pays for settled use, and whose spending it counts as
contract BudgetsChargeTest is BudgetFixture {
    uint256 private constant GENERAL = 1;
    uint256 private constant MAX_NET_UCR = (1 << 59) - 1;
    uint256 private constant MAX_SPENT_UCR = (1 << 64) - 1;
    uint256 private constant MAX_OVERDRAFT_UCR = (1 << 72) - 1;

    function setUp() external {
        deployBudgets();
    }

    // Who pays

    function test_charge_takesTheBalance() external {
        grant(project, 100);
        VM.recordLogs();
        charge(project, 100);
        assertSaid(charged(project, 100, 100, 0));
        assertEq(budget(project).generalUcr, 0);
        assertEq(budget(project).overdraftUcr, 0);
        assertEq(frozenWhy(project), 0);
        assertEq(credits.burned(GENERAL), 100);
    }

    function test_charge_leavesAnOverdraft_whenBalanceIsShort() external {
        grant(project, 100);
        VM.recordLogs();
        charge(project, 130);
        assertSaid(charged(project, 130, 100, 30), frozen(project, BY_OVERDRAFT, 130, 0, 30));
        assertEq(budget(project).generalUcr, 0);
        assertEq(budget(project).overdraftUcr, 30);
        VM.recordLogs();
        charge(project, 7);
        assertSaid(charged(project, 7, 0, 37));
    }

    function test_charge_leavesAncestorsBalances() external {
        grant(acme, 1000);
        grant(team, 1000);
        charge(project, 10);
        assertEq(budget(acme).generalUcr, 1000);
        assertEq(budget(team).generalUcr, 1000);
        assertEq(budget(project).overdraftUcr, 10);
        assertEq(budget(team).overdraftUcr, 0);
    }

    function test_charge_takesPlanCreditsFirst() external {
        grant(project, 100);
        grantPlan(project, 50);
        charge(project, 30);
        assertEq(budget(project).planUcr, 20);
        assertEq(budget(project).generalUcr, 100);
        VM.recordLogs();
        charge(project, 45);
        assertSaid(charged(project, 45, 45, 0));
        assertEq(budget(project).planUcr, 0);
        assertEq(budget(project).generalUcr, 75);
        charge(project, 80);
        assertEq(budget(project).overdraftUcr, 5);
        assertEq(credits.burned(planOf(project)), 50);
        assertEq(credits.burned(GENERAL), 100);
    }

    function test_charge_takesPlanCreditsAgain_whenGrantedAgain() external {
        grantPlan(project, 50);
        charge(project, 50);
        charge(project, 1);
        grantPlan(project, 50);
        grant(project, 9);
        charge(project, 20);
        assertEq(budget(project).planUcr, 29);
        assertEq(budget(project).generalUcr, 9);
    }

    /// @dev Plan credits are for one project: they pay for no other, above, below or beside.
    function test_charge_leavesOthersPlanCredits() external {
        uint32 beside = account(team, "beside");
        grantPlan(beside, 50);
        grantPlan(team, 50);
        uint256[] memory projects = new uint256[](2);
        uint256[] memory costsUcr = new uint256[](2);
        (projects[0], projects[1]) = (project, beside);
        (costsUcr[0], costsUcr[1]) = (10, 20);
        chargeAll(projects, costsUcr);
        assertEq(budget(project).overdraftUcr, 10);
        assertEq(budget(beside).planUcr, 30);
        assertEq(budget(team).planUcr, 50);
    }

    /// @dev THREATS T13: paid, owed and cost agree to the last micro-credit.
    function test_fuzz_charge_losesNothing(uint64 generalUcr, uint64 planUcr, uint128 costUcr)
        external
    {
        costUcr %= uint128(MAX_OVERDRAFT_UCR);
        if (generalUcr != 0) grant(project, generalUcr);
        if (planUcr != 0) grantPlan(project, planUcr);
        charge(project, costUcr);
        Budget memory afterwards = budget(project);
        uint256 paidUcr = uint256(generalUcr) + planUcr - afterwards.generalUcr - afterwards.planUcr;
        assertEq(paidUcr + afterwards.overdraftUcr, costUcr);
        assertEq(credits.burned(GENERAL) + credits.burned(planOf(project)), paidUcr);
        assertTrue(afterwards.overdraftUcr == 0 || afterwards.generalUcr == 0, "owes what it has");
        assertEq(afterwards.spentUcr, _capped(costUcr, MAX_NET_UCR));
        assertEq(afterwards.spentLifetimeUcr, _capped(costUcr, MAX_SPENT_UCR));
    }

    // What is repaid

    function test_grant_repaysTheOverdraftFirst() external {
        charge(project, 30);
        VM.recordLogs();
        grant(project, 10);
        assertSaid(repaid(project, GENERAL, 10, 20));
        assertEq(frozenWhy(project), BY_OVERDRAFT);
        VM.recordLogs();
        grantPlan(project, 25);
        assertSaid(repaid(project, planOf(project), 20, 0), unfrozen(project));
        assertEq(budget(project).planUcr, 5);
        assertEq(budget(project).generalUcr, 0);
        assertEq(frozenWhy(project), 0);
        assertEq(credits.burned(GENERAL), 10);
        assertEq(credits.burned(planOf(project)), 20);
    }

    function test_transfer_repaysTheOverdraftFirst() external {
        grant(team, 50);
        charge(project, 30);
        VM.recordLogs();
        VM.prank(CONTROLLER);
        budgets.transfer(team, project, GENERAL, 50, 0);
        assertSaid(repaid(project, GENERAL, 30, 0), unfrozen(project));
        assertEq(budget(project).generalUcr, 20);
        assertEq(spent(project), 30);
    }

    // Whose spending it is

    function test_charge_countsForEveryAncestor() external {
        uint32 deep = account(project, "deep");
        charge(deep, 10);
        charge(team, 5);
        assertEq(spent(deep), 10);
        assertEq(spent(project), 10);
        assertEq(spent(team), 15);
        assertEq(spent(acme), 15);
        assertEq(budget(acme).spentLifetimeUcr, 15);
    }

    /// @dev Invariant I4 on any tree: accounts hang anywhere, some of them are charged, in any order, parents among
    /// them.
    function test_fuzz_charge_addsUpAnyTree(
        uint256 shape,
        uint256 chosen,
        uint48[12] calldata costs
    ) external {
        uint32[] memory tree = _grow(shape);
        uint256[] memory projects = new uint256[](tree.length);
        uint256[] memory costsUcr = new uint256[](tree.length);
        uint256 count = 0;
        for (uint256 i = 0; i < tree.length; ++i) {
            // A walk with a step of 5 through 12 visits each once, not in order of age.
            uint256 place = (chosen / 4096 + 5 * i) % tree.length;
            if ((chosen >> place) & 1 == 0) continue;
            (projects[count], costsUcr[count]) = (tree[place], costs[place]);
            ++count;
        }
        Arrays.splice(projects, 0, count);
        Arrays.splice(costsUcr, 0, count);
        chargeAll(projects, costsUcr);
        for (uint256 i = 0; i < tree.length; ++i) {
            assertEq(spent(tree[i]), _sumBelow(tree[i], projects, costsUcr));
        }
    }

    /// @dev Transient storage outlives a call: a second charge of one transaction starts afresh.
    function test_charge_startsAfresh_inOneTransaction() external {
        charge(project, 10);
        charge(team, 1);
        charge(project, 10);
        assertEq(spent(project), 20);
        assertEq(spent(team), 21);
        assertEq(spent(acme), 21);
    }

    // What is tolerated

    function test_charge_namesUnknownProjects() external {
        uint256[] memory projects = new uint256[](3);
        uint256[] memory costsUcr = new uint256[](3);
        (projects[0], projects[1], projects[2]) = (99, project, type(uint32).max);
        (costsUcr[0], costsUcr[1], costsUcr[2]) = (5, 6, 7);
        VM.recordLogs();
        chargeAll(projects, costsUcr);
        assertSaid(
            unplaced(99, 5),
            charged(project, 6, 0, 6),
            unplaced(type(uint32).max, 7),
            frozen(project, BY_OVERDRAFT, 6, 0, 6)
        );
        assertEq(spent(acme), 6);
    }

    /// @dev THREATS T11, T14: whatever is charged, twice over, sums stop at their maxima beside fields that stay as they
    /// were.
    function test_fuzz_charge_neverReverts(uint32[4] calldata accounts, uint128[4] calldata costs)
        external
    {
        limit(project, 5);
        uint256[] memory projects = new uint256[](5);
        uint256[] memory costsUcr = new uint256[](5);
        uint256 costUcr = 0;
        for (uint32 i = 0; i < 4; ++i) {
            // Known accounts, or a few of four billion others.
            projects[i] = accounts[i] % 2 == 0 ? i : uint256(accounts[i] | 1024 + i * 2);
            costsUcr[i] = costs[i];
            if (projects[i] == project) costUcr = costs[i];
        }
        projects[4] = 5 + (accounts[0] >> 30);
        costsUcr[4] = type(uint128).max;
        chargeAll(projects, costsUcr);
        chargeAll(projects, costsUcr);
        Budget memory afterwards = budget(project);
        assertEq(afterwards.spentUcr, _capped(2 * costUcr, MAX_NET_UCR));
        assertEq(afterwards.spentLifetimeUcr, _capped(2 * costUcr, MAX_SPENT_UCR));
        assertEq(afterwards.overdraftUcr, _capped(2 * costUcr, MAX_OVERDRAFT_UCR));
        assertEq(afterwards.limitUcr, 5);
    }

    function test_charge_doesNothing_forNobody() external {
        VM.recordLogs();
        chargeAll(new uint256[](0), new uint256[](0));
        assertSaid();
    }

    // Below

    /// @dev Twelve accounts below acme, each under any earlier one that is not yet at the bottom.
    function _grow(uint256 shape) private returns (uint32[] memory tree) {
        tree = new uint32[](12);
        tree[0] = acme;
        for (uint256 i = 1; i < tree.length; ++i) {
            uint32 parent = tree[(shape >> (8 * i)) % i];
            if (registry.accountOf(parent).depth == 4) parent = registry.accountOf(parent).parent;
            tree[i] = account(parent, string.concat("n", VM.toString(i)));
        }
    }

    function _sumBelow(uint32 top, uint256[] memory projects, uint256[] memory costsUcr)
        private
        view
        returns (uint256 sumUcr)
    {
        for (uint256 i = 0; i < projects.length; ++i) {
            uint32 node = uint32(projects[i]);
            while (node != 0 && node != top) {
                node = registry.accountOf(node).parent;
            }
            if (node == top) sumUcr += costsUcr[i];
        }
    }

    function _capped(uint256 value, uint256 maximum) private pure returns (uint256) {
        return value > maximum ? maximum : value;
    }
}
