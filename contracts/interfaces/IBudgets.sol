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
/// @param spentUcr What counts against the limit: spent since periodStartS, beyond what was carried over.
/// @param spentLifetimeUcr Spent since the account was opened.
/// @param leasedUcr Set aside for leases of the account and of everything below it; counts against the limit, too.
/// @param generalUcr The balance of general credits.
/// @param explorationUcr The balance of exploration credits.
/// @param planUcr The balance of the account's own plan credits.
/// @param overdraftUcr Use the balance could not pay.
/// @param isSoftCrossed Whether the soft threshold was crossed in this period.
/// @param frozenWhy Bit 0 overdraft, bit 1 limit; 0 = not frozen.
/// @param reservedUcr What leases of the account itself reserve of its own credits.
/// @param carryPpm How much of the limit a period may leave to the next, in millionths.
/// @param carriedUcr What is left of that; the limit is higher by it.
/// @param rateUcr What leases may take in a window; meaningless without one.
/// @param rateWindowS The window in seconds, 0 = no rate.
/// @param rateLevelUcr What leases may take at once, rounded down.
/// @param isExploring Whether the account has an open experiment.
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
    uint256 reservedUcr;
    uint32 carryPpm;
    uint256 carriedUcr;
    uint256 rateUcr;
    uint32 rateWindowS;
    uint256 rateLevelUcr;
    bool isExploring;
}

/// @notice What setBudget sets.
/// @param hasLimit Whether spending is limited at all.
/// @param limitUcr The limit of one period in micro-credits.
/// @param periodKind 0 none, 1 fixed, 2 ISO week, 3 calendar month, in UTC.
/// @param periodLengthS Seconds of a fixed period, else 0; multiples of it are counted from 1970.
/// @param softPpm The soft threshold in millionths of the limit, 0 = none.
/// @param carryPpm How much of the limit a period may leave to the next, in millionths.
/// @param rateUcr What leases may take in a window, in micro-credits, and the most they may take at once.
/// @param rateWindowS The window in seconds, 0 = no rate.
// Only ever an argument, never stored: the order is the writer's.
// solhint-disable-next-line gas-struct-packing
struct BudgetTerms {
    bool hasLimit;
    uint256 limitUcr;
    Periods.Kind periodKind;
    uint64 periodLengthS;
    uint32 softPpm;
    uint32 carryPpm;
    uint256 rateUcr;
    uint32 rateWindowS;
}

/// @title Budgets: who may spend what, and what happens to credits when use settles
/// @notice Balance and limit are separate things. A charge takes what leases of the using meters cover, then the project's
/// other credits that no lease reserves: plan credits first, then those of its experiment, then general ones. What they
/// cannot pay is the project's overdraft, which only credits that come in repay, or that leases have set free. Ancestors
/// never pay. What was spent rises on the project and on every ancestor, and each of them is held against its own limit. An
/// account is frozen while it has an overdraft or has reached its limit: nothing below it gets new leases.
///
/// Periods follow block time and roll when an account is touched, whole periods at once; views show them rolled. What a
/// period left unused is carried over, as far as the terms say; idle periods fill that up.
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
    /// @param carryPpm How much of the limit a period may leave to the next, in millionths.
    /// @param rateUcr What leases may take in a window, in micro-credits.
    /// @param rateWindowS The window in seconds, 0 = no rate.
    /// @param periodEndS When the running period ends in Unix seconds, 0 = one period for ever.
    event BudgetSet(
        uint32 indexed account,
        bool hasLimit,
        uint256 limitUcr,
        Periods.Kind periodKind,
        uint64 periodLengthS,
        uint32 softPpm,
        uint32 carryPpm,
        uint256 rateUcr,
        uint32 rateWindowS,
        uint64 periodEndS
    );
    /// @notice A project may get exploration credits from now on, or no more of them.
    /// @param project The project's account id.
    /// @param isExploring Whether it has an open experiment.
    event ExploringSet(uint32 indexed project, bool isExploring);
    /// @notice A project's use settled.
    /// @param project The project's account id.
    /// @param costUcr What the use cost, in micro-credits.
    /// @param fromBalanceUcr What the project's credits paid of it, in micro-credits.
    /// @param overdraftUcr The project's overdraft afterwards, in micro-credits.
    /// @param fromLeaseUcr What leases covered of what its credits paid, in micro-credits.
    event ProjectCharged(
        uint32 indexed project,
        uint256 costUcr,
        uint256 fromBalanceUcr,
        uint256 overdraftUcr,
        uint256 fromLeaseUcr
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
    /// @notice Spending reached the soft threshold; once in a period, unless the threshold rises above it again. Left out
    /// where the account is announced to be frozen by its limit at the same moment, which implies it.
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
    /// @notice A limit, threshold, carry-over or period length lies outside its bounds.
    /// @param limitUcr The limit in micro-credits, at most 2^59 - 1.
    /// @param softPpm The soft threshold in millionths of the limit, at most 1,000,000.
    /// @param carryPpm The carry-over in millionths of the limit, at most 1,000,000.
    /// @param periodLengthS Seconds of a fixed period: 1 to about a hundred years, 0 for the other kinds.
    error BudgetInvalid(uint256 limitUcr, uint32 softPpm, uint32 carryPpm, uint64 periodLengthS);
    /// @notice A rate lies outside its bounds.
    /// @param rateUcr The amount in micro-credits, at most 2^60 - 1; 0 without a window.
    /// @param rateWindowS The window in seconds, 0 = no rate.
    error RateInvalid(uint256 rateUcr, uint32 rateWindowS);
    /// @notice Exploration credits are for projects with an open experiment.
    /// @param account The account id.
    error NotExploring(uint32 account);
    /// @notice No pool has this id.
    /// @param pool The id.
    error PoolUnknown(uint256 pool);
    /// @notice The account has no overdraft, or no credits of this id that leases leave to repay it.
    /// @param account The account id.
    /// @param overdraftUcr The overdraft in micro-credits.
    /// @param availableUcr What could repay it, in micro-credits.
    error NothingToRepay(uint32 account, uint256 overdraftUcr, uint256 availableUcr);

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

    /// @notice An overdraft is repaid from credits the account holds and leases do not reserve, as after the release of a
    /// lease. By anyone.
    /// @param account The account id.
    /// @param id A kind of credits that pays for use.
    function repay(uint32 account, uint256 id) external;

    /// @notice A holder has new credits; an account's overdraft is repaid from them first. Nothing happens for an amount of
    /// zero. Issuers only.
    /// @param holder An account or a pool of CreditIds.
    /// @param id The kind of credits; plan credits are the account's own.
    /// @param amountUcr Micro-credits.
    function issue(uint256 holder, uint256 id, uint256 amountUcr) external;

    /// @notice A holder's credits are gone. Reverts where it has less, or leases reserve them. Issuers only.
    /// @param holder An account or a pool of CreditIds.
    /// @param id The kind of credits.
    /// @param amountUcr Micro-credits.
    function retire(uint256 holder, uint256 id, uint256 amountUcr) external;

    /// @notice An account's credits lie with a pool. Reverts where it has less, or leases reserve them. Escrows only.
    /// @param account The account id.
    /// @param id A transferable kind of credits, or CreditIds.EXPLORATION.
    /// @param amountUcr Micro-credits.
    /// @param pool A pool of CreditIds.
    function hold(uint32 account, uint256 id, uint256 amountUcr, uint256 pool) external;

    /// @notice Credits of a pool lie with an account; its overdraft is repaid from them first. Escrows only.
    /// @param pool A pool of CreditIds.
    /// @param account The account id; of exploration credits a project with an open experiment.
    /// @param id As for hold.
    /// @param amountUcr Micro-credits.
    function release(uint256 pool, uint32 account, uint256 id, uint256 amountUcr) external;

    /// @notice A project may get exploration credits, or no more of them; those it holds go on paying. Experiments only.
    /// @param project The project's account id.
    /// @param isExploring Whether it has an open experiment.
    function setExploring(uint32 project, bool isExploring) external;

    /// @notice An account has this budget. By the controller of an ancestor, or the organisation's registrar: never on its
    /// own controller's word alone.
    /// @dev A change of the period's kind or length begins a new period with nothing spent; without a period everything
    /// ever spent counts. What gives more room also needs the AccessManager's word, which may take a scheduled operation: a
    /// limit that rises or goes, a new period under a limit, more carry-over, a rate that rises or goes.
    /// @param account The account id.
    /// @param terms The budget.
    function setBudget(uint32 account, BudgetTerms calldata terms) external;

    /// @notice What settled use cost was taken from the projects' credits and held against every budget above. Chargers
    /// only. Never reverts for what it is told: the use has happened.
    /// @param projects Account ids, each once; unknown ones are named in an event.
    /// @param costsUcr Micro-credits, below 2^128 each.
    /// @param lines What each meter used for each project, the projects' costs at most: from the top zero u80, index into
    /// projects u16, meter u32, cost u128 in micro-credits. Meters' leases are drawn down by them.
    function charge(
        uint256[] calldata projects,
        uint256[] calldata costsUcr,
        bytes32[] calldata lines
    ) external;

    /// @notice How much of a kind of credits could leave an account now.
    /// @param account The account id.
    /// @param id The kind of credits.
    /// @return Micro-credits: its balance, less what leases need of it.
    function availableOf(uint32 account, uint256 id) external view returns (uint256);

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
