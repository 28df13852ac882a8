// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice So many credits for so much money, for one client project.
/// @param creditsUcr Micro-credits, 0 = there is no plan.
/// @param priceCents US cents.
struct Plan {
    uint128 creditsUcr;
    uint64 priceCents;
}

/// @notice A reported invoice.
/// @param project The project's account id, 0 = none has this hash.
/// @param paidCents What the client paid, in US cents.
/// @param isConfirmed Whether its credits were minted.
/// @param reporter The registrar who reported it.
/// @param creditsUcr What it brings under the plan as of the report, in micro-credits.
// Only ever returned, never stored: the order is the reader's.
// solhint-disable-next-line gas-struct-packing
struct Invoice {
    uint32 project;
    uint64 paidCents;
    bool isConfirmed;
    address reporter;
    uint128 creditsUcr;
}

/// @title Plans: "N credits for $X", paid by a client
/// @notice A paid invoice, reported by an organisation's registrar and confirmed by somebody else, mints plan credits of
/// its project: credits that only this project spends, before any other. Each invoice once, and no more than an
/// organisation's cap in an epoch.
interface IPlans {
    /// @notice A project has this plan.
    /// @param project The project's account id.
    /// @param creditsUcr Micro-credits, 0 = there is no plan any more.
    /// @param priceCents US cents.
    event PlanSet(uint32 indexed project, uint256 creditsUcr, uint64 priceCents);
    /// @notice This address confirms an organisation's invoices.
    /// @param organisation The organisation's account id.
    /// @param confirmer The address, zero = nobody.
    event InvoiceConfirmerSet(uint32 indexed organisation, address confirmer);
    /// @notice An organisation's invoices bring no more than this in an epoch.
    /// @param organisation The organisation's account id.
    /// @param ucrPerEpoch Micro-credits.
    event InvoiceCapSet(uint32 indexed organisation, uint256 ucrPerEpoch);
    /// @notice An invoice was reported as paid.
    /// @param project The project's account id.
    /// @param invoiceHash What it is known by.
    /// @param paidCents What the client paid, in US cents.
    /// @param creditsUcr What it will bring, in micro-credits.
    /// @param by The registrar.
    event InvoiceReported(
        uint32 indexed project,
        bytes32 indexed invoiceHash,
        uint64 paidCents,
        uint256 creditsUcr,
        address by
    );
    /// @notice An invoice was confirmed, its credits minted.
    /// @param project The project's account id.
    /// @param invoiceHash What it is known by.
    /// @param paidCents What the client paid, in US cents.
    /// @param creditsUcr What it brought, in micro-credits.
    /// @param by The confirmer.
    event InvoiceConfirmed(
        uint32 indexed project,
        bytes32 indexed invoiceHash,
        uint64 paidCents,
        uint256 creditsUcr,
        address by
    );

    /// @notice The caller may not do this for the account.
    /// @param caller Who called.
    /// @param account The account id.
    error NotAuthorised(address caller, uint32 account);
    /// @notice The account is an organisation; plans are those of projects.
    /// @param account The account id.
    error NotAProject(uint32 account);
    /// @notice The account is no organisation.
    /// @param account The account id.
    error NotAnOrganisation(uint32 account);
    /// @notice Credits for nothing, or money for none.
    /// @param creditsUcr The credits in micro-credits.
    /// @param priceCents The price in US cents.
    error PlanInvalid(uint256 creditsUcr, uint64 priceCents);
    /// @notice The project has no plan.
    /// @param project The project's account id.
    error PlanUnknown(uint32 project);
    /// @notice The invoice brings nothing, or more than an amount can hold.
    /// @param amountUcr What it would bring, in micro-credits.
    error AmountInvalid(uint256 amountUcr);
    /// @notice An invoice needs a hash.
    error InvoiceHashMissing();
    /// @notice An invoice of this hash was reported before.
    /// @param invoiceHash The hash.
    /// @param project The project it was reported for.
    error InvoiceKnown(bytes32 invoiceHash, uint32 project);
    /// @notice No invoice of this hash was reported.
    /// @param invoiceHash The hash.
    error InvoiceUnknown(bytes32 invoiceHash);
    /// @notice The invoice was confirmed before.
    /// @param invoiceHash The hash.
    error InvoiceConfirmedAlready(bytes32 invoiceHash);
    /// @notice Whoever reported an invoice or controls its project does not confirm it.
    /// @param caller Who called.
    /// @param project The project's account id.
    error ConfirmerNotIndependent(address caller, uint32 project);
    /// @notice The organisation's cap of this epoch does not cover the invoice; the next epoch's may.
    /// @param organisation The organisation's account id.
    /// @param amountUcr What the invoice brings, in micro-credits.
    /// @param leftUcr What the cap still covers, in micro-credits.
    error InvoiceCapExceeded(uint32 organisation, uint256 amountUcr, uint256 leftUcr);

    /// @notice A project's client gets so many credits for so much money. By the organisation's registrar.
    /// @param project The project's account id.
    /// @param creditsUcr Micro-credits; 0 with price 0 = no plan any more.
    /// @param priceCents US cents.
    function setPlan(uint32 project, uint128 creditsUcr, uint64 priceCents) external;

    /// @notice This address confirms an organisation's invoices. Governance only.
    /// @param organisation The organisation's account id.
    /// @param confirmer The address, zero = nobody.
    function setInvoiceConfirmer(uint32 organisation, address confirmer) external;

    /// @notice An organisation's invoices bring no more than this in an epoch. Governance only.
    /// @param organisation The organisation's account id.
    /// @param ucrPerEpoch Micro-credits.
    function setInvoiceCap(uint32 organisation, uint128 ucrPerEpoch) external;

    /// @notice A client paid an invoice of a project. By the organisation's registrar, once per hash.
    /// @param project The project's account id.
    /// @param invoiceHash What it is known by: a hash over the invoice and a salt.
    /// @param paidCents What the client paid, in US cents.
    function reportInvoice(uint32 project, bytes32 invoiceHash, uint64 paidCents) external;

    /// @notice A reported invoice was paid indeed: its credits are minted, paidCents * creditsUcr / priceCents of the plan as
    /// of the report, rounded down. By the organisation's invoice confirmer, never who reported it or controls the project.
    /// @param invoiceHash What it is known by.
    function confirmInvoice(bytes32 invoiceHash) external;

    /// @notice A project's plan.
    /// @param project The project's account id.
    /// @return The plan; all zero where there is none.
    function planOf(uint32 project) external view returns (Plan memory);

    /// @notice An invoice.
    /// @param invoiceHash What it is known by.
    /// @return The invoice; all zero where there is none.
    function invoiceOf(bytes32 invoiceHash) external view returns (Invoice memory);

    /// @notice Who confirms an organisation's invoices.
    /// @param organisation The organisation's account id.
    /// @return The address, zero = nobody.
    function invoiceConfirmerOf(uint32 organisation) external view returns (address);

    /// @notice What an organisation's invoices may bring in an epoch.
    /// @param organisation The organisation's account id.
    /// @param epoch The epoch.
    /// @return capUcr In all, in micro-credits.
    /// @return usedUcr What they brought, in micro-credits.
    function invoiceCapOf(uint32 organisation, uint32 epoch)
        external
        view
        returns (uint256 capUcr, uint256 usedUcr);
}
