// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IBudgets} from "./interfaces/IBudgets.sol";
import {IOutcomes} from "./interfaces/IOutcomes.sol";
import {IPlans, Invoice, Plan} from "./interfaces/IPlans.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {CreditIds} from "./libraries/CreditIds.sol";

/// @title Plans
contract Plans is IPlans, AccessManaged {
    IRegistry private immutable REGISTRY;
    IBudgets private immutable BUDGETS;
    IOutcomes private immutable OUTCOMES;

    mapping(uint32 project => Plan) private _plans;
    mapping(bytes32 invoiceHash => Invoice) private _invoices;
    mapping(uint32 organisation => address) private _confirmers;
    mapping(uint32 organisation => uint128) private _capsUcr;
    mapping(uint32 organisation => mapping(uint32 epoch => uint256)) private _usedUcr;

    /// @param authority_ The network's AccessManager.
    /// @param registry Who has authority over which account.
    /// @param budgets Who mints plan credits.
    /// @param outcomes Who knows epochs.
    constructor(address authority_, IRegistry registry, IBudgets budgets, IOutcomes outcomes)
        AccessManaged(authority_)
    {
        REGISTRY = registry;
        BUDGETS = budgets;
        OUTCOMES = outcomes;
    }

    // What registrars and governance set

    /// @inheritdoc IPlans
    function setPlan(uint32 project, uint128 creditsUcr, uint64 priceCents) external override {
        _checkRegistrar(project);
        require((creditsUcr == 0) == (priceCents == 0), PlanInvalid(creditsUcr, priceCents));
        _plans[project] = Plan({creditsUcr: creditsUcr, priceCents: priceCents});
        emit PlanSet(project, creditsUcr, priceCents);
    }

    /// @inheritdoc IPlans
    function setInvoiceConfirmer(uint32 organisation, address confirmer)
        external
        override
        restricted
    {
        _checkOrganisation(organisation);
        _confirmers[organisation] = confirmer;
        emit InvoiceConfirmerSet(organisation, confirmer);
    }

    /// @inheritdoc IPlans
    function setInvoiceCap(uint32 organisation, uint128 ucrPerEpoch) external override restricted {
        _checkOrganisation(organisation);
        _capsUcr[organisation] = ucrPerEpoch;
        emit InvoiceCapSet(organisation, ucrPerEpoch);
    }

    // Invoices

    /// @inheritdoc IPlans
    function reportInvoice(uint32 project, bytes32 invoiceHash, uint64 paidCents)
        external
        override
    {
        _checkRegistrar(project);
        require(invoiceHash != 0, InvoiceHashMissing());
        uint32 known = _invoices[invoiceHash].project;
        require(known == 0, InvoiceKnown(invoiceHash, known));
        Plan storage plan = _plans[project];
        require(plan.priceCents != 0, PlanUnknown(project));
        // No overflow: 64 and 128 bits.
        uint256 creditsUcr = uint256(paidCents) * plan.creditsUcr / plan.priceCents;
        require(creditsUcr != 0 && creditsUcr <= type(uint128).max, AmountInvalid(creditsUcr));
        _invoices[invoiceHash] = Invoice({
            project: project,
            paidCents: paidCents,
            isConfirmed: false,
            reporter: msg.sender,
            creditsUcr: SafeCast.toUint128(creditsUcr)
        });
        emit InvoiceReported(project, invoiceHash, paidCents, creditsUcr, msg.sender);
    }

    /// @inheritdoc IPlans
    function confirmInvoice(bytes32 invoiceHash) external override restricted {
        Invoice storage invoice = _invoices[invoiceHash];
        uint32 project = invoice.project;
        require(project != 0, InvoiceUnknown(invoiceHash));
        uint32 organisation = REGISTRY.organisationOf(project);
        require(_confirmers[organisation] == msg.sender, NotAuthorised(msg.sender, project));
        bool isIndependent =
            msg.sender != invoice.reporter && !REGISTRY.isController(msg.sender, project);
        require(isIndependent, ConfirmerNotIndependent(msg.sender, project));
        require(!invoice.isConfirmed, InvoiceConfirmedAlready(invoiceHash));
        uint256 creditsUcr = invoice.creditsUcr;
        _useCap(organisation, creditsUcr);

        invoice.isConfirmed = true;
        emit InvoiceConfirmed(project, invoiceHash, invoice.paidCents, creditsUcr, msg.sender);
        BUDGETS.issue(project, CreditIds.planOf(project), creditsUcr);
    }

    // Views

    /// @inheritdoc IPlans
    function planOf(uint32 project) external view override returns (Plan memory) {
        return _plans[project];
    }

    /// @inheritdoc IPlans
    function invoiceOf(bytes32 invoiceHash) external view override returns (Invoice memory) {
        return _invoices[invoiceHash];
    }

    /// @inheritdoc IPlans
    function invoiceConfirmerOf(uint32 organisation) external view override returns (address) {
        return _confirmers[organisation];
    }

    /// @inheritdoc IPlans
    function invoiceCapOf(uint32 organisation, uint32 epoch)
        external
        view
        override
        returns (uint256 capUcr, uint256 usedUcr)
    {
        return (_capsUcr[organisation], _usedUcr[organisation][epoch]);
    }

    // Internal

    function _useCap(uint32 organisation, uint256 creditsUcr) private {
        uint32 epoch = OUTCOMES.currentEpoch();
        uint256 usedUcr = _usedUcr[organisation][epoch];
        uint256 leftUcr = Math.saturatingSub(_capsUcr[organisation], usedUcr);
        require(creditsUcr <= leftUcr, InvoiceCapExceeded(organisation, creditsUcr, leftUcr));
        _usedUcr[organisation][epoch] = usedUcr + creditsUcr;
    }

    function _checkRegistrar(uint32 project) private view {
        require(REGISTRY.isRegistrar(msg.sender, project), NotAuthorised(msg.sender, project));
        require(REGISTRY.organisationOf(project) != project, NotAProject(project));
    }

    function _checkOrganisation(uint32 organisation) private view {
        require(
            REGISTRY.organisationOf(organisation) == organisation, NotAnOrganisation(organisation)
        );
    }
}
