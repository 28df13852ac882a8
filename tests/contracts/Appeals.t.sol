// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Appeals} from "../../contracts/Appeals.sol";
import {Appeal, AppealState, IAppeals, Subject} from "../../contracts/interfaces/IAppeals.sol";
import {ICursors} from "../../contracts/interfaces/ICursors.sol";
import {IEpochs} from "../../contracts/interfaces/IEpochs.sol";
import {IOutcomes, OutcomeStatus} from "../../contracts/interfaces/IOutcomes.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {EpochsMock} from "./support/EpochsMock.sol";
import {GovernanceFixture} from "./support/GovernanceFixture.sol";
import {OutcomesMock} from "./support/OutcomesMock.sol";

/// @title What can be put right, and who decides
/// @dev acme appeals: its two seats have no say, of the other three one is a quarter.
contract AppealsTest is GovernanceFixture {
    uint8 private constant CUT = 1;
    uint8 private constant FREEZE = 2;
    uint8 private constant OUTCOME = 3;
    uint32 private constant EPOCH = 5;
    uint16 private constant TASKS = 2;
    uint64 private constant WINDOW_S = 7 days;
    uint64 private constant VOTING_S = 3 days;
    uint256 private constant BLOCKS = 50;
    bytes32 private constant REASONS = keccak256("salt, and what we say");
    address private constant NEWCOMER = address(0x2E3);

    Appeals private _appeals;
    EpochsMock private _epochs;
    OutcomesMock private _outcomes;
    uint32 private _project;

    function setUp() external {
        deployGovernance();
        _epochs = new EpochsMock(address(manager));
        _outcomes = new OutcomesMock(address(manager));
        _appeals = _deploy(WINDOW_S, VOTING_S);
        manager.grantRole(Roles.APPEALS, address(_appeals), 0);
        manager.grantRole(Roles.WARDEN, address(_appeals), 0);
        allow(address(_epochs), _epochs.restore.selector, Roles.APPEALS);
        allow(address(_epochs), _epochs.recount.selector, Roles.APPEALS);
        allow(address(_outcomes), _outcomes.reinstate.selector, Roles.APPEALS);
        handOver();
        VM.startPrank(CONTROLLER);
        _project = registry.createAccount(acme, "project", CONTROLLER);
        VM.stopPrank();
        _epochs.close(_project, EPOCH, 1000, 800);
    }

    function test_constructor_revertsWhen_aWindowIsOutOfBounds() external {
        string[2] memory names = ["windowS", "votingS"];
        uint64[2][5] memory wrong = [
            [uint64(0), VOTING_S],
            [uint64(92 days + 1), VOTING_S],
            [WINDOW_S, 0],
            [WINDOW_S, uint64(1 hours - 1)],
            [WINDOW_S, uint64(30 days + 1)]
        ];
        for (uint256 i = 0; i < wrong.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(IAppeals.ParameterInvalid.selector, names[i < 2 ? 0 : 1])
            );
            _construct(wrong[i][0], wrong[i][1]);
        }
    }

    // Filing: error cases in the order of the checks

    /// @dev One spelling per subject, or the same could be appealed twice.
    function test_file_revertsWhen_theSubjectIsMisspelt() external {
        Subject[5] memory wrong = [
            Subject(0, _project, EPOCH, 0),
            Subject(4, _project, EPOCH, 0),
            Subject(CUT, _project, EPOCH, TASKS),
            Subject(FREEZE, meter, EPOCH, 0),
            Subject(FREEZE, meter, 0, TASKS)
        ];
        for (uint256 i = 0; i < wrong.length; ++i) {
            VM.expectRevert(abi.encodeWithSelector(IAppeals.SubjectInvalid.selector, wrong[i].kind));
            _file(wrong[i]);
        }
    }

    function test_file_revertsWhen_callerControlsNothing() external {
        _freeze();
        Subject[2] memory subjects = [_cut(), Subject(FREEZE, meter, 0, 0)];
        uint32[2] memory accounts = [_project, acme];
        for (uint256 i = 0; i < 2; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(IAppeals.NotAuthorised.selector, holderOf(0), accounts[i])
            );
            VM.prank(holderOf(0));
            _appeals.file(subjects[i], REASONS);
        }
    }

    function test_file_revertsWhen_thereIsNothingToAppeal() external {
        _epochs.close(_project, EPOCH + 1, 1000, 1000);
        Subject[4] memory nothing = [
            Subject(CUT, _project, EPOCH + 1, 0),
            Subject(CUT, _project, EPOCH + 2, 0),
            Subject(FREEZE, meter, 0, 0),
            Subject(OUTCOME, _project, EPOCH, TASKS)
        ];
        for (uint256 i = 0; i < nothing.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(
                    IAppeals.NothingToAppeal.selector, nothing[i].kind, nothing[i].id
                )
            );
            _file(nothing[i]);
        }
    }

    function test_file_revertsWhen_theWindowIsOver() external {
        uint256 closesAtS = block.timestamp + WINDOW_S;
        VM.warp(closesAtS);
        VM.expectRevert(abi.encodeWithSelector(IAppeals.AppealTooLate.selector, closesAtS));
        _file(_cut());
        VM.warp(closesAtS - 1);
        assertEq(_file(_cut()), 1);
    }

    /// @dev A chain that stood still for a day leaves a day more.
    function test_file_isOpenLonger_afterAHalt() external {
        ICursors(cursors).observe();
        VM.warp(block.timestamp + 1 days + LONGEST_BLOCK_S);
        VM.roll(block.number + 1);
        ICursors(cursors).observe();
        VM.warp(block.timestamp + WINDOW_S - LONGEST_BLOCK_S - 1);
        assertEq(_file(_cut()), 1);
    }

    function test_file_revertsWhen_itWasAppealed() external {
        _file(_cut());
        VM.expectRevert(abi.encodeWithSelector(IAppeals.AppealedAlready.selector, 1));
        _file(_cut());
    }

    function test_file_revertsWhen_theCommitmentIsMissing() external {
        VM.expectRevert(abi.encodeWithSelector(IAppeals.CommitmentMissing.selector));
        VM.prank(CONTROLLER);
        _appeals.file(_cut(), bytes32(0));
    }

    function test_file_announcesTheAppeal() external {
        VM.expectEmit(address(_appeals));
        emit IAppeals.AppealFiled(
            1, _project, _cut(), CONTROLLER, acme, 3, uint64(block.timestamp) + VOTING_S, REASONS
        );
        _file(_cut());
        Appeal memory appeal = _appeals.appealOf(1);
        assertEq(uint8(appeal.state), uint8(AppealState.Open));
        assertEq(appeal.commitment, REASONS);
        assertEq(appeal.eligibleSeats, 3);
        assertEq(_appeals.votingEndsAtS(1), block.timestamp + VOTING_S);
    }

    // Voting

    function test_vote_revertsWhen_theAppealIsUnknown() external {
        VM.expectRevert(abi.encodeWithSelector(IAppeals.AppealUnknown.selector, 1));
        _vote(1, 2, true);
        VM.expectRevert(abi.encodeWithSelector(IAppeals.AppealUnknown.selector, 1));
        _appeals.resolve(1);
        VM.expectRevert(abi.encodeWithSelector(IAppeals.AppealUnknown.selector, 1));
        _appeals.appealOf(1);
        VM.expectRevert(abi.encodeWithSelector(IAppeals.AppealUnknown.selector, 1));
        _appeals.votingEndsAtS(1);
    }

    function test_vote_revertsWhen_votingIsOver() external {
        uint64 appeal = _file(_cut());
        uint256 endS = block.timestamp + VOTING_S;
        _toEnd();
        VM.expectRevert(abi.encodeWithSelector(IAppeals.VotingOver.selector, endS));
        _vote(appeal, 2, true);
    }

    function test_vote_revertsWhen_theAppealIsDecided() external {
        uint64 appeal = _file(_cut());
        _toEnd();
        _appeals.resolve(appeal);
        VM.expectRevert(abi.encodeWithSelector(IAppeals.AppealDecided.selector, appeal));
        _vote(appeal, 2, true);
    }

    /// @dev T8: no seat is made for an appeal, not even in the second in which it is filed.
    function test_vote_revertsWhen_theSeatIsYounger() external {
        VM.prank(address(timelock));
        seats.grantSeat(NEWCOMER, globex);
        uint64 appeal = _file(_cut());
        assertEq(_appeals.appealOf(appeal).eligibleSeats, 3);
        VM.warp(block.timestamp + 60);
        address[3] memory seatless = [NEWCOMER, STRANGER, CONTROLLER];
        for (uint256 i = 0; i < seatless.length; ++i) {
            VM.expectRevert(abi.encodeWithSelector(IAppeals.NoSeatAtFiling.selector, seatless[i]));
            VM.prank(seatless[i]);
            _appeals.vote(appeal, true);
        }
    }

    /// @dev T22: nobody judges its own case, nor by taking its seat elsewhere while the case is open.
    function test_vote_revertsWhen_theSeatIsTheAppellants() external {
        uint64 appeal = _file(_cut());
        VM.startPrank(address(timelock));
        seats.revokeSeat(holderOf(0));
        seats.grantSeat(holderOf(0), globex);
        VM.stopPrank();
        VM.warp(block.timestamp + 60);
        for (uint256 i = 0; i < 2; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(IAppeals.ConflictOfInterest.selector, holderOf(i), acme)
            );
            _vote(appeal, i, true);
        }
    }

    function test_vote_revertsWhen_theSeatVoted() external {
        uint64 appeal = _file(_cut());
        _vote(appeal, 2, true);
        assertTrue(_appeals.hasVoted(appeal, holderOf(2)), "not voted");
        VM.expectRevert(abi.encodeWithSelector(IAppeals.VotedAlready.selector, holderOf(2)));
        _vote(appeal, 2, false);
        assertEq(_appeals.appealOf(appeal).forVotes, 1);
    }

    // Deciding

    function test_resolve_revertsWhen_votingIsNotOver() external {
        uint64 appeal = _file(_cut());
        uint256 endS = block.timestamp + VOTING_S;
        bytes memory reason = abi.encodeWithSelector(IAppeals.VotingNotOver.selector, endS);
        VM.roll(block.number + BLOCKS);
        VM.warp(endS - 1);
        VM.expectRevert(reason);
        _appeals.resolve(appeal);
        // Late enough, but in too few blocks: who stops the chain closes no window.
        VM.roll(block.number - 1);
        VM.warp(endS);
        VM.expectRevert(reason);
        _appeals.resolve(appeal);
        VM.roll(block.number + 1);
        _appeals.resolve(appeal);
    }

    function test_resolve_restoresTheGrant_atOnce() external {
        uint64 appeal = _file(_cut());
        _vote(appeal, 2, true);
        _vote(appeal, 3, false);
        _vote(appeal, 4, true);
        _toEnd();
        VM.expectEmit(address(_appeals));
        emit IAppeals.AppealResolved(appeal, true, 2, 1, 3);
        VM.prank(STRANGER);
        _appeals.resolve(appeal);
        assertEq(_epochs.closedOf(_project, EPOCH).grantUcr, 1000);
        assertEq(uint8(_appeals.appealOf(appeal).state), uint8(AppealState.Upheld));
        VM.expectRevert(abi.encodeWithSelector(IAppeals.AppealDecided.selector, appeal));
        _appeals.resolve(appeal);
    }

    function test_resolve_rejects_onATieAndWithoutVotes() external {
        uint64 appeal = _file(_cut());
        _vote(appeal, 2, true);
        _vote(appeal, 3, false);
        _outcomes.dispute(_project, EPOCH, TASKS);
        uint64 other = _file(Subject(OUTCOME, _project, EPOCH, TASKS));
        _toEnd();
        _appeals.resolve(appeal);
        _appeals.resolve(other);
        assertEq(uint8(_appeals.appealOf(appeal).state), uint8(AppealState.Rejected));
        assertEq(uint8(_appeals.appealOf(other).state), uint8(AppealState.Rejected));
        assertEq(_epochs.closedOf(_project, EPOCH).grantUcr, 800);
    }

    /// @dev Of eight eligible seats two are a quarter, of nine they are not.
    function test_resolve_needsAQuarter_ofTheEligibleSeats() external {
        VM.startPrank(address(timelock));
        for (uint256 i = SEATS; i < SEATS + 5; ++i) {
            seats.grantSeat(holderOf(i), initech);
        }
        VM.warp(block.timestamp + 1);
        VM.stopPrank();
        uint64 first = _file(_cut());
        VM.prank(address(timelock));
        seats.grantSeat(NEWCOMER, globex);
        VM.warp(block.timestamp + 1);
        _epochs.close(_project, EPOCH + 1, 1000, 800);
        uint64 second = _file(Subject(CUT, _project, EPOCH + 1, 0));
        for (uint256 i = 2; i < 4; ++i) {
            _vote(first, i, true);
            _vote(second, i, true);
        }
        _toEnd();
        _appeals.resolve(first);
        _appeals.resolve(second);
        assertEq(_appeals.appealOf(first).eligibleSeats, 8);
        assertEq(uint8(_appeals.appealOf(first).state), uint8(AppealState.Upheld));
        assertEq(_appeals.appealOf(second).eligibleSeats, 9);
        assertEq(uint8(_appeals.appealOf(second).state), uint8(AppealState.Rejected));
    }

    function test_resolve_thawsTheMeter_atOnce() external {
        _freeze();
        uint64 appeal = _file(Subject(FREEZE, meter, 0, 0));
        _vote(appeal, 4, true);
        _toEnd();
        _appeals.resolve(appeal);
        assertTrue(!registry.meterOf(meter).frozen, "still frozen");
    }

    /// @dev What was upheld was another freeze than the one that holds now.
    function test_resolve_leavesAMeterFrozen_thatWasFrozenAnew() external {
        _freeze();
        uint64 appeal = _file(Subject(FREEZE, meter, 0, 0));
        _vote(appeal, 4, true);
        VM.warp(block.timestamp + 60);
        _freeze();
        _toEnd();
        _appeals.resolve(appeal);
        assertTrue(registry.meterOf(meter).frozen, "thawed");
        assertEq(uint8(_appeals.appealOf(appeal).state), uint8(AppealState.Upheld));
        assertEq(_file(Subject(FREEZE, meter, 0, 0)), 2);
    }

    function test_resolve_reinstatesTheOutcome_atOnce() external {
        _outcomes.dispute(_project, EPOCH, TASKS);
        uint64 appeal = _file(Subject(OUTCOME, _project, EPOCH, TASKS));
        _vote(appeal, 2, true);
        _toEnd();
        _appeals.resolve(appeal);
        OutcomeStatus status = _outcomes.outcomeOf(_project, EPOCH, TASKS).status;
        assertEq(uint8(status), uint8(OutcomeStatus.Reinstated));
        assertEq(_epochs.recounts(), 1);
    }

    /// @dev A reinstated outcome may have undone the cut meanwhile: the appeal ends all the same.
    function test_resolve_changesNothing_whenItWasPutRight() external {
        uint64 appeal = _file(_cut());
        _vote(appeal, 2, true);
        _epochs.close(_project, EPOCH, 1000, 1000);
        _toEnd();
        _appeals.resolve(appeal);
        assertEq(uint8(_appeals.appealOf(appeal).state), uint8(AppealState.Upheld));
    }

    /// @dev Guardians close contracts, but not the way to a second opinion.
    function test_appeals_goOn_whenTheGuardianClosesThem() external {
        VM.prank(GUARDIAN);
        guardian.closeContract(address(_appeals));
        uint64 appeal = _file(_cut());
        _vote(appeal, 2, true);
        _toEnd();
        _appeals.resolve(appeal);
        assertEq(_epochs.closedOf(_project, EPOCH).grantUcr, 1000);
    }

    // Below

    function _cut() private view returns (Subject memory) {
        return Subject(CUT, _project, EPOCH, 0);
    }

    function _freeze() private {
        VM.prank(address(timelock));
        registry.setMeterFrozen(meter, true);
    }

    function _file(Subject memory subject) private returns (uint64) {
        VM.prank(CONTROLLER);
        return _appeals.file(subject, REASONS);
    }

    function _vote(uint64 appeal, uint256 seat, bool isUpheld) private {
        VM.prank(holderOf(seat));
        _appeals.vote(appeal, isUpheld);
    }

    function _toEnd() private {
        VM.warp(block.timestamp + VOTING_S);
        VM.roll(block.number + BLOCKS);
    }

    function _deploy(uint64 windowS, uint64 votingS) private returns (Appeals) {
        return Appeals(
            deploy(
                "Appeals",
                abi.encode(
                    address(manager), registry, seats, cursors, _epochs, _outcomes, windowS, votingS
                )
            )
        );
    }

    function _construct(uint64 windowS, uint64 votingS) private {
        new Appeals(
            address(manager),
            registry,
            seats,
            ICursors(cursors),
            IEpochs(address(_epochs)),
            IOutcomes(address(_outcomes)),
            windowS,
            votingS
        );
    }
}
