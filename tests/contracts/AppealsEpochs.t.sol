// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Appeals} from "../../contracts/Appeals.sol";
import {Seats} from "../../contracts/Seats.sol";
import {IAppeals, Subject} from "../../contracts/interfaces/IAppeals.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {ReplenishmentFixture} from "./support/ReplenishmentFixture.sol";

/// @title A cut and a disputed outcome put right by seats, on the epochs as they are deployed
/// @dev The example of docs/governance.md in numbers.
contract AppealsEpochsTest is ReplenishmentFixture {
    uint8 private constant CUT = 1;
    uint8 private constant OUTCOME = 3;
    uint64 private constant WINDOW_S = 7 days;
    uint64 private constant VOTING_S = 3 days;
    uint32 private constant EPOCH = 0;
    bytes32 private constant REASONS = keccak256("salt, and what we say");

    Appeals private _appeals;

    function setUp() external {
        deployReplenishment();
        Seats seats = Seats(deploy("Seats", abi.encode(address(manager))));
        _appeals = Appeals(
            deploy(
                "Appeals",
                abi.encode(
                    address(manager), registry, seats, cursors, epochs, outcomes, WINDOW_S, VOTING_S
                )
            )
        );
        manager.grantRole(Roles.APPEALS, address(_appeals), 0);
        for (uint256 i = 0; i < 5; ++i) {
            seats.grantSeat(_holderOf(i), i < 2 ? acme : globex);
        }
        enrol(project, 1000 * CREDIT);
    }

    function test_upheldAppeal_restoresTheCut() external {
        live(project, 800 * CREDIT, 16 * DOLLAR);
        assertEq(grantOf(project, EPOCH), 850 * CREDIT);
        assertEq(balance(project, GENERAL), 1050 * CREDIT);
        uint256 poolUcr = balance(POOL, EXPLORATION);
        _appeal(Subject(CUT, project, EPOCH, 0));
        assertEq(grantOf(project, EPOCH), 1000 * CREDIT);
        assertEq(balance(project, GENERAL), 1200 * CREDIT);
        assertEq(balance(POOL, EXPLORATION) - poolUcr, 16_666_667);
        assertEq(epochs.enrolmentOf(project).previousGrantUcr, 1000 * CREDIT);
        assertEq(epochs.enrolmentOf(project).isInReview, false);
    }

    /// @dev The window opens with the close, not with the epoch's end weeks before.
    function test_file_revertsWhen_theCutIsAWeekOld() external {
        live(project, 800 * CREDIT, 16 * DOLLAR);
        uint256 closesAtS = epochs.closedOf(project, EPOCH).closedAtS + WINDOW_S;
        forward(closesAtS - block.timestamp, WINDOW_S / LONGEST_BLOCK_S);
        VM.expectRevert(abi.encodeWithSelector(IAppeals.AppealTooLate.selector, closesAtS));
        VM.prank(CONTROLLER);
        _appeals.file(Subject(CUT, project, EPOCH, 0), REASONS);
    }

    function test_upheldAppeal_reinstatesTheOutcome_ofAClosedEpoch() external {
        _dispute();
        passWindows();
        close(EPOCH, project);
        assertEq(grantOf(project, EPOCH), 750 * CREDIT);
        _appeal(Subject(OUTCOME, project, EPOCH, REVENUE));
        assertEq(grantOf(project, EPOCH), 850 * CREDIT);
    }

    function test_upheldAppeal_reinstatesTheOutcome_beforeTheClose() external {
        _dispute();
        _appeal(Subject(OUTCOME, project, EPOCH, REVENUE));
        assertEq(grantOf(project, EPOCH), 0);
        passWindows();
        close(EPOCH, project);
        assertEq(grantOf(project, EPOCH), 850 * CREDIT);
    }

    /// @dev The cut that a reinstated outcome has undone is no cut any more: its appeal ends without effect.
    function test_upheldAppeal_changesNothing_whenAnotherUndidTheCut() external {
        spend(project, 800 * CREDIT);
        nextEpoch();
        cut(EPOCH, project);
        earn(project, EPOCH, 100 * DOLLAR);
        VM.prank(GUARDIAN);
        outcomes.dispute(project, EPOCH, REVENUE, "reasons");
        passWindows();
        close(EPOCH, project);
        uint64 cutAppeal = _file(Subject(CUT, project, EPOCH, 0));
        uint64 outcomeAppeal = _file(Subject(OUTCOME, project, EPOCH, REVENUE));
        _uphold(outcomeAppeal);
        _uphold(cutAppeal);
        forward(VOTING_S, VOTING_S / LONGEST_BLOCK_S);
        _appeals.resolve(outcomeAppeal);
        uint256 grantUcr = grantOf(project, EPOCH);
        assertEq(grantUcr, 1187_500_000);
        _appeals.resolve(cutAppeal);
        assertEq(grantOf(project, EPOCH), grantUcr);
    }

    function _dispute() private {
        spend(project, 800 * CREDIT);
        nextEpoch();
        cut(EPOCH, project);
        earn(project, EPOCH, 16 * DOLLAR);
        VM.prank(GUARDIAN);
        outcomes.dispute(project, EPOCH, REVENUE, "reasons");
    }

    /// @dev Filed, upheld by two of three eligible seats, resolved.
    function _appeal(Subject memory subject) private {
        uint64 appeal = _file(subject);
        _uphold(appeal);
        forward(VOTING_S, VOTING_S / LONGEST_BLOCK_S);
        _appeals.resolve(appeal);
    }

    function _file(Subject memory subject) private returns (uint64) {
        VM.prank(CONTROLLER);
        return _appeals.file(subject, REASONS);
    }

    function _uphold(uint64 appeal) private {
        for (uint256 i = 2; i < 5; ++i) {
            VM.prank(_holderOf(i));
            _appeals.vote(appeal, i != 3);
        }
    }

    function _holderOf(uint256 i) private pure returns (address) {
        return VM.addr(0x5EA7 + i);
    }
}
