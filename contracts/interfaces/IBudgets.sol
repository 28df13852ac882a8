// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Periods} from "../libraries/Periods.sol";

/// @notice Everything an account's page shows, as of the block's time. Amounts in micro-credits, times in Unix seconds.
/// @param hasLimit Whether spending is limited at all.
/// @param limitUcr The limit of one period; meaningless without one.
/// @param softPpm The soft threshold in millionths of the limit, 0 = none.
/// @param periodKind How spending is divided in time.
/// @param periodLengthS Seconds of a fixed period, else 0.
/// @param periodStartS When the running period began, 0 = one period for ever.
/// @param periodEndS When it ends, 0 = never.
/// @param spentUcr What counts against the limit: spent since periodStartS.
/// @param spentLifetimeUcr Spent since the account was opened.
/// @param leasedUcr Set aside for leases; 0 until there are any.
/// @param generalUcr The balance of general credits.
/// @param explorationUcr The balance of exploration credits.
/// @param planUcr The balance of the account's own plan credits.
/// @param overdraftUcr Use the balance could not pay.
/// @param isSoftCrossed Whether the soft threshold was crossed in this period.
/// @param frozenWhy Bit 0 overdraft, bit 1 limit; 0 = not frozen.
// Only ever returned, never stored: the order is the reader's.
// solhint-disable-next-line gas-struct-packing
struct Budget {
    bool hasLimit;
    uint256 limitUcr;
    uint32 softPpm;
    Periods.Kind periodKind;
    uint64 periodLengthS;
    uint64 periodStartS;
    uint64 periodEndS;
    uint256 spentUcr;
    uint256 spentLifetimeUcr;
    uint256 leasedUcr;
    uint256 generalUcr;
    uint256 explorationUcr;
    uint256 planUcr;
    uint256 overdraftUcr;
    bool isSoftCrossed;
    uint8 frozenWhy;
}

/// @title Budgets: who may spend what, and what happens to credits when use settles
/// @notice Balance and limit are separate things. A charge takes a project's own credits, plan credits first (credits of
/// an open experiment will come next), then general ones; what they cannot pay is the project's overdraft, which only
/// grants and transfers repay. Ancestors never pay. What was spent rises on the project and on every ancestor, and each
/// of them is held against its own limit. An account is frozen while it has an overdraft or has reached its limit.
/// Leases come with admission and will be set aside from the balance before it is charged; leasedUcr is 0 until then.
///
/// Periods follow block time and roll when an account is touched, whole periods at once; views show them rolled.
interface IBudgets {
    /// @notice Governance lets an organisation's registrar grant this much of a class of credits in all.
    /// @param organisation The organisation's account id.
    /// @param creditClass CreditIds.GENERAL or CreditIds.PLAN.
    /// @param amountUcr Micro-credits, counted from the beginning.
    event MintAllowanceSet(
        uint32 indexed organisation, uint256 indexed creditClass, uint256 amountUcr
    );
    /// @notice New credits were granted to an account.
    /// @param account The account id.
    /// @param id The kind of credits.
    /// @param amountUcr Micro-credits.
    /// @param key What a repetition is known by, 0 = nothing.
    /// @param by The registrar who granted.
    event Granted(
        uint32 indexed account, uint256 indexed id, uint256 amountUcr, bytes32 key, address by
    );
    /// @notice Credits went from one account to another.
    /// @param from The account that had them.
    /// @param to The account that has them now.
    /// @param id The kind of credits.
    /// @param amountUcr Micro-credits.
    /// @param key What a repetition is known by, 0 = nothing.
    /// @param by The controller who transferred.
    event Transferred(
        uint32 indexed from,
        uint32 indexed to,
        uint256 indexed id,
        uint256 amountUcr,
        bytes32 key,
        address by
    );
    /// @notice Credits that came in went to an overdraft.
    /// @param account The account id.
    /// @param id The kind of credits.
    /// @param amountUcr What was repaid, in micro-credits.
    /// @param overdraftUcr The overdraft that is left, in micro-credits.
    event OverdraftRepaid(
        uint32 indexed account, uint256 id, uint256 amountUcr, uint256 overdraftUcr
    );
    /// @notice An account has this budget.
    /// @param account The account id.
    /// @param hasLimit Whether spending is limited at all.
    /// @param limitUcr The limit of one period in micro-credits.
    /// @param periodKind How spending is divided in time.
    /// @param periodLengthS Seconds of a fixed period, else 0.
    /// @param softPpm The soft threshold in millionths of the limit, 0 = none.
    /// @param periodEndS When the running period ends in Unix seconds, 0 = one period for ever.
    event BudgetSet(
        uint32 indexed account,
        bool hasLimit,
        uint256 limitUcr,
        Periods.Kind periodKind,
        uint64 periodLengthS,
        uint32 softPpm,
        uint64 periodEndS
    );
    /// @notice A project's use settled.
    /// @param project The project's account id.
    /// @param costUcr What the use cost, in micro-credits.
    /// @param fromBalanceUcr What the project's credits paid of it, in micro-credits.
    /// @param overdraftUcr The project's overdraft afterwards, in micro-credits.
    event ProjectCharged(
        uint32 indexed project, uint256 costUcr, uint256 fromBalanceUcr, uint256 overdraftUcr
    );
    /// @notice A charge named an account that does not exist; nothing was moved.
    /// @param project The id that no account has.
    /// @param costUcr What the use cost, in micro-credits.
    event ChargeUnplaced(uint32 indexed project, uint256 costUcr);
    /// @notice A new period began with nothing spent, before anything else that happened now; a freeze by the limit ended
    /// with the old one. Left out where the account's soft threshold or freeze is announced at the same moment: whatever is
    /// announced of an account at or after the end of its period implies that it rolled.
    /// @param account The account id.
    /// @param periodEndS When the new period ends, in Unix seconds.
    event PeriodRolled(uint32 indexed account, uint64 periodEndS);
    /// @notice Spending reached the soft threshold; once in a period, unless the threshold rises above it again.
    /// @param account The account id.
    /// @param spentUcr Spent in the period, in micro-credits.
    /// @param limitUcr The limit of the period, in micro-credits.
    event SoftThresholdCrossed(uint32 indexed account, uint256 spentUcr, uint256 limitUcr);
    /// @notice An account is frozen for these reasons from now on.
    /// @param account The account id.
    /// @param why Bit 0 overdraft, bit 1 limit.
    /// @param spentUcr Spent in the period, in micro-credits.
    /// @param limitUcr The limit of the period, in micro-credits.
    /// @param overdraftUcr The overdraft, in micro-credits.
    event AccountFrozen(
        uint32 indexed account, uint8 why, uint256 spentUcr, uint256 limitUcr, uint256 overdraftUcr
    );
    /// @notice Nothing holds an account frozen any more.
    /// @param account The account id.
    event AccountUnfrozen(uint32 indexed account);

    /// @notice The caller has no authority to do this for the account.
    /// @param caller Who called.
    /// @param account The account id.
    error NotAuthorised(address caller, uint32 account);
    /// @notice The amount is zero or beyond 128 bits.
    /// @param amountUcr The amount in micro-credits.
    error AmountInvalid(uint256 amountUcr);
    /// @notice Registrars do not grant credits of this id to this account.
    /// @param account The account id.
    /// @param id The kind of credits.
    error NotGrantable(uint32 account, uint256 id);
    /// @notice Credits of this id stay where they are.
    /// @param id The kind of credits.
    error NotTransferable(uint256 id);
    /// @notice The accounts are the same, or of different organisations.
    /// @param from The account that was to give.
    /// @param to The account that was to get.
    error TransferInvalid(uint32 from, uint32 to);
    /// @notice The organisation's mint allowance does not cover the grant.
    /// @param organisation The organisation's account id.
    /// @param creditClass CreditIds.GENERAL or CreditIds.PLAN.
    /// @param amountUcr What was to be granted, in micro-credits.
    /// @param leftUcr What the allowance still covers, in micro-credits.
    error MintAllowanceExceeded(
        uint32 organisation, uint256 creditClass, uint256 amountUcr, uint256 leftUcr
    );
    /// @notice A grant or transfer with this key was done already.
    /// @param key The key.
    /// @param content What was done under it, as contentOfKey: tells whether it was the same.
    error KeyUsed(bytes32 key, bytes32 content);
    /// @notice A limit, threshold or period length lies outside its bounds.
    /// @param limitUcr The limit in micro-credits, at most 2^88 - 1.
    /// @param softPpm The soft threshold in millionths of the limit, at most 1,000,000.
    /// @param periodLengthS Seconds of a fixed period: 1 to about a hundred years, 0 for the other kinds.
    error BudgetInvalid(uint256 limitUcr, uint32 softPpm, uint64 periodLengthS);

    /// @notice An organisation's registrar may grant this much in all, counted from the beginning; less than was granted
    /// already means no more. Governance only.
    /// @param organisation The organisation's account id.
    /// @param creditClass CreditIds.GENERAL or CreditIds.PLAN.
    /// @param amountUcr Micro-credits.
    function setMintAllowance(uint32 organisation, uint256 creditClass, uint256 amountUcr) external;

    /// @notice An account holds new credits; an overdraft is repaid from them first. By the organisation's registrar,
    /// inside its mint allowance.
    /// @param account The account id.
    /// @param id CreditIds.GENERAL, or the account's own plan credits.
    /// @param amountUcr Micro-credits.
    /// @param key Makes a repetition revert with KeyUsed, inside the organisation; zero = no key.
    function grant(uint32 account, uint256 id, uint256 amountUcr, bytes32 key) external;

    /// @notice Credits lie with another account of the organisation; its overdraft is repaid from them first. By
    /// whoever is controller of each account or of one of its ancestors.
    /// @param from The account that has them.
    /// @param to The account that gets them.
    /// @param id A transferable kind of credits.
    /// @param amountUcr Micro-credits.
    /// @param key As for grant.
    function transfer(uint32 from, uint32 to, uint256 id, uint256 amountUcr, bytes32 key) external;

    /// @notice An account has this budget. By the controller of an ancestor, or the organisation's registrar: never on its
    /// own controller's word alone.
    /// @dev A change of the period's kind or length begins a new period with nothing spent; without a period everything
    /// ever spent counts.
    /// @param account The account id.
    /// @param hasLimit Whether spending is limited at all.
    /// @param limitUcr The limit of one period in micro-credits.
    /// @param periodKind 0 none, 1 fixed, 2 ISO week, 3 calendar month, in UTC.
    /// @param periodLengthS Seconds of a fixed period, else 0; multiples of it are counted from 1970.
    /// @param softPpm The soft threshold in millionths of the limit, 0 = none.
    function setBudget(
        uint32 account,
        bool hasLimit,
        uint256 limitUcr,
        Periods.Kind periodKind,
        uint64 periodLengthS,
        uint32 softPpm
    ) external;

    /// @notice What settled use cost was taken from the projects' credits and held against every budget above. The
    /// ledger only. Never reverts for what it is told: the use has happened.
    /// @param projects Account ids; unknown ones are named in an event.
    /// @param costsUcr Micro-credits, below 2^128 each.
    function charge(uint256[] calldata projects, uint256[] calldata costsUcr) external;

    /// @notice An account's budget as of the block's time. Reverts where there is no such account.
    /// @param account The account id.
    /// @return The budget, its period rolled.
    function budgetOf(uint32 account) external view returns (Budget memory);

    /// @notice The budgets of many accounts. Reverts where one of them does not exist.
    /// @param accounts Account ids.
    /// @return The budgets in the order asked.
    function budgetsOf(uint32[] calldata accounts) external view returns (Budget[] memory);

    /// @notice How much an organisation's registrar may grant of a class, and has granted.
    /// @param organisation The organisation's account id.
    /// @param creditClass CreditIds.GENERAL or CreditIds.PLAN.
    /// @return amountUcr Grantable in all, in micro-credits.
    /// @return grantedUcr Granted so far, in micro-credits.
    function mintAllowanceOf(uint32 organisation, uint256 creditClass)
        external
        view
        returns (uint256 amountUcr, uint256 grantedUcr);

    /// @notice What was done under a key.
    /// @param organisation The organisation's account id.
    /// @param key The key of a grant or transfer.
    /// @return For a grant keccak256(abi.encode("grant", account, id, amountUcr)), for a transfer
    /// keccak256(abi.encode("transfer", from, to, id, amountUcr)), 0 = nothing yet.
    function contentOfKey(uint32 organisation, bytes32 key) external view returns (bytes32);

    /// @notice Where the words of every budget are.
    /// @return The BudgetState contract.
    function state() external view returns (address);

    /// @notice Where the balances are.
    /// @return The Credits contract.
    function credits() external view returns (address);
}
