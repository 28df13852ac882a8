// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A registered experiment of a project.
/// @param project The project's account id.
/// @param firstEpoch The first epoch it protects.
/// @param lastEpoch The last epoch it protects.
/// @param isOpen Whether it may spend exploration credits.
/// @param fundedUcr What the pool gave it, in micro-credits.
/// @param returnedUcr What went back to the pool, in micro-credits.
/// @param hypothesisCommitment A salted hash of what it tries.
/// @param resultCommitment A salted hash of what it found, zero before its end.
// Read by people more often than written: the order is the reader's.
// solhint-disable-next-line gas-struct-packing
struct Experiment {
    uint32 project;
    uint32 firstEpoch;
    uint32 lastEpoch;
    bool isOpen;
    uint128 fundedUcr;
    uint128 returnedUcr;
    bytes32 hypothesisCommitment;
    bytes32 resultCommitment;
}

/// @title Experiments: what the exploration pool pays for
/// @notice A project with an open experiment spends exploration credits first and is kept from velocity cuts for the
/// epochs the experiment protects: the running one and at most three more. What it does not spend goes back to the pool.
interface IExperiments {
    /// @notice A project has an open experiment.
    /// @param experiment The experiment's id.
    /// @param project The project's account id.
    /// @param firstEpoch The first epoch it protects.
    /// @param lastEpoch The last epoch it protects.
    /// @param hypothesisCommitment A salted hash of what it tries.
    event ExperimentOpened(
        uint32 indexed experiment,
        uint32 indexed project,
        uint32 firstEpoch,
        uint32 lastEpoch,
        bytes32 hypothesisCommitment
    );
    /// @notice The exploration pool paid for an experiment.
    /// @param experiment The experiment's id.
    /// @param project The project's account id.
    /// @param amountUcr Micro-credits.
    event ExperimentFunded(uint32 indexed experiment, uint32 indexed project, uint256 amountUcr);
    /// @notice An experiment is over.
    /// @param experiment The experiment's id.
    /// @param project The project's account id.
    /// @param lastEpoch The last epoch it protected.
    /// @param returnedUcr What went back to the pool, in micro-credits.
    /// @param resultCommitment A salted hash of what it found, zero = nothing was said.
    event ExperimentEnded(
        uint32 indexed experiment,
        uint32 indexed project,
        uint32 lastEpoch,
        uint256 returnedUcr,
        bytes32 resultCommitment
    );
    /// @notice What leases had set aside when an experiment ended went back to the pool later.
    /// @param experiment The experiment's id.
    /// @param project The project's account id.
    /// @param returnedUcr What went back now, in micro-credits.
    event ExperimentSwept(uint32 indexed experiment, uint32 indexed project, uint256 returnedUcr);

    /// @notice The caller may not do this for the account.
    /// @param caller Who called.
    /// @param account The account id.
    error NotAuthorised(address caller, uint32 account);
    /// @notice The account is an organisation; projects experiment.
    /// @param account The account id.
    error NotAProject(uint32 account);
    /// @notice Too few or too many protected epochs.
    /// @param protectedEpochs How many were asked for.
    /// @param limit The most there may be.
    error ProtectionInvalid(uint8 protectedEpochs, uint8 limit);
    /// @notice The project has an open experiment.
    /// @param project The project's account id.
    /// @param experiment The experiment's id.
    error ExperimentOpen(uint32 project, uint32 experiment);
    /// @notice The project has to wait as many epochs as its last experiment protected.
    /// @param project The project's account id.
    /// @param earliestEpoch The first epoch that may open one.
    error TooSoonAfterExperiment(uint32 project, uint32 earliestEpoch);
    /// @notice No experiment has this id.
    /// @param experiment The id.
    error ExperimentUnknown(uint32 experiment);
    /// @notice The experiment is over.
    /// @param experiment The experiment's id.
    error ExperimentOver(uint32 experiment);
    /// @notice The amount is zero or too large.
    /// @param amountUcr The amount in micro-credits.
    error AmountInvalid(uint256 amountUcr);

    /// @notice A project has an open experiment, which protects the running epoch and some more. By the organisation's
    /// registrar; one at a time, and not before as many epochs have passed as the last one protected.
    /// @param project The project's account id.
    /// @param protectedEpochs How many epochs it protects, 1 to 4.
    /// @param hypothesisCommitment A salted hash of what it tries.
    /// @return experiment The experiment's id, counted from 1.
    function open(uint32 project, uint8 protectedEpochs, bytes32 hypothesisCommitment)
        external
        returns (uint32 experiment);

    /// @notice The exploration pool pays for an experiment. Governance only.
    /// @param experiment The experiment's id.
    /// @param amountUcr Micro-credits.
    function fund(uint32 experiment, uint256 amountUcr) external;

    /// @notice An experiment is over: what its project has left of exploration credits, and leases do not reserve, goes back
    /// to the pool. By the
    /// organisation's registrar, or by anybody after the last epoch it protects.
    /// @param experiment The experiment's id.
    /// @param resultCommitment A salted hash of what it found, zero where nobody says.
    function end(uint32 experiment, bytes32 resultCommitment) external;

    /// @notice What leases had reserved when an experiment ended goes back to the pool, as far as they have not used it. Anyone;
    /// for a project's last experiment, once it is over.
    /// @param experiment The experiment's id.
    function sweep(uint32 experiment) external;

    /// @notice How many experiments there were.
    /// @return The last one's id.
    function experimentCount() external view returns (uint32);

    /// @notice An experiment. Reverts where there is none.
    /// @param experiment The experiment's id.
    /// @return The experiment.
    function experimentOf(uint32 experiment) external view returns (Experiment memory);

    /// @notice A project's last experiment.
    /// @param project The project's account id.
    /// @return Its id, 0 = none yet.
    function lastExperimentOf(uint32 project) external view returns (uint32);

    /// @notice Whether an experiment keeps a project from a velocity cut.
    /// @param project The project's account id.
    /// @param epoch The epoch.
    /// @return True for an epoch an experiment protects or protected.
    function isProtected(uint32 project, uint32 epoch) external view returns (bool);
}
