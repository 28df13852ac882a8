// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILeases, Lease} from "../../contracts/interfaces/ILeases.sol";
import {Batches} from "./support/Batches.sol";
import {LeaseFixture} from "./support/LeaseFixture.sol";

/// @title The life of a lease: opened, extended, ended, released
contract LeasesTest is LeaseFixture {
    uint256 private constant GRACE_S = 1 days;

    function setUp() external {
        deployLeases();
    }

    // Opening

    function test_openLease_setsCreditsAside() external {
        uint64 untilS = uint64(block.timestamp) + TTL_S;
        VM.expectEmit(address(leases));
        emit ILeases.LeaseOpened(project, gateway, 1, 1000, 1000, untilS);
        lease(1000);
        _assertLease(1000, untilS, 1);
        _assertLeased(project, 1000);
        _assertLeased(team, 1000);
        _assertLeased(acme, 1000);
        assertEq(budget(project).reservedUcr, 1000);
        assertEq(budget(team).reservedUcr, 0);
        assertEq(budget(project).generalUcr, 1e12);
        assertEq(budgets.availableOf(project, 1), 1e12 - 1000);
    }

    function test_openLease_addsToAnOpenOne() external {
        uint64 untilS = uint64(block.timestamp) + TTL_S;
        lease(1000);
        VM.warp(block.timestamp + 100);
        VM.expectEmit(address(leases));
        emit ILeases.LeaseOpened(project, gateway, 2, 50, 1050, untilS + 100);
        lease(50);
        _assertLease(1050, untilS + 100, 2);
        _assertLeased(acme, 1050);
        assertEq(budget(project).reservedUcr, 1050);
    }

    function test_openLease_keepsTheLaterDeadline() external {
        uint64 untilS = uint64(block.timestamp) + TTL_S;
        lease(1000);
        bytes memory signature = signLease(KEY, project, gateway, 5, untilS - 300, 2);
        leases.openLease(project, gateway, 5, untilS - 300, 2, signature);
        _assertLease(1005, untilS, 2);
    }

    /// @dev A lease of a meter on the project itself, and of two meters at once.
    function test_openLease_keepsMetersApart() external {
        uint32 own = gatewayOn(project, "own");
        lease(1000);
        leaseOf(project, own, 30);
        assertEq(leases.leaseOf(project, own).leftUcr, 30);
        _assertLeased(team, 1030);
        assertEq(budget(project).reservedUcr, 1030);
    }

    /// @dev T4: what was signed once opens one lease, on this chain, in this contract, for these values.
    function test_openLease_revertsWhen_repeated() external {
        uint64 untilS = uint64(block.timestamp) + TTL_S;
        bytes memory signature = signLease(KEY, project, gateway, 5, untilS, 1);
        leases.openLease(project, gateway, 5, untilS, 1, signature);
        VM.expectRevert(abi.encodeWithSelector(ILeases.LeaseNonceInvalid.selector, 1, 2));
        leases.openLease(project, gateway, 5, untilS, 1, signature);
        signature = signLease(KEY, project, gateway, 5, untilS, 3);
        VM.expectRevert(abi.encodeWithSelector(ILeases.LeaseNonceInvalid.selector, 3, 2));
        leases.openLease(project, gateway, 5, untilS, 3, signature);
    }

    // Ending and releasing

    function test_declareLast_endsTheLease() external {
        lease(1000);
        VM.expectEmit(address(leases));
        emit ILeases.LeaseLastDeclared(project, gateway, 1, 4);
        declare(4);
        Lease memory ended = leases.leaseOf(project, gateway);
        assertTrue(ended.isDeclared && ended.isOpen, "not declared");
        assertEq(ended.lastSeq, 4);
        expectLeaseRefused(5, abi.encodeWithSelector(ILeases.LeaseEnding.selector, 4));
        bytes memory signature = signEnd(KEY, project, gateway, 5, 1);
        VM.expectRevert(abi.encodeWithSelector(ILeases.LeaseEnding.selector, 4));
        leases.declareLast(project, gateway, 5, 1, signature);
    }

    function test_declareLast_revertsWhen_itIsNotTheMetersWord() external {
        lease(1000);
        bytes memory signature = signEnd(KEY + 1, project, gateway, 4, 1);
        VM.expectRevert(
            abi.encodeWithSelector(
                ILeases.LeaseSignatureInvalid.selector, VM.addr(KEY), VM.addr(KEY + 1)
            )
        );
        leases.declareLast(project, gateway, 4, 1, signature);
        signature = signEnd(KEY, project, gateway, 4, 2);
        VM.expectRevert(abi.encodeWithSelector(ILeases.LeaseNonceInvalid.selector, 2, 1));
        leases.declareLast(project, gateway, 4, 2, signature);
        VM.expectRevert(abi.encodeWithSelector(ILeases.LastSeqInvalid.selector, 1 << 63));
        leases.declareLast(project, gateway, 1 << 63, 1, signature);
        signature = signEnd(KEY, team, gateway, 4, 0);
        VM.expectRevert(abi.encodeWithSelector(ILeases.LeaseUnknown.selector, team, gateway));
        leases.declareLast(team, gateway, 4, 0, signature);
    }

    function test_release_returnsWhatIsLeft_onceTheCursorHasPassed() external {
        lease(1000);
        declare(4);
        _settle(0, 4);
        _expectInUse(5, 4, block.timestamp + TTL_S + GRACE_S);
        leases.release(project, gateway);
        _settle(4, 1);
        uint256 leftUcr_ = leftUcr();
        assertEq(leftUcr_, 1000 - 5 * 10);
        VM.expectEmit(address(leases));
        emit ILeases.LeaseReleased(project, gateway, 1, uint64(leftUcr_));
        leases.release(project, gateway);
        _assertReleased();
        VM.expectRevert(abi.encodeWithSelector(ILeases.LeaseUnknown.selector, project, gateway));
        leases.release(project, gateway);
    }

    function test_release_returnsWhatIsLeft_aGraceAfterTheDeadline() external {
        uint256 releasableAtS = block.timestamp + TTL_S + GRACE_S;
        lease(1000);
        VM.warp(releasableAtS - 1);
        _expectInUse(0, 0, releasableAtS);
        leases.release(project, gateway);
        VM.warp(releasableAtS);
        leases.release(project, gateway);
        _assertReleased();
    }

    /// @dev Time the chain stood still counts for nobody: a meter's last records may still be on their way.
    function test_release_waitsLonger_whenTheChainStoodStill() external {
        VM.roll(block.number + 1);
        cursors.observe();
        uint256 before = cursors.haltedS();
        lease(1000);
        uint256 releasableAtS = block.timestamp + TTL_S + GRACE_S;
        VM.warp(block.timestamp + 2 days);
        VM.roll(block.number + 1);
        cursors.observe();
        uint256 haltedS = cursors.haltedS() - before;
        assertTrue(haltedS > 1 days, "no halt");
        _expectInUse(0, 0, releasableAtS + haltedS);
        leases.release(project, gateway);
        VM.warp(releasableAtS + haltedS);
        leases.release(project, gateway);
        _assertReleased();
    }

    function test_openLease_goesOn_afterARelease() external {
        lease(1000);
        VM.warp(block.timestamp + TTL_S + GRACE_S);
        leases.release(project, gateway);
        lease(70);
        _assertLease(70, uint64(block.timestamp) + TTL_S, 2);
        assertTrue(!leases.leaseOf(project, gateway).isDeclared, "declared");
    }

    // Terms

    function test_setLeaseTerms_keepsItsBounds() external {
        _expectTermsRefused(0, 1, 1 hours);
        _expectTermsRefused(500_001, 1, 1 hours);
        _expectTermsRefused(1, 0, 1 hours);
        _expectTermsRefused(1, 1 hours + 1, 1 hours);
        _expectTermsRefused(1, 1, 1 hours - 1);
        _expectTermsRefused(1, 1, 7 days + 1);
        VM.expectEmit(address(leases));
        emit ILeases.LeaseTermsSet(500_000, 1 hours, 7 days);
        leases.setLeaseTerms(500_000, 1 hours, 7 days);
        (uint32 sharePpm, uint32 maxTtlS, uint32 graceS) = leases.leaseTerms();
        assertEq(sharePpm, 500_000);
        assertEq(maxTtlS, 1 hours);
        assertEq(graceS, 7 days);
    }

    // Below

    function _settle(uint64 firstSeq, uint256 count) private {
        settle(one(Batches.segment(gateway, firstSeq, Batches.records(count, project, 10))));
    }

    function _expectTermsRefused(uint32 sharePpm, uint32 maxTtlS, uint32 graceS) private {
        VM.expectRevert(
            abi.encodeWithSelector(ILeases.LeaseTermsInvalid.selector, sharePpm, maxTtlS, graceS)
        );
        leases.setLeaseTerms(sharePpm, maxTtlS, graceS);
    }

    function _expectInUse(uint64 endSeq, uint64 nextSeq, uint256 releasableAtS) private {
        VM.expectRevert(
            abi.encodeWithSelector(ILeases.LeaseInUse.selector, endSeq, nextSeq, releasableAtS)
        );
    }

    function _assertLease(uint64 left, uint64 untilS, uint32 nonce) private view {
        Lease memory found = leases.leaseOf(project, gateway);
        assertEq(found.leftUcr, left);
        assertEq(found.admitUntilS, untilS);
        assertEq(found.nonce, nonce);
        assertTrue(found.isOpen, "not open");
    }

    function _assertLeased(uint32 which, uint256 ucr) private view {
        assertEq(budget(which).leasedUcr, ucr);
    }

    function _assertReleased() private view {
        Lease memory found = leases.leaseOf(project, gateway);
        assertTrue(!found.isOpen && !found.isDeclared, "open");
        assertEq(found.leftUcr, 0);
        assertEq(found.nonce, 1);
        _assertLeased(project, 0);
        _assertLeased(team, 0);
        _assertLeased(acme, 0);
        assertEq(budget(project).reservedUcr, 0);
    }
}
