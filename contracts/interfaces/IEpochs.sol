// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice How grants follow velocity, and how long anybody may object.
/// @param lowUusd The low mark: micro-USD per credit below which a grant shrinks and a review opens.
/// @param highUusd The high mark: micro-USD per credit from which a grant grows no further.
/// @param growthPpm What a grant grows by at the high mark, in millionths: at most 500,000.
/// @param cutPpm What a grant is cut by at no value at all, in millionths: at most 500,000.
/// @param minSpendUcr Less spent in an epoch is too little to tell, in micro-credits.
/// @param minValueUusd Less value counts as none, in micro-USD.
/// @param explorationPpm The exploration pool's share of what is minted, in millionths: 100,000 to 150,000.
/// @param disputeS Seconds after the last attribution window in which outcomes may be disputed: one to 30 days.
struct ReplenishmentTerms {
    uint64 lowUusd;
    uint64 highUusd;
    uint32 growthPpm;
    uint32 cutPpm;
    uint64 minSpendUcr;
    uint128 minValueUusd;
    uint32 explorationPpm;
    uint32 disputeS;
}

/// @notice Where a project stands with its epochs.
/// @param isEnrolled Whether it is replenished at all.
/// @param firstEpoch The epoch it was enrolled in.
/// @param nextCut The epoch that is cut next.
/// @param nextClose The epoch that is closed next.
/// @param lastSpentUcr Spent in its lifetime until the last cut, in micro-credits.
/// @param previousGrantUcr What the next grant is measured by, in micro-credits.
/// @param isInReview Whether its velocity was below the low mark and nothing has ended that review.
/// @param reviewEpoch The epoch that opened the review; meaningless outside one.
// Only ever returned, never stored: the order is the reader's.
// solhint-disable-next-line gas-struct-packing
struct Enrolment {
    bool isEnrolled;
    uint32 firstEpoch;
    uint32 nextCut;
    uint32 nextClose;
    uint64 lastSpentUcr;
    uint128 previousGrantUcr;
    bool isInReview;
    uint32 reviewEpoch;
}

/// @notice What an epoch was for a project.
/// @param isCut Whether its spending is known.
/// @param isClosed Whether its grant was paid.
/// @param isReviewed Whether it opened a review.
/// @param isProtected Whether an experiment kept the grant from a cut.
/// @param isRestored Whether an appeal undid its cut.
/// @param closedAtS When it closed, in Unix seconds.
/// @param creditsUcr What was spent, in micro-credits.
/// @param valueUusd What it achieved, in micro-USD; with creditsUcr the velocity.
/// @param baseUcr What the grant was measured by, in micro-credits.
/// @param grantUcr What was granted for it in all, in micro-credits.
// Only ever returned, never stored: the order is the reader's.
// solhint-disable-next-line gas-struct-packing
struct Closing {
    bool isCut;
    bool isClosed;
    bool isReviewed;
    bool isProtected;
    bool isRestored;
    uint64 closedAtS;
    uint64 creditsUcr;
    uint128 valueUusd;
    uint128 baseUcr;
    uint128 grantUcr;
}

/// @notice Why a project's epoch cannot close now.
enum WhyOpen {
    Nothing,
    NotEnrolled,
    ClosedAlready,
    EarlierEpochOpen,
    WindowOpen,
    OutcomePending
}

/// @title Epochs: balances that grow with proven value
/// @notice After an epoch's end its spending is cut, once per project; after the attribution and dispute windows it is
/// closed, by anybody, in pages. A project's grant then follows its velocity, the pair of value and credits, between two
/// marks (docs/replenishment.md). Every grant adds its share to the exploration pool.
interface IEpochs {
    /// @notice A project is replenished from this epoch on.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @param firstGrantUcr Its first grant in micro-credits, paid now.
    event Enrolled(uint32 indexed project, uint32 indexed epoch, uint256 firstGrantUcr);
    /// @notice An organisation's registrar may pay this much in first grants.
    /// @param organisation The organisation's account id.
    /// @param amountUcr Micro-credits, counted from the beginning.
    event EnrolmentAllowanceSet(uint32 indexed organisation, uint256 amountUcr);
    /// @notice What a project spent in an epoch is known.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @param creditsUcr Micro-credits.
    event EpochCut(uint32 indexed project, uint32 indexed epoch, uint256 creditsUcr);
    /// @notice An epoch is closed for a project, its grant paid.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @param valueUusd What it achieved, in micro-USD.
    /// @param creditsUcr What it spent, in micro-credits.
    /// @param baseUcr What the grant was measured by, in micro-credits.
    /// @param grantUcr The grant in micro-credits.
    /// @param isProtected Whether an experiment kept the grant from a cut.
    event EpochClosed(
        uint32 indexed project,
        uint32 indexed epoch,
        uint256 valueUusd,
        uint256 creditsUcr,
        uint256 baseUcr,
        uint256 grantUcr,
        bool isProtected
    );
    /// @notice A project's velocity was below the low mark.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    event ReviewOpened(uint32 indexed project, uint32 indexed epoch);
    /// @notice A project is no longer under review.
    /// @param project The project's account id.
    /// @param epoch The epoch that had opened the review.
    event ReviewEnded(uint32 indexed project, uint32 indexed epoch);
    /// @notice A closed epoch's grant was raised after an appeal.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @param valueUusd What it achieved, as far as it counts now, in micro-USD.
    /// @param addedUcr What was paid now, in micro-credits.
    /// @param grantUcr What was granted for it in all, in micro-credits.
    event GrantRestored(
        uint32 indexed project,
        uint32 indexed epoch,
        uint256 valueUusd,
        uint256 addedUcr,
        uint256 grantUcr
    );
    /// @notice Grants were paid, and the exploration pool got its share.
    /// @param epoch The epoch whose terms held.
    /// @param grantedUcr General credits minted now, in micro-credits.
    /// @param addedUcr Exploration credits minted now, in micro-credits.
    event ExplorationMinted(uint32 indexed epoch, uint256 grantedUcr, uint256 addedUcr);
    /// @notice These terms hold from an epoch on.
    /// @param fromEpoch The first epoch they hold for.
    /// @param terms The terms.
    event TermsSet(uint32 indexed fromEpoch, ReplenishmentTerms terms);
    /// @notice This contract says which projects are protected.
    /// @param experiments The Experiments contract.
    event ExperimentsSet(address indexed experiments);

    /// @notice The caller may not do this for the account.
    /// @param caller Who called.
    /// @param account The account id.
    error NotAuthorised(address caller, uint32 account);
    /// @notice The amount is zero or too large.
    /// @param amountUcr The amount in micro-credits.
    error AmountInvalid(uint256 amountUcr);
    /// @notice The account is an organisation; projects are enrolled.
    /// @param account The account id.
    error NotAProject(uint32 account);
    /// @notice The project was enrolled before.
    /// @param project The project's account id.
    error AlreadyEnrolled(uint32 project);
    /// @notice The organisation's enrolment allowance does not cover the first grant.
    /// @param organisation The organisation's account id.
    /// @param amountUcr What was to be granted, in micro-credits.
    /// @param leftUcr What the allowance still covers, in micro-credits.
    error EnrolmentAllowanceExceeded(uint32 organisation, uint256 amountUcr, uint256 leftUcr);
    /// @notice Terms lie outside their hard bounds.
    /// @param name The term's name.
    error TermsInvalid(string name);
    /// @notice Too many projects for one call.
    /// @param projects How many were given.
    /// @param limit The most there may be.
    error PageTooLarge(uint256 projects, uint256 limit);
    /// @notice The epoch has not ended.
    /// @param epoch The epoch.
    /// @param endsAtS When it ends, in Unix seconds.
    error EpochNotEnded(uint32 epoch, uint64 endsAtS);
    /// @notice None of the projects can close this epoch now.
    /// @param epoch The epoch.
    /// @param project The first project of the page.
    /// @param why Why that one cannot.
    error NothingToClose(uint32 epoch, uint32 project, WhyOpen why);
    /// @notice The epoch is not closed for the project.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    error NotClosed(uint32 project, uint32 epoch);
    /// @notice The epoch's grant was not below its base.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @param baseUcr The base in micro-credits.
    /// @param grantUcr The grant in micro-credits.
    error NotACut(uint32 project, uint32 epoch, uint256 baseUcr, uint256 grantUcr);

    /// @notice A project is replenished from the running epoch on, and its first grant is paid. By the organisation's
    /// registrar, inside its enrolment allowance.
    /// @param project The project's account id.
    /// @param firstGrantUcr The first grant in micro-credits, what the next one is measured by; at most 2^80 - 1.
    function enrol(uint32 project, uint128 firstGrantUcr) external;

    /// @notice An organisation's registrar may pay this much in first grants, counted from the beginning. Governance only.
    /// @param organisation The organisation's account id.
    /// @param amountUcr Micro-credits.
    function setEnrolmentAllowance(uint32 organisation, uint128 amountUcr) external;

    /// @notice These terms hold from the next epoch on. Governance only.
    /// @param terms The terms, inside their hard bounds.
    function setTerms(ReplenishmentTerms calldata terms) external;

    /// @notice This contract says which projects are protected. Governance only.
    /// @param experiments_ The Experiments contract, zero = none are.
    function setExperiments(address experiments_) external;

    /// @notice What projects have spent since their last cut counts to an ended epoch. By anybody; projects that are not
    /// enrolled, or for which another epoch is cut next, are left as they are.
    /// @param epoch The epoch.
    /// @param projects Account ids, at most 60.
    /// @return count How many were cut.
    function cut(uint32 epoch, uint32[] calldata projects) external returns (uint256 count);

    /// @notice An epoch is closed for projects: their grants and the exploration pool's share are paid. By anybody, after the
    /// windows; projects it cannot be closed for are left as they are. Reverts with NothingToClose where that is all of
    /// them. What was not cut is cut now.
    /// @param epoch The epoch.
    /// @param projects Account ids, at most 60.
    /// @return count How many were closed.
    function close(uint32 epoch, uint32[] calldata projects) external returns (uint256 count);

    /// @notice A cut is undone: the project gets what its grant was below its base, and the review ends. Appeals only.
    /// @param project The project's account id.
    /// @param epoch The epoch, closed for the project.
    function restore(uint32 project, uint32 epoch) external;

    /// @notice A closed epoch counts the outcomes that were reinstated since: the project gets what its grant would have been
    /// more. Does nothing where that is nothing, or the epoch is not closed for the project. Appeals only.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    function recount(uint32 project, uint32 epoch) external;

    /// @notice The Outcomes contract, which knows epochs and values.
    /// @return Its address.
    function outcomes() external view returns (address);

    /// @notice The Experiments contract.
    /// @return Its address, zero = none yet.
    function experiments() external view returns (address);

    /// @notice The terms that hold in an epoch.
    /// @param epoch The epoch.
    /// @return The terms.
    function termsAt(uint32 epoch) external view returns (ReplenishmentTerms memory);

    /// @notice Where a project stands.
    /// @param project The project's account id.
    /// @return Its enrolment.
    function enrolmentOf(uint32 project) external view returns (Enrolment memory);

    /// @notice What an organisation's registrar may pay in first grants.
    /// @param organisation The organisation's account id.
    /// @return amountUcr In all, in micro-credits.
    /// @return usedUcr What was paid, in micro-credits.
    function enrolmentAllowanceOf(uint32 organisation)
        external
        view
        returns (uint256 amountUcr, uint256 usedUcr);

    /// @notice What an epoch was for a project.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @return The closing; all zero before its cut.
    function closedOf(uint32 project, uint32 epoch) external view returns (Closing memory);

    /// @notice Whether an epoch is closed for a project.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @return True once it was closed, and for epochs before the project's first.
    function isClosedFor(uint32 project, uint32 epoch) external view returns (bool);

    /// @notice Why an epoch cannot be closed for a project now.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @return WhyOpen.Nothing where it can.
    function whyOpen(uint32 project, uint32 epoch) external view returns (WhyOpen);

    /// @notice When an epoch's windows end for a project by time, as far as halts are known now.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @return Unix seconds.
    function closesAtS(uint32 project, uint32 epoch) external view returns (uint64);

    /// @notice What was minted by epoch rules.
    /// @return generalUcr General credits to projects, in micro-credits.
    /// @return explorationUcr Exploration credits to the pool, in micro-credits.
    function mintedByEpochs() external view returns (uint256 generalUcr, uint256 explorationUcr);
}
