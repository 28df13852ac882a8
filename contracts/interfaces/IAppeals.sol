// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What an appeal is about.
/// @param kind 1 = a cut at the close of an epoch, 2 = a meter's freeze, 3 = a disputed outcome.
/// @param id The project's account id; the meter's id for a freeze.
/// @param epoch The epoch; 0 for a freeze.
/// @param outcomeKind The outcome's kind; 0 for a cut or a freeze.
struct Subject {
    uint8 kind;
    uint32 id;
    uint32 epoch;
    uint16 outcomeKind;
}

/// @notice How an appeal stands.
enum AppealState {
    Unknown,
    Open,
    Upheld,
    Rejected
}

/// @notice An appeal.
/// @param subject What it is about.
/// @param state How it stands.
/// @param appellant Who filed it.
/// @param organisation The organisation it was filed for, whose seats do not vote.
/// @param eventAtS When what it is about happened, in Unix seconds.
/// @param filedAtS When it was filed, in Unix seconds; seats count as held the second before.
/// @param eligibleSeats How many seats may vote.
/// @param forVotes How many voted to uphold it.
/// @param againstVotes How many voted to reject it.
/// @param commitment Salted hash of what the appellant says.
struct Appeal {
    Subject subject;
    AppealState state;
    address appellant;
    uint32 organisation;
    uint64 eventAtS;
    uint64 filedAtS;
    uint16 eligibleSeats;
    uint16 forVotes;
    uint16 againstVotes;
    bytes32 commitment;
}

/// @title What can be put right, and who decides
/// @notice A cut, a freeze or a disputed outcome can be appealed once, within a window, by whoever controls the project or
/// the meter's account. Seats of all other organisations vote. An appeal is upheld with more votes for than against when at
/// least a quarter of the eligible seats voted, and what it is about is put right in the transaction that says so. What the
/// parties say stays off the chain, but for a salted commitment.
interface IAppeals {
    /// @notice There is an appeal to vote on.
    /// @param appeal Its number, counted from 1.
    /// @param id The project's account id, or the meter's id.
    /// @param subject What it is about.
    /// @param appellant Who filed it.
    /// @param organisation The organisation it was filed for.
    /// @param eligibleSeats How many seats may vote.
    /// @param closesAtS When voting ends unless the chain halts, in Unix seconds.
    /// @param commitment Salted hash of what the appellant says.
    event AppealFiled(
        uint64 indexed appeal,
        uint32 indexed id,
        Subject subject,
        address appellant,
        uint32 organisation,
        uint16 eligibleSeats,
        uint64 closesAtS,
        bytes32 commitment
    );
    /// @notice A seat voted.
    /// @param appeal The appeal's number.
    /// @param holder Who holds the seat.
    /// @param isUpheld Whether it voted to uphold the appeal.
    event AppealVoted(uint64 indexed appeal, address indexed holder, bool isUpheld);
    /// @notice An appeal is decided, and where upheld, put right.
    /// @param appeal The appeal's number.
    /// @param isUpheld Whether it was upheld.
    /// @param forVotes How many voted to uphold it.
    /// @param againstVotes How many voted to reject it.
    /// @param eligibleSeats How many seats might have voted.
    event AppealResolved(
        uint64 indexed appeal,
        bool isUpheld,
        uint16 forVotes,
        uint16 againstVotes,
        uint16 eligibleSeats
    );

    /// @notice A constructor argument lies outside its bounds.
    /// @param name The argument's name.
    error ParameterInvalid(string name);
    /// @notice No appeal is of this kind, or it carries an epoch or outcome kind that its kind does not have.
    /// @param kind The kind.
    error SubjectInvalid(uint8 kind);
    /// @notice The caller does not control the account concerned.
    /// @param caller The caller.
    /// @param account The account's id.
    error NotAuthorised(address caller, uint32 account);
    /// @notice What is appealed did not happen, or was put right already.
    /// @param kind The kind of the subject.
    /// @param id The project's account id, or the meter's id.
    error NothingToAppeal(uint8 kind, uint32 id);
    /// @notice It is too late to appeal.
    /// @param closedAtS When the window closed, in Unix seconds.
    error AppealTooLate(uint256 closedAtS);
    /// @notice This was appealed before.
    /// @param appeal The number of that appeal.
    error AppealedAlready(uint64 appeal);
    /// @notice An appeal needs the hash of its reasons.
    error CommitmentMissing();
    /// @notice No appeal has this number.
    /// @param appeal The number.
    error AppealUnknown(uint64 appeal);
    /// @notice The appeal is decided.
    /// @param appeal Its number.
    error AppealDecided(uint64 appeal);
    /// @notice Voting on the appeal is over.
    /// @param closedAtS When it ended, in Unix seconds.
    error VotingOver(uint256 closedAtS);
    /// @notice Voting on the appeal is not over.
    /// @param closesAtS When it ends at the earliest, in Unix seconds; never before 50 blocks have passed.
    error VotingNotOver(uint256 closesAtS);
    /// @notice The caller held no seat when the appeal was filed.
    /// @param holder The caller.
    error NoSeatAtFiling(address holder);
    /// @notice The caller's seat speaks for the appellant's organisation.
    /// @param holder The caller.
    /// @param organisation The organisation's account id.
    error ConflictOfInterest(address holder, uint32 organisation);
    /// @notice The seat voted already.
    /// @param holder Who holds it.
    error VotedAlready(address holder);

    /// @notice There is an appeal. By a controller of the project, or of the meter's account.
    /// @param subject What it is about.
    /// @param commitment Salted hash of what the appellant says.
    /// @return appeal Its number.
    function file(Subject calldata subject, bytes32 commitment) external returns (uint64 appeal);

    /// @notice A seat has voted. By whoever held it when the appeal was filed, unless it speaks for the appellant's organisation.
    /// @param appeal The appeal's number.
    /// @param isUpheld Whether it votes to uphold it.
    function vote(uint64 appeal, bool isUpheld) external;

    /// @notice An appeal is decided, and where upheld, put right. By anyone once voting is over.
    /// @param appeal The appeal's number.
    function resolve(uint64 appeal) external;

    /// @notice An appeal.
    /// @param appeal Its number.
    /// @return The appeal; reverts where there is none.
    function appealOf(uint64 appeal) external view returns (Appeal memory);

    /// @notice When voting on an appeal ends, given the halts seen so far.
    /// @param appeal Its number.
    /// @return Unix seconds.
    function votingEndsAtS(uint64 appeal) external view returns (uint256);

    /// @notice Whether someone voted on an appeal.
    /// @param appeal Its number.
    /// @param holder Who.
    /// @return True once the vote is cast.
    function hasVoted(uint64 appeal, address holder) external view returns (bool);

    /// @notice How many appeals were filed.
    /// @return The latest appeal's number, 0 = none yet.
    function appealCount() external view returns (uint64);

    /// @notice How long after the event an appeal can be filed; longer where the chain has halted.
    /// @return Seconds.
    function windowS() external view returns (uint64);

    /// @notice How long seats vote.
    /// @return Seconds.
    function votingS() external view returns (uint64);
}
