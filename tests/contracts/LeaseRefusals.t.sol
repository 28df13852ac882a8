// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BudgetTerms} from "../../contracts/interfaces/IBudgets.sol";
import {ILeases} from "../../contracts/interfaces/ILeases.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {Periods} from "../../contracts/libraries/Periods.sol";
import {LeaseFixture} from "./support/LeaseFixture.sol";

/// @title What leases are refused for, on the project and on every ancestor
contract LeaseRefusalsTest is LeaseFixture {
    uint8 private constant BALANCE = 1;
    uint8 private constant LIMIT = 2;
    uint8 private constant RATE = 3;
    uint8 private constant FROZEN = 4;
    uint8 private constant INACTIVE = 5;

    function setUp() external {
        deployLeases();
    }

    // Values

    function test_openLease_revertsWhen_amountIsInvalid() external {
        expectLeaseRefused(0, abi.encodeWithSelector(ILeases.LeaseAmountInvalid.selector, 0));
        expectLeaseRefused(
            1 << 56, abi.encodeWithSelector(ILeases.LeaseAmountInvalid.selector, 1 << 56)
        );
    }

    function test_openLease_revertsWhen_deadlineIsInvalid() external {
        uint64 nowS = uint64(block.timestamp);
        _expectDeadlineRefused(
            nowS, abi.encodeWithSelector(ILeases.LeaseExpired.selector, nowS, nowS)
        );
        _expectDeadlineRefused(
            nowS + 901,
            abi.encodeWithSelector(ILeases.LeaseTooLong.selector, nowS + 901, nowS + 900)
        );
        bytes memory signature = signLease(KEY, project, gateway, 1, nowS + 900, 1);
        leases.openLease(project, gateway, 1, nowS + 900, 1, signature);
    }

    // Meters

    function test_openLease_revertsWhen_theMeterDidNotSign() external {
        uint64 untilS = uint64(block.timestamp) + TTL_S;
        bytes memory signature = signLease(KEY + 1, project, gateway, 1, untilS, 1);
        VM.expectRevert(
            abi.encodeWithSelector(
                ILeases.LeaseSignatureInvalid.selector, VM.addr(KEY), VM.addr(KEY + 1)
            )
        );
        leases.openLease(project, gateway, 1, untilS, 1, signature);
        VM.expectRevert(
            abi.encodeWithSelector(ILeases.LeaseSignatureInvalid.selector, VM.addr(KEY), address(0))
        );
        leases.openLease(project, gateway, 1, untilS, 1, "");
    }

    /// @dev T3: nobody signs for a meter without a lease key, and no signature recovers to nobody.
    function test_openLease_revertsWhen_theMeterHasNoLeaseKey() external {
        bytes memory nonsense = new bytes(65);
        VM.expectRevert(
            abi.encodeWithSelector(ILeases.LeaseSignatureInvalid.selector, address(0), address(0))
        );
        leases.openLease(project, meter, 1, uint64(block.timestamp) + 1, 1, nonsense);
        VM.expectRevert(abi.encodeWithSelector(IRegistry.MeterUnknown.selector, 99));
        leases.openLease(project, 99, 1, uint64(block.timestamp) + 1, 1, nonsense);
    }

    function test_openLease_revertsWhen_theMeterDoesNotBillTheProject() external {
        uint32 beside = account(team, "beside");
        grant(beside, 1e12);
        uint32 own = gatewayOn(project, "own");
        uint64 untilS = uint64(block.timestamp) + TTL_S;
        bytes memory signature = signLease(KEY, beside, own, 1, untilS, 1);
        VM.expectRevert(abi.encodeWithSelector(ILeases.MeterMayNotBill.selector, own, beside));
        leases.openLease(beside, own, 1, untilS, 1, signature);
        VM.prank(CONTROLLER);
        registry.setMeterActive(gateway, false);
        _expectMayNotBill();
        VM.prank(CONTROLLER);
        registry.setMeterActive(gateway, true);
        registry.setMeterFrozen(gateway, true);
        _expectMayNotBill();
        registry.setMeterFrozen(gateway, false);
        lease(1);
    }

    function test_openLease_revertsWhen_anyoneAboveIsInactive() external {
        uint32[3] memory path = [project, team, acme];
        for (uint256 i = 0; i < 3; ++i) {
            VM.prank(CONTROLLER);
            registry.setAccountActive(path[i], false);
            _expectNoRoom(INACTIVE, path[i], 0, 1);
            VM.prank(CONTROLLER);
            registry.setAccountActive(path[i], true);
        }
        lease(1);
    }

    // Room

    function test_openLease_takesAShareOfTheBalance() external {
        _expectNoRoom(BALANCE, project, 1e11, 1e11 + 1);
        lease(1e11);
        // A tenth of what is left.
        _expectNoRoom(BALANCE, project, 9e10, 9e10 + 1);
        _assertRoom(9e10, project, BALANCE);
        leases.setLeaseTerms(500_000, 900, 1 days);
        _assertRoom(45e10, project, BALANCE);
    }

    function test_openLease_takesAShareOfTheTightestLimit() external {
        uint32[3] memory path = [project, team, acme];
        for (uint256 i = 0; i < 3; ++i) {
            limit(path[i], 5000 - 1000 * i);
            _expectNoRoom(LIMIT, path[i], 500 - 100 * i, 501);
            _assertRoom(500 - 100 * i, path[i], LIMIT);
        }
        grant(team, 1000);
        charge(team, 1000);
        _assertRoom(200, acme, LIMIT);
        lease(200);
        // Leased counts as if it were spent: 3000 - 1000 - 200.
        _assertRoom(180, acme, LIMIT);
        _expectNoRoom(LIMIT, acme, 180, 181);
    }

    /// @dev I6, whatever is spent and leased: leased and spent together stay within every limit, leased within the balance.
    function test_fuzz_openLease_keepsWithinLimitsAndBalance(
        uint56[6] calldata amounts,
        uint40 limitUcr,
        uint40 teamUcr,
        uint32 sharePpm
    ) external {
        leases.setLeaseTerms(sharePpm % 500_000 + 1, 900, 1 days);
        limit(project, limitUcr);
        limit(team, teamUcr);
        for (uint256 i = 0; i < 6; ++i) {
            (uint256 roomUcr,,) = leases.roomOf(project);
            if (roomUcr != 0 && i % 2 == 0) {
                lease(uint64(amounts[i] % roomUcr + 1));
                assertTrue(_used(project) <= limitUcr, "beyond the project's limit");
                assertTrue(_used(team) <= teamUcr, "beyond the team's limit");
            } else {
                chargeLine(project, gateway, amounts[i] % 1e9);
            }
            (uint256 balanceUcr, uint256 leasedUcr) = credits.spendableOf(project);
            assertTrue(leasedUcr <= balanceUcr, "beyond the balance");
            assertEq(leasedUcr, leftUcr());
            assertEq(leasedUcr, budget(acme).leasedUcr);
        }
    }

    function test_openLease_countsWhatWasCarriedOver() external {
        BudgetTerms memory terms = limitOf(1000);
        (terms.periodKind, terms.carryPpm) = (Periods.Kind.Month, 500_000);
        setTerms(team, terms);
        VM.warp(block.timestamp + 40 days);
        _assertRoom(150, team, LIMIT);
    }

    function test_openLease_revertsWhen_anyoneAboveIsFrozen() external {
        uint32[3] memory path = [project, team, acme];
        for (uint256 i = 0; i < 3; ++i) {
            limit(path[i], 0);
            _expectNoRoom(FROZEN, path[i], 0, 1);
            _assertRoom(0, path[i], FROZEN);
            limit(path[i], 1e12);
        }
        charge(team, 1);
        _expectNoRoom(FROZEN, team, 0, 1);
    }

    /// @dev A freeze by the limit ends with its period, though nothing was written since.
    function test_openLease_seesThePeriodRoll() external {
        limitPer(team, 100, Periods.Kind.Month, 0, 0);
        charge(project, 100);
        _expectNoRoom(FROZEN, team, 0, 1);
        VM.warp(block.timestamp + 40 days);
        lease(10);
        assertEq(budget(team).leasedUcr, 10);
        assertEq(spent(team), 0);
    }

    function test_openLease_takesHalf_pastTheSoftThreshold() external {
        limitPer(team, 1000, Periods.Kind.None, 0, 500_000);
        charge(project, 499);
        _assertRoom(50, team, LIMIT);
        charge(project, 1);
        _assertRoom(25, team, LIMIT);
        limitPer(team, 2000, Periods.Kind.None, 0, 500_000);
        _assertRoom(150, team, LIMIT);
    }

    function test_openLease_takesHalfOfTheBalance_pastTheProjectsSoftThreshold() external {
        limitPer(project, 1e13, Periods.Kind.None, 0, 1);
        charge(project, 1e7);
        _assertRoom((1e12 - 1e7) / 20, project, BALANCE);
    }

    // Below

    function _used(uint32 which) private view returns (uint256) {
        return budget(which).spentUcr + budget(which).leasedUcr;
    }

    function _assertRoom(uint256 roomUcr, uint32 tightest, uint8 why) private view {
        (uint256 foundUcr, uint32 foundTightest, uint8 foundWhy) = leases.roomOf(project);
        assertEq(foundUcr, roomUcr);
        assertEq(foundTightest, tightest);
        assertEq(foundWhy, why);
    }

    function _expectNoRoom(uint8 why, uint32 which, uint256 roomUcr, uint64 askedUcr) private {
        expectLeaseRefused(
            askedUcr,
            abi.encodeWithSelector(ILeases.LeaseRefused.selector, why, which, roomUcr, askedUcr)
        );
    }

    function _expectMayNotBill() private {
        expectLeaseRefused(
            1, abi.encodeWithSelector(ILeases.MeterMayNotBill.selector, gateway, project)
        );
    }

    function _expectDeadlineRefused(uint64 untilS, bytes memory reason) private {
        bytes memory signature = signLease(KEY, project, gateway, 1, untilS, 1);
        VM.expectRevert(reason);
        leases.openLease(project, gateway, 1, untilS, 1, signature);
    }
}
