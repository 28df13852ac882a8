// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReplenishmentFixture} from "./support/ReplenishmentFixture.sol";

/// @title The worked examples of docs/replenishment.md, number by number
contract ReplenishmentExamplesTest is ReplenishmentFixture {
    address private constant ACCOUNTANT = address(0xACC);

    uint32 private _chat;
    uint32 private _search;

    function setUp() external {
        deployReplenishment();
        _chat = account(team, "chat");
        _search = account(team, "search");
    }

    function test_example_outcome() external {
        VM.prank(SOURCE);
        outcomes.report(_chat, 0, REVENUE, 9000, keccak256("evidence"));
        (uint128 uusd, bool isPending) = outcomes.valueOf(_chat, 0);
        assertEq(uusd, 0);
        assertEq(isPending, true);
        VM.prank(CONFIRMER);
        outcomes.confirm(_chat, 0, REVENUE);
        (uusd, isPending) = outcomes.valueOf(_chat, 0);
        assertEq(uusd, 90_000_000);
        assertEq(isPending, false);
    }

    function test_example_windows() external {
        nextEpoch();
        outcomes.captureSeed();
        enrol(_chat, CREDIT);
        // Two days of attribution and one for disputes.
        assertEq(epochs.closesAtS(_chat, 0), START_S + 10 days);
    }

    function test_example_grants() external {
        _liveAnEpoch();
        assertEq(grantOf(_chat, 0), 1_100_000_000);
        assertEq(grantOf(_search, 0), 850_000_000);
        assertEq(epochs.enrolmentOf(_chat).isInReview, false);
        assertEq(epochs.enrolmentOf(_search).isInReview, true);
    }

    function test_example_measure() external {
        enrol(_chat, 1000 * CREDIT);
        spend(_chat, 400 * CREDIT);
        nextEpoch();
        cut(0, _chat);
        earn(_chat, 0, 60 * DOLLAR);
        passWindows();
        close(0, _chat);
        // 1.25 times 400 is less than 1,000; 0.15 USD a credit is the high mark.
        assertEq(epochs.closedOf(_chat, 0).baseUcr, 500_000_000);
        assertEq(grantOf(_chat, 0), 625_000_000);
    }

    function test_example_appeal() external {
        _liveAnEpoch();
        VM.prank(APPEALS);
        epochs.restore(_search, 0);
        assertEq(grantOf(_search, 0), 1_000_000_000);
        assertEq(balance(_search, GENERAL), 1_000_000_000);
        assertEq(epochs.enrolmentOf(_search).isInReview, false);
        assertEq(epochs.enrolmentOf(_search).previousGrantUcr, 1_000_000_000);
    }

    function test_example_exploration() external {
        _liveAnEpoch();
        (uint256 generalUcr, uint256 poolUcr) = epochs.mintedByEpochs();
        assertEq(generalUcr, 3_950_000_000);
        assertEq(poolUcr, 438_888_888);
        VM.prank(APPEALS);
        epochs.restore(_search, 0);
        (generalUcr, poolUcr) = epochs.mintedByEpochs();
        assertEq(generalUcr, 4_100_000_000);
        assertEq(poolUcr, 455_555_555);
    }

    function test_example_experiment() external {
        _liveAnEpoch();
        VM.prank(REGISTRAR);
        experiments.open(_search, 2, "hypothesis");
        experiments.fund(1, 400 * CREDIT);
        assertEq(balance(POOL, EXPLORATION), 38_888_888);
        live(_search, 250 * CREDIT, 0);
        assertEq(balance(_search, EXPLORATION), 150 * CREDIT);
        // Protected: a grant as large as its measure, 1.25 times 250.
        assertEq(grantOf(_search, 1), 312_500_000);
        VM.prank(REGISTRAR);
        experiments.end(1, "result");
        assertEq(experiments.experimentOf(1).returnedUcr, 150 * CREDIT);
        assertEq(balance(_search, EXPLORATION), 0);
    }

    function test_example_plan() external {
        plans.setInvoiceConfirmer(acme, ACCOUNTANT);
        plans.setInvoiceCap(acme, 20_000 * CREDIT);
        VM.startPrank(REGISTRAR);
        plans.setPlan(_chat, 5000 * CREDIT, 24_900);
        plans.reportInvoice(_chat, "full month", 24_900);
        plans.reportInvoice(_chat, "third of a month", 8300);
        VM.stopPrank();
        VM.startPrank(ACCOUNTANT);
        plans.confirmInvoice("full month");
        plans.confirmInvoice("third of a month");
        VM.stopPrank();
        assertEq(plans.invoiceOf("third of a month").creditsUcr, 1_666_666_666);
        (, uint256 usedUcr) = plans.invoiceCapOf(acme, 0);
        assertEq(usedUcr, 6_666_666_666);
    }

    /// @dev Both get 1,000 credits and spend them; chat earns 90 dollars, search 20.
    function _liveAnEpoch() private {
        enrol(_chat, 1000 * CREDIT);
        enrol(_search, 1000 * CREDIT);
        spend(_chat, 1000 * CREDIT);
        spend(_search, 1000 * CREDIT);
        nextEpoch();
        cut(0, _chat);
        cut(0, _search);
        earn(_chat, 0, 90 * DOLLAR);
        earn(_search, 0, 20 * DOLLAR);
        passWindows();
        close(0, _chat);
        close(0, _search);
    }
}
