// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BudgetTerms, IBudgets} from "../../contracts/interfaces/IBudgets.sol";
import {ILeases} from "../../contracts/interfaces/ILeases.sol";
import {LeaseFixture} from "./support/LeaseFixture.sol";

/// @title Buckets that leases come out of, and that refill to the last micro-credit
contract LeaseRatesTest is LeaseFixture {
    function setUp() external {
        deployLeases();
        leases.setLeaseTerms(500_000, 900, 1 days);
    }

    function test_rate_beginsFull() external {
        _rate(team, 600, 60);
        assertEq(budget(team).rateUcr, 600);
        assertEq(budget(team).rateWindowS, 60);
        assertEq(budget(team).rateLevelUcr, 600);
        _expectRate(team, 600, 601);
        lease(600);
        assertEq(budget(team).rateLevelUcr, 0);
        _expectRate(team, 0, 1);
    }

    function test_rate_refillsWithTime() external {
        _rate(team, 600, 60);
        lease(600);
        VM.warp(block.timestamp + 7);
        assertEq(budget(team).rateLevelUcr, 70);
        lease(70);
        VM.warp(block.timestamp + 1000);
        assertEq(budget(team).rateLevelUcr, 600);
    }

    /// @dev T13: 7 ucr in 3 s refill 7/3 a second; nothing is lost however often the bucket is touched.
    function test_rate_losesNoRefillToRounding() external {
        _rate(team, 7, 3);
        lease(7);
        uint256 taken = 0;
        for (uint256 second = 1; second <= 30; ++second) {
            VM.warp(block.timestamp + 1);
            uint256 levelUcr = budget(team).rateLevelUcr;
            if (levelUcr != 0) lease(uint64(levelUcr));
            taken += levelUcr;
            assertEq(taken, 7 * second / 3);
        }
    }

    function test_rate_ofEveryAncestorCounts() external {
        _rate(project, 900, 60);
        _rate(acme, 300, 60);
        _expectRate(acme, 300, 301);
        lease(300);
        assertEq(budget(project).rateLevelUcr, 600);
        VM.warp(block.timestamp + 60);
        assertEq(budget(project).rateLevelUcr, 900);
        assertEq(budget(acme).rateLevelUcr, 300);
    }

    /// @dev Rates halve past the soft threshold: a lease takes twice its amount from the bucket.
    function test_rate_halves_pastTheSoftThreshold() external {
        BudgetTerms memory terms = limitOf(1e12);
        (terms.softPpm, terms.rateUcr, terms.rateWindowS) = (1, 600, 60);
        setTerms(team, terms);
        charge(project, 1e6);
        _expectRate(team, 300, 301);
        lease(100);
        assertEq(budget(team).rateLevelUcr, 400);
    }

    // Changes

    function test_setBudget_revertsWhen_rateIsInvalid() external {
        _expectInvalid(1, 0);
        _expectInvalid(1 << 60, 60);
        _rate(team, (1 << 60) - 1, type(uint32).max);
        assertEq(budget(team).rateLevelUcr, (1 << 60) - 1);
        assertEq(budget(team).rateUcr, (1 << 60) - 1);
        assertEq(budget(team).rateWindowS, type(uint32).max);
    }

    /// @dev Whoever sets a rate again, or another one, fills no bucket by that.
    function test_setBudget_fillsNoBucket() external {
        _rate(team, 600, 60);
        lease(600);
        _rate(team, 600, 60);
        assertEq(budget(team).rateLevelUcr, 0);
        VM.warp(block.timestamp + 30);
        _rate(team, 600, 30);
        assertEq(budget(team).rateLevelUcr, 300);
        _rate(team, 200, 30);
        assertEq(budget(team).rateLevelUcr, 200);
        _rate(team, 0, 0);
        assertEq(budget(team).rateWindowS, 0);
        lease(1000);
        _rate(team, 600, 60);
        assertEq(budget(team).rateLevelUcr, 600);
    }

    function test_rateOfZero_letsNothingThrough() external {
        _rate(team, 0, 60);
        _expectRate(team, 0, 1);
    }

    // Below

    function _rate(uint32 which, uint256 rateUcr, uint32 windowS) private {
        BudgetTerms memory terms;
        (terms.rateUcr, terms.rateWindowS) = (rateUcr, windowS);
        setTerms(which, terms);
    }

    function _expectRate(uint32 which, uint256 roomUcr, uint64 askedUcr) private {
        expectLeaseRefused(
            askedUcr,
            abi.encodeWithSelector(ILeases.LeaseRefused.selector, 3, which, roomUcr, askedUcr)
        );
    }

    function _expectInvalid(uint256 rateUcr, uint32 windowS) private {
        BudgetTerms memory terms;
        (terms.rateUcr, terms.rateWindowS) = (rateUcr, windowS);
        VM.prank(REGISTRAR);
        VM.expectRevert(abi.encodeWithSelector(IBudgets.RateInvalid.selector, rateUcr, windowS));
        budgets.setBudget(team, terms);
    }
}
