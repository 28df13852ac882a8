// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {ISeats} from "../../contracts/interfaces/ISeats.sol";
import {GovernanceFixture} from "./support/GovernanceFixture.sol";

/// @title Who votes
contract SeatsTest is GovernanceFixture {
    address private constant NEWCOMER = address(0x2E3);

    function setUp() external {
        deployGovernance();
    }

    // Error cases in the order of the checks

    function test_grantSeat_revertsWhen_callerIsNotGovernance() external {
        handOver();
        address[4] memory callers = [address(this), holderOf(0), GUARDIAN, REGISTRAR];
        for (uint256 i = 0; i < callers.length; ++i) {
            expectUnauthorised(callers[i]);
            VM.prank(callers[i]);
            seats.grantSeat(NEWCOMER, acme);
            expectUnauthorised(callers[i]);
            VM.prank(callers[i]);
            seats.revokeSeat(holderOf(1));
        }
    }

    function test_grantSeat_revertsWhen_holderOrOrganisationIsZero() external {
        VM.expectRevert(abi.encodeWithSelector(ISeats.SeatInvalid.selector, address(0), acme));
        seats.grantSeat(address(0), acme);
        VM.expectRevert(abi.encodeWithSelector(ISeats.SeatInvalid.selector, NEWCOMER, 0));
        seats.grantSeat(NEWCOMER, 0);
    }

    function test_grantSeat_revertsWhen_allSeatsAreTaken() external {
        for (uint256 i = SEATS; i < 128; ++i) {
            seats.grantSeat(holderOf(i), globex);
        }
        VM.expectRevert(abi.encodeWithSelector(ISeats.TooManySeats.selector, 128));
        seats.grantSeat(NEWCOMER, acme);
        seats.revokeSeat(holderOf(7));
        seats.grantSeat(NEWCOMER, acme);
        assertEq(seats.seatCount(), 128);
    }

    /// @dev Two seats in one hand would be two votes with one key.
    function test_grantSeat_revertsWhen_holderHasOne() external {
        VM.expectRevert(abi.encodeWithSelector(ISeats.SeatHeld.selector, holderOf(2), globex));
        seats.grantSeat(holderOf(2), acme);
    }

    function test_revokeSeat_revertsWhen_thereIsNone() external {
        VM.expectRevert(abi.encodeWithSelector(ISeats.SeatNotHeld.selector, NEWCOMER));
        seats.revokeSeat(NEWCOMER);
    }

    /// @dev T8: votes that can be lent can be collected.
    function test_delegate_reverts_alsoToOneself() external {
        VM.expectRevert(abi.encodeWithSelector(ISeats.SeatNotDelegable.selector));
        VM.prank(holderOf(0));
        seats.delegate(holderOf(1));
        VM.expectRevert(abi.encodeWithSelector(ISeats.SeatNotDelegable.selector));
        VM.prank(holderOf(0));
        seats.delegate(holderOf(0));
        VM.expectRevert(abi.encodeWithSelector(ISeats.SeatNotDelegable.selector));
        seats.delegateBySig(holderOf(1), 0, type(uint256).max, 27, bytes32(0), bytes32(0));
        assertEq(seats.getVotes(holderOf(1)), 1);
    }

    // What they change

    function test_grantSeat_givesOneVote() external {
        VM.expectEmit(address(seats));
        emit ISeats.SeatGranted(NEWCOMER, initech);
        seats.grantSeat(NEWCOMER, initech);
        assertEq(seats.getVotes(NEWCOMER), 1);
        assertEq(seats.delegates(NEWCOMER), NEWCOMER);
        assertEq(seats.organisationOf(NEWCOMER), initech);
        assertEq(seats.seatCount(), 6);
        assertEq(seats.holders().length, 6);
        assertEq(seats.holders()[5], NEWCOMER);
    }

    function test_revokeSeat_takesTheVote() external {
        VM.expectEmit(address(seats));
        emit ISeats.SeatRevoked(holderOf(4), initech);
        seats.revokeSeat(holderOf(4));
        assertEq(seats.getVotes(holderOf(4)), 0);
        assertEq(seats.delegates(holderOf(4)), address(0));
        assertEq(seats.organisationOf(holderOf(4)), 0);
        assertEq(seats.seatCount(), 4);
    }

    function test_grantSeat_votesAgain_forAnotherOrganisation() external {
        seats.revokeSeat(holderOf(4));
        seats.grantSeat(holderOf(4), acme);
        assertEq(seats.getVotes(holderOf(4)), 1);
        assertEq(seats.organisationOf(holderOf(4)), acme);
    }

    // The past stays as it was

    function test_pastViews_tellWhatWas() external {
        uint256 beforeS = block.timestamp;
        VM.warp(beforeS + 10);
        seats.revokeSeat(holderOf(4));
        seats.grantSeat(NEWCOMER, acme);
        VM.warp(beforeS + 20);
        seats.grantSeat(holderOf(4), globex);
        VM.warp(beforeS + 30);
        uint256[3] memory timesS = [beforeS, beforeS + 10, beforeS + 20];
        uint32[3] memory spokeFor = [initech, 0, globex];
        uint32[3] memory newcomers = [0, acme, acme];
        uint256[3] memory totals = [uint256(5), 5, 6];
        uint256[3] memory ofAcme = [uint256(2), 3, 3];
        for (uint256 i = 0; i < 3; ++i) {
            assertEq(seats.pastOrganisationOf(holderOf(4), timesS[i]), spokeFor[i]);
            assertEq(seats.pastOrganisationOf(NEWCOMER, timesS[i]), newcomers[i]);
            assertEq(seats.getPastTotalSupply(timesS[i]), totals[i]);
            assertEq(seats.pastSeatsOf(acme, timesS[i]), ofAcme[i]);
        }
        assertEq(seats.getPastVotes(holderOf(4), beforeS + 10), 0);
        assertEq(seats.pastSeatsOf(initech, beforeS + 10), 0);
    }

    function test_pastViews_revertWhen_theTimeIsNotPast() external {
        bytes memory reason = abi.encodeWithSelector(
            Votes.ERC5805FutureLookup.selector, block.timestamp, block.timestamp
        );
        VM.expectRevert(reason);
        seats.pastOrganisationOf(holderOf(0), block.timestamp);
        VM.expectRevert(reason);
        seats.pastSeatsOf(acme, block.timestamp);
    }

    function test_fuzz_totals_equalTheSeatsHeld(uint8[40] calldata steps) external {
        for (uint256 i = 0; i < steps.length; ++i) {
            address holder = holderOf(steps[i] % 8);
            VM.warp(block.timestamp + 1 + steps[i] % 3);
            if (seats.organisationOf(holder) == 0) seats.grantSeat(holder, 1 + steps[i] % 3);
            else seats.revokeSeat(holder);
        }
        VM.warp(block.timestamp + 1);
        uint256 votes = 0;
        for (uint256 i = 0; i < 8; ++i) {
            votes += seats.getVotes(holderOf(i));
        }
        uint256 nowS = block.timestamp - 1;
        assertEq(votes, seats.seatCount());
        assertEq(seats.getPastTotalSupply(nowS), votes);
        assertEq(
            seats.pastSeatsOf(1, nowS) + seats.pastSeatsOf(2, nowS) + seats.pastSeatsOf(3, nowS),
            votes
        );
    }

    function test_clock_isTime() external view {
        assertEq(seats.clock(), block.timestamp);
        assertEq(keccak256(bytes(seats.CLOCK_MODE())), keccak256("mode=timestamp"));
    }
}
