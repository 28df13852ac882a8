// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Appeal, AppealState, IAppeals, Subject} from "./interfaces/IAppeals.sol";
import {ICursors} from "./interfaces/ICursors.sol";
import {Closing, IEpochs} from "./interfaces/IEpochs.sol";
import {IOutcomes, Outcome, OutcomeStatus} from "./interfaces/IOutcomes.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {ISeats} from "./interfaces/ISeats.sol";
import {Window, Windows} from "./libraries/Windows.sol";

/// @title Appeals
/// @dev Nothing here is restricted: no one can close the way to a second opinion.
contract Appeals is IAppeals, AccessManaged {
    uint8 private constant CUT = 1;
    uint8 private constant FREEZE = 2;
    uint8 private constant OUTCOME = 3;
    uint256 private constant QUORUM_PPM = 250_000;
    uint256 private constant PPM = 1_000_000;
    uint64 private constant MAX_WINDOW_S = 92 days;
    uint64 private constant MIN_VOTING_S = 1 hours;
    uint64 private constant MAX_VOTING_S = 30 days;

    IRegistry private immutable REGISTRY;
    ISeats private immutable SEATS;
    ICursors private immutable CURSORS;
    IEpochs private immutable EPOCHS;
    IOutcomes private immutable OUTCOMES;

    /// @inheritdoc IAppeals
    uint64 public immutable override windowS;
    /// @inheritdoc IAppeals
    uint64 public immutable override votingS;

    /// @inheritdoc IAppeals
    uint64 public override appealCount;
    /// @inheritdoc IAppeals
    mapping(uint64 appeal => mapping(address holder => bool)) public override hasVoted;
    mapping(uint64 appeal => Appeal) private _appeals;
    mapping(uint64 appeal => Window) private _votings;
    /// @dev By the hash of the subject and the time of what is appealed.
    mapping(bytes32 key => uint64 appeal) private _appealOn;

    /// @param authority_ The network's AccessManager.
    /// @param registry Who controls what, and which meters are frozen.
    /// @param seats Who votes.
    /// @param cursors How long the chain halted.
    /// @param epochs Where grants are restored.
    /// @param outcomes Where outcomes are reinstated.
    /// @param windowS_ Seconds after the event in which an appeal can be filed, at most 92 days.
    /// @param votingS_ Seconds that seats vote, an hour to 30 days.
    constructor(
        address authority_,
        IRegistry registry,
        ISeats seats,
        ICursors cursors,
        IEpochs epochs,
        IOutcomes outcomes,
        uint64 windowS_,
        uint64 votingS_
    ) AccessManaged(authority_) {
        require(windowS_ != 0 && windowS_ <= MAX_WINDOW_S, ParameterInvalid("windowS"));
        require(votingS_ >= MIN_VOTING_S && votingS_ <= MAX_VOTING_S, ParameterInvalid("votingS"));
        REGISTRY = registry;
        SEATS = seats;
        CURSORS = cursors;
        EPOCHS = epochs;
        OUTCOMES = outcomes;
        windowS = windowS_;
        votingS = votingS_;
    }

    /// @inheritdoc IAppeals
    function file(Subject calldata subject, bytes32 commitment)
        external
        override
        returns (uint64 appeal)
    {
        _checkSubject(subject);
        uint32 account = _accountOf(subject);
        require(REGISTRY.isController(msg.sender, account), NotAuthorised(msg.sender, account));
        uint64 eventAtS = _eventAtS(subject);
        require(eventAtS != 0, NothingToAppeal(subject.kind, subject.id));
        // All halts ever seen: rather too long a window than one that a halt has shortened.
        uint256 closedAtS = uint256(eventAtS) + windowS + CURSORS.haltedS();
        require(block.timestamp < closedAtS, AppealTooLate(closedAtS));
        bytes32 key = keccak256(abi.encode(subject, eventAtS));
        require(_appealOn[key] == 0, AppealedAlready(_appealOn[key]));
        require(commitment != bytes32(0), CommitmentMissing());

        appeal = ++appealCount;
        _appealOn[key] = appeal;
        _open(appeal, subject, eventAtS, REGISTRY.organisationOf(account), commitment);
    }

    /// @inheritdoc IAppeals
    function vote(uint64 appeal, bool isUpheld) external override {
        Appeal storage entry = _known(appeal);
        require(entry.state == AppealState.Open, AppealDecided(appeal));
        Window memory voting = _votings[appeal];
        require(!voting.isClosed(CURSORS), VotingOver(voting.closesAtS(CURSORS)));
        uint32 organisation = SEATS.pastOrganisationOf(msg.sender, entry.filedAtS - 1);
        require(organisation != 0, NoSeatAtFiling(msg.sender));
        require(organisation != entry.organisation, ConflictOfInterest(msg.sender, organisation));
        require(!hasVoted[appeal][msg.sender], VotedAlready(msg.sender));

        hasVoted[appeal][msg.sender] = true;
        if (isUpheld) ++entry.forVotes;
        else ++entry.againstVotes;
        emit AppealVoted(appeal, msg.sender, isUpheld);
    }

    /// @inheritdoc IAppeals
    function resolve(uint64 appeal) external override {
        Appeal storage entry = _known(appeal);
        require(entry.state == AppealState.Open, AppealDecided(appeal));
        Window memory voting = _votings[appeal];
        require(voting.isClosed(CURSORS), VotingNotOver(voting.closesAtS(CURSORS)));

        uint256 votes = uint256(entry.forVotes) + entry.againstVotes;
        bool isUpheld =
            entry.forVotes > entry.againstVotes && votes * PPM >= QUORUM_PPM * entry.eligibleSeats;
        entry.state = isUpheld ? AppealState.Upheld : AppealState.Rejected;
        emit AppealResolved(
            appeal, isUpheld, entry.forVotes, entry.againstVotes, entry.eligibleSeats
        );
        if (isUpheld) _putRight(entry);
    }

    /// @inheritdoc IAppeals
    function appealOf(uint64 appeal) external view override returns (Appeal memory) {
        return _known(appeal);
    }

    /// @inheritdoc IAppeals
    function votingEndsAtS(uint64 appeal) external view override returns (uint256) {
        require(_appeals[appeal].state != AppealState.Unknown, AppealUnknown(appeal));
        return _votings[appeal].closesAtS(CURSORS);
    }

    function _open(
        uint64 appeal,
        Subject calldata subject,
        uint64 eventAtS,
        uint32 organisation,
        bytes32 commitment
    ) private {
        uint64 nowS = uint64(block.timestamp);
        uint16 eligible = _eligibleSeats(organisation, nowS - 1);
        Window memory voting = Windows.open(CURSORS, votingS);
        _votings[appeal] = voting;
        _appeals[appeal] = Appeal({
            subject: subject,
            state: AppealState.Open,
            appellant: msg.sender,
            organisation: organisation,
            eventAtS: eventAtS,
            filedAtS: nowS,
            eligibleSeats: eligible,
            forVotes: 0,
            againstVotes: 0,
            commitment: commitment
        });
        emit AppealFiled(
            appeal,
            subject.id,
            subject,
            msg.sender,
            organisation,
            eligible,
            voting.closesAtS(CURSORS),
            commitment
        );
    }

    /// @dev The state is written already, so that nothing is put right twice. What was put right otherwise stays as it is,
    /// and what happened anew since is another event, with its own appeal.
    function _putRight(Appeal storage entry) private {
        Subject memory subject = entry.subject;
        if (_eventAtS(subject) != entry.eventAtS) return;
        if (subject.kind == FREEZE) {
            REGISTRY.setMeterFrozen(subject.id, false);
        } else if (subject.kind == CUT) {
            EPOCHS.restore(subject.id, subject.epoch);
        } else {
            OUTCOMES.reinstate(subject.id, subject.epoch, subject.outcomeKind);
            EPOCHS.recount(subject.id, subject.epoch);
        }
    }

    /// @dev When what is appealed happened; 0 = it did not, or was put right.
    function _eventAtS(Subject memory subject) private view returns (uint64) {
        if (subject.kind == FREEZE) return REGISTRY.frozenAtS(subject.id);
        if (subject.kind == CUT) {
            Closing memory closing = EPOCHS.closedOf(subject.id, subject.epoch);
            bool isCut = closing.isClosed && closing.grantUcr < closing.baseUcr;
            return isCut ? closing.closedAtS : 0;
        }
        Outcome memory outcome = OUTCOMES.outcomeOf(subject.id, subject.epoch, subject.outcomeKind);
        return outcome.status == OutcomeStatus.Disputed ? outcome.disputedAtS : 0;
    }

    /// @dev The account whose controllers may appeal.
    function _accountOf(Subject calldata subject) private view returns (uint32) {
        return subject.kind == FREEZE ? REGISTRY.meterOf(subject.id).account : subject.id;
    }

    /// @dev Seats are at most 128.
    function _eligibleSeats(uint32 organisation, uint64 timeS) private view returns (uint16) {
        uint256 eligible = SEATS.getPastTotalSupply(timeS) - SEATS.pastSeatsOf(organisation, timeS);
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint16(eligible);
    }

    function _known(uint64 appeal) private view returns (Appeal storage entry) {
        entry = _appeals[appeal];
        require(entry.state != AppealState.Unknown, AppealUnknown(appeal));
    }

    /// @dev Reverts unless a subject is spelled in the one way its kind has, so that none is appealed twice.
    function _checkSubject(Subject calldata subject) private pure {
        bool hasEpoch = subject.kind == CUT || subject.kind == OUTCOME;
        bool isValid = (hasEpoch || (subject.kind == FREEZE && subject.epoch == 0))
            && (subject.kind == OUTCOME || subject.outcomeKind == 0);
        require(isValid, SubjectInvalid(subject.kind));
    }
}
