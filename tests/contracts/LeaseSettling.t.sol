// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batches, Segment} from "./support/Batches.sol";
import {LeaseFixture} from "./support/LeaseFixture.sol";

/// @title What settling draws from leases, and leaves alone
contract LeaseSettlingTest is LeaseFixture {
    uint256 private constant GENERAL = 1;
    uint64 private constant QUARANTINED = 1 << 56;

    uint32 private other;

    function setUp() external {
        deployLeases();
        leases.setLeaseTerms(500_000, 900, 1 days);
        other = gatewayOn(acme, "other");
    }

    // Charging by lines

    function test_charge_drawsTheLeaseDown() external {
        lease(1000);
        VM.recordLogs();
        chargeLine(project, gateway, 300);
        assertSaid(chargedOf(project, 300, 300, 0, 300));
        assertEq(leftUcr(), 700);
        assertEq(budget(acme).leasedUcr, 700);
        assertEq(budget(project).reservedUcr, 700);
        assertEq(budget(project).generalUcr, 1e12 - 300);
        assertEq(spent(acme), 300);
    }

    function test_charge_takesFreeCredits_beyondTheLease() external {
        lease(1000);
        VM.recordLogs();
        chargeLine(project, gateway, 1500);
        assertSaid(chargedOf(project, 1500, 1500, 0, 1000));
        assertEq(leftUcr(), 0);
        assertEq(budget(acme).leasedUcr, 0);
        chargeLine(project, gateway, 10);
        assertEq(budget(project).generalUcr, 1e12 - 1510);
        assertTrue(leases.leaseOf(project, gateway).isOpen, "closed");
    }

    /// @dev What one meter uses beyond its lease becomes an overdraft before it touches what another's lease reserves.
    function test_charge_leavesWhatOthersReserve() external {
        uint32 poor = account(team, "poor");
        grant(poor, 1000);
        leaseOf(poor, gateway, 400);
        leaseOf(poor, other, 300);
        VM.recordLogs();
        chargeLine(poor, gateway, 900);
        assertSaid(chargedOf(poor, 900, 700, 200, 400), frozen(poor, BY_OVERDRAFT, 900, 0, 200));
        assertEq(budget(poor).generalUcr, 300);
        assertEq(budget(poor).reservedUcr, 300);
        VM.recordLogs();
        chargeLine(poor, other, 300);
        assertSaid(chargedOf(poor, 300, 300, 200, 300));
        assertEq(budget(poor).overdraftUcr, 200);
    }

    /// @dev Credits that a release sets free repay an overdraft on anyone's word.
    function test_repay_takesWhatAReleaseSetFree() external {
        uint32 poor = account(team, "poor");
        grant(poor, 1000);
        leaseOf(poor, gateway, 500);
        charge(poor, 800);
        assertEq(budget(poor).overdraftUcr, 300);
        assertEq(budgets.availableOf(poor, GENERAL), 0);
        VM.warp(block.timestamp + 2 days);
        leases.release(poor, gateway);
        assertEq(frozenWhy(poor), BY_OVERDRAFT);
        VM.recordLogs();
        VM.prank(STRANGER);
        budgets.repay(poor, GENERAL);
        assertSaid(repaid(poor, GENERAL, 300, 0), unfrozen(poor));
        assertEq(budget(poor).generalUcr, 200);
    }

    /// @dev A parent that is billed itself, and leased of, beside its child.
    function test_charge_keepsParentAndChildApart() external {
        grant(team, 1000);
        leaseOf(team, gateway, 100);
        lease(1000);
        assertEq(budget(team).leasedUcr, 1100);
        assertEq(budget(team).reservedUcr, 100);
        uint256[] memory projects = new uint256[](2);
        uint256[] memory costsUcr = new uint256[](2);
        bytes32[] memory lines = new bytes32[](3);
        (projects[0], projects[1]) = (team, project);
        (costsUcr[0], costsUcr[1]) = (950, 60);
        lines[0] = bytes32((uint256(gateway) << 128) | 50);
        lines[1] = bytes32((uint256(1) << 160) | (uint256(gateway) << 128) | 60);
        lines[2] = bytes32((uint256(other) << 128) | 900);
        VM.recordLogs();
        VM.prank(LEDGER);
        budgets.charge(projects, costsUcr, lines);
        assertSaid(chargedOf(team, 950, 950, 0, 50), chargedOf(project, 60, 60, 0, 60));
        assertEq(leases.leaseOf(team, gateway).leftUcr, 50);
        assertEq(leftUcr(), 940);
        assertEq(budget(team).leasedUcr, 990);
        assertEq(budget(acme).leasedUcr, 990);
        assertEq(budget(team).generalUcr, 50);
        assertEq(spent(acme), 1010);
    }

    // Settling

    /// @dev Segments of one meter in a row are one line; another meter's in between end it. Each draws on its own lease.
    function test_settle_drawsEachMetersLease() external {
        lease(1000);
        leaseOf(project, other, 1000);
        leaseOf(team, other, _fund(team));
        Segment[] memory segments = new Segment[](5);
        segments[0] = Batches.segment(gateway, 0, Batches.records(2, project, 10));
        segments[1] = Batches.segment(gateway, 2, _two(project, team));
        segments[2] = Batches.segment(other, 0, _two(team, project));
        segments[3] = Batches.segment(gateway, 4, Batches.records(1, project, 7));
        segments[4] = Batches.segment(other, 2, Batches.records(1, team, 5));
        settle(segments);
        assertEq(leftUcr(), 1000 - 20 - 100 - 7);
        assertEq(leases.leaseOf(project, other).leftUcr, 1000 - 1);
        assertEq(leases.leaseOf(team, other).leftUcr, 500 - 100 - 5);
        assertEq(spent(project), 20 + 100 + 7 + 1);
        assertEq(spent(team), spent(project) + 1 + 100 + 5);
    }

    /// @dev Projects whose records cost nothing leave the batch's list; the lines of others still name the right ones.
    function test_settle_drawsTheRightLease_besideQuarantinedProjects() external {
        lease(1000);
        leaseOf(team, other, _fund(team));
        Segment[] memory segments = new Segment[](2);
        bytes32[] memory words = new bytes32[](6);
        (words[0], words[1]) = Batches.record(acme, 7, 1, QUARANTINED | 999);
        (words[2], words[3]) = Batches.record(team, 7, 1, QUARANTINED | 50);
        (words[4], words[5]) = Batches.record(project, 7, 1, 30);
        segments[0] = Batches.segment(gateway, 0, words);
        segments[1] = Batches.segment(other, 0, Batches.records(1, team, 20));
        settle(segments);
        assertEq(leftUcr(), 970);
        assertEq(leases.leaseOf(team, other).leftUcr, 480);
        assertEq(budget(acme).overdraftUcr, 0);
    }

    /// @dev A skipped segment draws nothing, and ends no group.
    function test_settle_drawsNothing_forSkippedSegments() external {
        lease(1000);
        Segment[] memory segments = new Segment[](3);
        segments[0] = Batches.segment(gateway, 0, Batches.records(1, project, 10));
        segments[1] = Batches.segment(other, 5, Batches.records(1, project, 100));
        segments[2] = Batches.segment(gateway, 1, Batches.records(1, project, 10));
        settle(segments);
        assertEq(leftUcr(), 980);
    }

    /// @dev Two batches in one transaction keep their lines apart: a ledger's transient words outlive a call.
    function test_settle_startsAfresh() external {
        lease(1000);
        settle(one(Batches.segment(gateway, 0, Batches.records(3, project, 10))));
        settle(one(Batches.segment(gateway, 3, Batches.records(2, project, 10))));
        assertEq(leftUcr(), 950);
        assertEq(spent(project), 50);
    }

    // Other ways out

    function test_transferAndHold_leaveWhatLeasesReserve() external {
        lease(4e11);
        VM.startPrank(CONTROLLER);
        budgets.transfer(project, team, GENERAL, 6e11, 0);
        (bool isDone,) =
            address(budgets).call(abi.encodeCall(budgets.transfer, (project, team, GENERAL, 1, 0)));
        VM.stopPrank();
        assertTrue(!isDone, "moved reserved credits");
        assertEq(budgets.availableOf(project, GENERAL), 0);
    }

    // Below

    function _fund(uint32 which) private returns (uint64) {
        grant(which, 1000);
        return 500;
    }

    /// @dev One record of 100 ucr, then one of 1.
    function _two(uint32 first, uint32 second) private pure returns (bytes32[] memory words) {
        words = new bytes32[](4);
        (words[0], words[1]) = Batches.record(first, 7, 1, 100);
        (words[2], words[3]) = Batches.record(second, 7, 1, 1);
    }
}
