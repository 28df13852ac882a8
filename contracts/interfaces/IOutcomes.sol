// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Window} from "../libraries/Windows.sol";

/// @notice How time is divided into epochs.
/// @param genesisS When epoch 0 begins in Unix seconds, 0 = with the block that deploys the contract.
/// @param lengthS Seconds of an epoch: one hour to 92 days.
struct EpochTerms {
    uint64 genesisS;
    uint64 lengthS;
}

/// @notice What became of a reported outcome.
enum OutcomeStatus {
    None,
    Reported,
    Confirmed,
    Disputed,
    Reinstated
}

/// @notice The outcome of a project in an epoch, of one kind.
/// @param status What became of it.
/// @param amount In units of the kind.
/// @param reporter The source that reported it.
/// @param reportedAtS When, in Unix seconds.
/// @param evidenceHash What the report can be checked against.
/// @param confirmer Who confirmed it, zero = nobody.
/// @param disputedAtS When it was disputed in Unix seconds, 0 = never.
// Only ever returned, never stored: the order is the reader's.
// solhint-disable-next-line gas-struct-packing
struct Outcome {
    OutcomeStatus status;
    uint128 amount;
    address reporter;
    uint64 reportedAtS;
    bytes32 evidenceHash;
    address confirmer;
    uint64 disputedAtS;
}

/// @notice What one unit of a kind of outcome is worth in an epoch.
/// @param isKnown Whether the kind is in force in that epoch.
/// @param uusdPerUnit Micro-USD per unit.
/// @param attributionS Seconds after the epoch's end in which it may still be reported.
struct KindTerms {
    bool isKnown;
    uint64 uusdPerUnit;
    uint32 attributionS;
}

/// @title Outcomes: what projects achieved, said by sources and confirmed by others
/// @notice An outcome is reported once per project, epoch and kind, cannot be withdrawn, and counts when a party outside
/// the project's team has confirmed it. That party is drawn from a pool by a hash that nobody chose, anew in every epoch,
/// so that a silent one is replaced. Until the epoch closes for the project an outcome can be disputed: it then counts
/// nothing unless an appeal reinstates it. Epochs are multiples of a length since a beginning. Values are micro-USD (uUSD).
interface IOutcomes {
    /// @notice One unit of a kind is worth this from an epoch on.
    /// @param kind The kind's id.
    /// @param name Its name.
    /// @param uusdPerUnit Micro-USD per unit.
    /// @param attributionS Seconds after an epoch's end in which it may still be reported.
    /// @param fromEpoch The first epoch it holds for.
    event KindSet(
        uint16 indexed kind, string name, uint64 uusdPerUnit, uint32 attributionS, uint32 fromEpoch
    );
    /// @notice An address may report outcomes of a kind for an organisation's projects, or no longer.
    /// @param organisation The organisation's account id.
    /// @param kind The kind's id.
    /// @param source The address.
    /// @param isSource Whether it may.
    event SourceSet(
        uint32 indexed organisation, uint16 indexed kind, address indexed source, bool isSource
    );
    /// @notice An account speaks in the pool of confirmers through this address.
    /// @param account The account id.
    /// @param confirmer The address, zero = the account left the pool.
    event ConfirmerSet(uint32 indexed account, address confirmer);
    /// @notice The seed of an epoch's draws is fixed.
    /// @param epoch The epoch.
    /// @param seed The seed.
    /// @param haltedS Time halted until then, in seconds.
    event SeedCaptured(uint32 indexed epoch, bytes32 seed, uint64 haltedS);
    /// @notice An outcome was reported.
    /// @param project The project's account id.
    /// @param epoch The epoch it belongs to.
    /// @param kind The kind's id.
    /// @param amount In units of the kind.
    /// @param valueUusd What it is worth, in micro-USD.
    /// @param evidenceHash What the report can be checked against.
    /// @param source Who reported it.
    event OutcomeReported(
        uint32 indexed project,
        uint32 indexed epoch,
        uint16 indexed kind,
        uint128 amount,
        uint128 valueUusd,
        bytes32 evidenceHash,
        address source
    );
    /// @notice An outcome was confirmed by the party drawn for it.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @param kind The kind's id.
    /// @param account The account the confirmer speaks for.
    /// @param confirmer The confirmer.
    event OutcomeConfirmed(
        uint32 indexed project,
        uint32 indexed epoch,
        uint16 indexed kind,
        uint32 account,
        address confirmer
    );
    /// @notice An outcome was disputed and counts nothing.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @param kind The kind's id.
    /// @param by Who disputed it.
    /// @param commitment A salted hash of the reasons.
    event OutcomeDisputed(
        uint32 indexed project,
        uint32 indexed epoch,
        uint16 indexed kind,
        address by,
        bytes32 commitment
    );
    /// @notice A disputed outcome counts again.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @param kind The kind's id.
    event OutcomeReinstated(uint32 indexed project, uint32 indexed epoch, uint16 indexed kind);
    /// @notice This contract says whether an epoch is closed for a project.
    /// @param epochs The Epochs contract.
    event EpochsSet(address indexed epochs);

    /// @notice The caller may not do this for the account.
    /// @param caller Who called.
    /// @param account The account id.
    error NotAuthorised(address caller, uint32 account);
    /// @notice A constructor argument lies outside its bounds.
    /// @param name The argument's name.
    error ParameterInvalid(string name);
    /// @notice Kinds have ids from 1 to 16.
    /// @param kind The id given.
    error KindInvalid(uint16 kind);
    /// @notice The attribution window is too long.
    /// @param attributionS The seconds given.
    /// @param limitS The most there may be.
    error AttributionTooLong(uint32 attributionS, uint32 limitS);
    /// @notice A kind would change for an epoch that has begun, or before an earlier announced change.
    /// @param fromEpoch The epoch given.
    /// @param earliestEpoch The earliest that may change.
    error EpochTooEarly(uint32 fromEpoch, uint32 earliestEpoch);
    /// @notice No such kind is in force in the epoch.
    /// @param kind The kind's id.
    /// @param epoch The epoch.
    error KindUnknown(uint16 kind, uint32 epoch);
    /// @notice The account is no organisation.
    /// @param account The account id.
    error NotAnOrganisation(uint32 account);
    /// @notice The account is an organisation; outcomes are those of projects.
    /// @param account The account id.
    error NotAProject(uint32 account);
    /// @notice The pool is full.
    /// @param limit The most accounts it may hold.
    error PoolFull(uint256 limit);
    /// @notice The address speaks for another account already.
    /// @param confirmer The address.
    /// @param account The account it speaks for.
    error ConfirmerTaken(address confirmer, uint32 account);
    /// @notice The caller is no source of this kind for the project's organisation.
    /// @param caller Who called.
    /// @param organisation The organisation's account id.
    /// @param kind The kind's id.
    error NotASource(address caller, uint32 organisation, uint16 kind);
    /// @notice The epoch has not begun.
    /// @param epoch The epoch given.
    /// @param current The running one.
    error EpochNotBegun(uint32 epoch, uint32 current);
    /// @notice The epoch's attribution window is over for this kind.
    /// @param epoch The epoch.
    /// @param kind The kind's id.
    /// @param closedAtS When it closed by time, in Unix seconds.
    error AttributionClosed(uint32 epoch, uint16 kind, uint64 closedAtS);
    /// @notice The epoch is closed for the project.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    error EpochClosedAlready(uint32 project, uint32 epoch);
    /// @notice The outcome was reported before.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @param kind The kind's id.
    error AlreadyReported(uint32 project, uint32 epoch, uint16 kind);
    /// @notice The outcome is in another state than this needs.
    /// @param expected The state it should be in.
    /// @param actual The state it is in.
    error StatusInvalid(OutcomeStatus expected, OutcomeStatus actual);
    /// @notice Somebody else, or nobody, was drawn to confirm this.
    /// @param caller Who called.
    /// @param confirmer Who was drawn, zero = nobody in the pool may confirm it.
    error NotTheConfirmer(address caller, address confirmer);

    /// @notice One unit of a kind is worth this from an epoch on; epochs that have begun are never valued anew. Governance
    /// only.
    /// @param kind Its id, 1 to 16; by custom 1 revenue in US cents, 2 tasks, 3 satisfaction.
    /// @param name Its name, [a-z0-9][a-z0-9._-]{0,62}.
    /// @param uusdPerUnit Micro-USD per unit.
    /// @param attributionS Seconds after an epoch's end in which it may still be reported, at most 92 days.
    /// @param fromEpoch For a new kind any epoch; for a change the next epoch or a later one, 0 = the next.
    function setKind(
        uint16 kind,
        string calldata name,
        uint64 uusdPerUnit,
        uint32 attributionS,
        uint32 fromEpoch
    ) external;

    /// @notice An address may report outcomes of a kind for all projects of an organisation, or no longer. By the
    /// organisation's registrar.
    /// @param organisation The organisation's account id.
    /// @param kind The kind's id.
    /// @param source The address.
    /// @param isSource_ Whether it may.
    function setSource(uint32 organisation, uint16 kind, address source, bool isSource_) external;

    /// @notice An account speaks in the pool of confirmers through this address. Governance only.
    /// @param account The account id.
    /// @param confirmer The address, which speaks for no other account; zero = the account leaves the pool.
    function setConfirmer(uint32 account, address confirmer) external;

    /// @notice This contract says whether an epoch is closed for a project. Governance only.
    /// @param epochs_ The Epochs contract.
    function setEpochs(address epochs_) external;

    /// @notice The seed of the running epoch's draws is fixed, if it was not; windows of ended epochs are open. Anyone.
    /// @return epoch The running epoch.
    function captureSeed() external returns (uint32 epoch);

    /// @notice A project achieved this in an epoch. By a source of its organisation, once, inside the attribution window.
    /// @param project The project's account id.
    /// @param epoch The epoch, the running one at most.
    /// @param kind The kind's id.
    /// @param amount In units of the kind.
    /// @param evidenceHash What the report can be checked against.
    function report(uint32 project, uint32 epoch, uint16 kind, uint128 amount, bytes32 evidenceHash)
        external;

    /// @notice A reported outcome counts. By the confirmer drawn, until the epoch closes for the project.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @param kind The kind's id.
    function confirm(uint32 project, uint32 epoch, uint16 kind) external;

    /// @notice A reported or confirmed outcome counts nothing. By anybody in the pool, the organisation's registrar or the
    /// guardian, until the epoch closes for the project.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @param kind The kind's id.
    /// @param commitment A salted hash of the reasons.
    function dispute(uint32 project, uint32 epoch, uint16 kind, bytes32 commitment) external;

    /// @notice A disputed outcome counts after all, whether it was confirmed or not. Appeals only.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @param kind The kind's id.
    function reinstate(uint32 project, uint32 epoch, uint16 kind) external;

    /// @notice When epoch 0 began.
    /// @return Unix seconds.
    function genesisS() external view returns (uint64);

    /// @notice How long an epoch lasts.
    /// @return Seconds.
    function epochLengthS() external view returns (uint64);

    /// @notice The epoch a time belongs to.
    /// @param timeS Unix seconds; times before the beginning belong to epoch 0.
    /// @return The epoch.
    function epochAt(uint256 timeS) external view returns (uint32);

    /// @notice The running epoch.
    /// @return The epoch.
    function currentEpoch() external view returns (uint32);

    /// @notice When an epoch ends.
    /// @param epoch The epoch.
    /// @return Unix seconds: the first second that is no longer its own.
    function endOf(uint32 epoch) external view returns (uint64);

    /// @notice The window that begins with an epoch's end, without a length.
    /// @dev Opened by the first captureSeed after the end. Time halted counts from the last captureSeed before the end: a
    /// window rather lasts longer.
    /// @param epoch The epoch.
    /// @return window The window, with length 0.
    /// @return isOpen False before that first captureSeed: the window cannot have closed.
    function windowOf(uint32 epoch) external view returns (Window memory window, bool isOpen);

    /// @notice A kind as it holds in an epoch.
    /// @param kind The kind's id.
    /// @param epoch The epoch.
    /// @return Its terms.
    function kindAt(uint16 kind, uint32 epoch) external view returns (KindTerms memory);

    /// @notice A kind's name as it was announced last.
    /// @param kind The kind's id.
    /// @return The name, empty for an unknown kind.
    function nameOfKind(uint16 kind) external view returns (string memory);

    /// @notice Whether an address may report outcomes.
    /// @param organisation The organisation's account id.
    /// @param kind The kind's id.
    /// @param source The address.
    /// @return True for a source.
    function isSource(uint32 organisation, uint16 kind, address source) external view returns (bool);

    /// @notice The account an address speaks for in the pool.
    /// @param confirmer The address.
    /// @return The account id, 0 = it is not in the pool.
    function accountOfConfirmer(address confirmer) external view returns (uint32);

    /// @notice Everybody in the pool.
    /// @return accounts The accounts.
    /// @return confirmers Who speaks for each.
    function pool() external view returns (uint32[] memory accounts, address[] memory confirmers);

    /// @notice The seed of an epoch's draws.
    /// @param epoch The epoch.
    /// @return The seed, zero = not captured.
    function seedOf(uint32 epoch) external view returns (bytes32);

    /// @notice Who may confirm an outcome now.
    /// @dev Drawn by hash of (the running epoch's seed, project, epoch, kind), stepping past whoever belongs to the
    /// project's team or above it, controls the project, or reported the outcome. While the running epoch has no seed
    /// yet, the answer is what it would be if it were captured now.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @param kind The kind's id.
    /// @return The confirmer, zero = nobody in the pool may.
    function confirmerOf(uint32 project, uint32 epoch, uint16 kind) external view returns (address);

    /// @notice An outcome.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @param kind The kind's id.
    /// @return The outcome; status None where none was reported.
    function outcomeOf(uint32 project, uint32 epoch, uint16 kind)
        external
        view
        returns (Outcome memory);

    /// @notice What a project's outcomes in an epoch are worth: those confirmed or reinstated.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @return uusd Micro-USD.
    /// @return isPending Whether an outcome was reported and is neither confirmed nor disputed.
    function valueOf(uint32 project, uint32 epoch)
        external
        view
        returns (uint128 uusd, bool isPending);

    /// @notice How long after an epoch's end outcomes of a project may still come in.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @return Seconds: the longest attribution of the kinds its organisation has sources for, 0 without any.
    function attributionOf(uint32 project, uint32 epoch) external view returns (uint32);

    /// @notice Whether all outcomes of a project in an epoch have come in.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @return True from the end of the longest attribution window on.
    function isMature(uint32 project, uint32 epoch) external view returns (bool);
}
