// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Invoice, IPlans, Plan} from "../../contracts/interfaces/IPlans.sol";
import {ReplenishmentFixture} from "./support/ReplenishmentFixture.sol";

/// @title Plan credits for invoices: each once, confirmed by somebody else, inside the cap
contract PlansTest is ReplenishmentFixture {
    address private constant ACCOUNTANT = address(0xACC);
    bytes32 private constant INVOICE = keccak256("salted invoice");

    function setUp() external {
        deployReplenishment();
        plans.setInvoiceConfirmer(acme, ACCOUNTANT);
        plans.setInvoiceCap(acme, 10_000 * CREDIT);
        _setPlan(1000 * CREDIT, 9900);
    }

    // Plans

    function test_setPlan_revertsWhen_notTheRegistrar() external {
        address[3] memory others = [STRANGER, CONTROLLER, OTHER_REGISTRAR];
        for (uint256 i = 0; i < others.length; ++i) {
            _expectNotAuthorised(others[i], project);
            VM.prank(others[i]);
            plans.setPlan(project, CREDIT, 1);
        }
    }

    function test_setPlan_revertsWhen_anOrganisation() external {
        VM.expectRevert(abi.encodeWithSelector(IPlans.NotAProject.selector, acme));
        VM.prank(REGISTRAR);
        plans.setPlan(acme, CREDIT, 1);
    }

    function test_setPlan_revertsWhen_halfEmpty() external {
        VM.expectRevert(abi.encodeWithSelector(IPlans.PlanInvalid.selector, CREDIT, 0));
        _setPlan(CREDIT, 0);
        VM.expectRevert(abi.encodeWithSelector(IPlans.PlanInvalid.selector, 0, 100));
        _setPlan(0, 100);
    }

    function test_setPlan_withNothing_endsThePlan() external {
        VM.expectEmit(address(plans));
        emit IPlans.PlanSet(project, 0, 0);
        _setPlan(0, 0);
        assertEq(plans.planOf(project).priceCents, 0);
        VM.expectRevert(abi.encodeWithSelector(IPlans.PlanUnknown.selector, project));
        _report(INVOICE, 9900);
    }

    function test_setters_revertWhen_notGovernance() external {
        VM.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, REGISTRAR)
        );
        VM.prank(REGISTRAR);
        plans.setInvoiceConfirmer(acme, REGISTRAR);
        VM.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, REGISTRAR)
        );
        VM.prank(REGISTRAR);
        plans.setInvoiceCap(acme, 1);
    }

    function test_setters_revertWhen_noOrganisation() external {
        VM.expectRevert(abi.encodeWithSelector(IPlans.NotAnOrganisation.selector, project));
        plans.setInvoiceConfirmer(project, ACCOUNTANT);
        VM.expectRevert(abi.encodeWithSelector(IPlans.NotAnOrganisation.selector, project));
        plans.setInvoiceCap(project, 1);
    }

    // Reports

    function test_report_revertsWhen_notTheRegistrar() external {
        _expectNotAuthorised(ACCOUNTANT, project);
        VM.prank(ACCOUNTANT);
        plans.reportInvoice(project, INVOICE, 9900);
    }

    function test_report_revertsWhen_theHashIsMissing() external {
        VM.expectRevert(abi.encodeWithSelector(IPlans.InvoiceHashMissing.selector));
        _report(0, 9900);
    }

    function test_report_revertsWhen_repeated() external {
        _report(INVOICE, 9900);
        VM.expectRevert(abi.encodeWithSelector(IPlans.InvoiceKnown.selector, INVOICE, project));
        _report(INVOICE, 9900);
        // Nor for another project, by another organisation.
        VM.startPrank(OTHER_REGISTRAR);
        plans.setPlan(globexTeam, CREDIT, 1);
        VM.expectRevert(abi.encodeWithSelector(IPlans.InvoiceKnown.selector, INVOICE, project));
        plans.reportInvoice(globexTeam, INVOICE, 9900);
        VM.stopPrank();
    }

    function test_report_revertsWhen_itBringsNothing_orTooMuch() external {
        VM.expectRevert(abi.encodeWithSelector(IPlans.AmountInvalid.selector, 0));
        _report(INVOICE, 0);
        _setPlan(type(uint128).max, 1);
        VM.expectRevert(
            abi.encodeWithSelector(IPlans.AmountInvalid.selector, uint256(type(uint128).max) * 2)
        );
        _report(INVOICE, 2);
    }

    function test_report_keepsThePlan_asOfTheReport() external {
        VM.expectEmit(address(plans));
        emit IPlans.InvoiceReported(project, INVOICE, 4950, 500 * CREDIT, REGISTRAR);
        _report(INVOICE, 4950);
        _setPlan(CREDIT, 9900);
        Invoice memory found = plans.invoiceOf(INVOICE);
        assertEq(found.project, project);
        assertEq(found.reporter, REGISTRAR);
        assertEq(found.creditsUcr, 500 * CREDIT);
        assertEq(found.isConfirmed, false);
        Plan memory plan = plans.planOf(project);
        assertEq(plan.creditsUcr, CREDIT);
    }

    function test_report_roundsDown() external {
        _setPlan(1000, 3);
        _report(INVOICE, 2);
        assertEq(plans.invoiceOf(INVOICE).creditsUcr, 666);
    }

    // Confirmations

    function test_confirm_revertsWhen_unknown() external {
        VM.expectRevert(abi.encodeWithSelector(IPlans.InvoiceUnknown.selector, INVOICE));
        _confirm(INVOICE);
    }

    function test_confirm_revertsWhen_notTheConfirmer() external {
        _report(INVOICE, 9900);
        address[3] memory others = [STRANGER, REGISTRAR, CONFIRMER];
        for (uint256 i = 0; i < others.length; ++i) {
            _expectNotAuthorised(others[i], project);
            VM.prank(others[i]);
            plans.confirmInvoice(INVOICE);
        }
    }

    /// @dev Whom governance named for it, but who reported the invoice or holds the project, is still not independent.
    function test_confirm_revertsWhen_notIndependent() external {
        _report(INVOICE, 9900);
        address[2] memory own = [REGISTRAR, CONTROLLER];
        for (uint256 i = 0; i < own.length; ++i) {
            plans.setInvoiceConfirmer(acme, own[i]);
            VM.expectRevert(
                abi.encodeWithSelector(IPlans.ConfirmerNotIndependent.selector, own[i], project)
            );
            VM.prank(own[i]);
            plans.confirmInvoice(INVOICE);
        }
    }

    function test_confirm_mintsOnce() external {
        _report(INVOICE, 9900);
        VM.expectEmit(address(plans));
        emit IPlans.InvoiceConfirmed(project, INVOICE, 9900, 1000 * CREDIT, ACCOUNTANT);
        _confirm(INVOICE);
        uint256 plan = (1 << 32) + uint256(project);
        assertEq(balance(project, plan), 1000 * CREDIT);
        assertEq(plans.invoiceOf(INVOICE).isConfirmed, true);
        VM.expectRevert(abi.encodeWithSelector(IPlans.InvoiceConfirmedAlready.selector, INVOICE));
        _confirm(INVOICE);
        spend(project, CREDIT);
        assertEq(balance(project, plan), 999 * CREDIT);
    }

    function test_confirm_revertsWhen_theCapIsReached() external {
        plans.setInvoiceCap(acme, 1500 * CREDIT);
        _report(INVOICE, 9900);
        _report("second", 9900);
        _confirm(INVOICE);
        VM.expectRevert(
            abi.encodeWithSelector(
                IPlans.InvoiceCapExceeded.selector, acme, 1000 * CREDIT, 500 * CREDIT
            )
        );
        _confirm("second");
        nextEpoch();
        _confirm("second");
        (uint256 capUcr, uint256 usedUcr) = plans.invoiceCapOf(acme, 1);
        assertEq(capUcr, 1500 * CREDIT);
        assertEq(usedUcr, 1000 * CREDIT);
    }

    function test_confirm_revertsWhen_thereIsNoCap() external {
        plans.setInvoiceCap(acme, 0);
        _report(INVOICE, 9900);
        VM.expectRevert(
            abi.encodeWithSelector(IPlans.InvoiceCapExceeded.selector, acme, 1000 * CREDIT, 0)
        );
        _confirm(INVOICE);
    }

    function _setPlan(uint128 creditsUcr, uint64 priceCents) private {
        VM.prank(REGISTRAR);
        plans.setPlan(project, creditsUcr, priceCents);
    }

    function _report(bytes32 invoiceHash, uint64 paidCents) private {
        VM.prank(REGISTRAR);
        plans.reportInvoice(project, invoiceHash, paidCents);
    }

    function _confirm(bytes32 invoiceHash) private {
        VM.prank(ACCOUNTANT);
        plans.confirmInvoice(invoiceHash);
    }

    function _expectNotAuthorised(address who, uint32 account) private {
        VM.expectRevert(abi.encodeWithSelector(IPlans.NotAuthorised.selector, who, account));
    }
}
