// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";

/// @title Who votes
/// @notice One seat is one vote. A seat is granted and revoked by a vote, belongs to an organisation, and can neither be
/// transferred nor lent: its holder is its own delegate. Votes count as of past times (Unix seconds), so that a seat granted
/// after a proposal's or an appeal's snapshot has no say in it.
interface ISeats is IERC5805 {
    /// @notice Someone votes from this block on.
    /// @param holder The address that votes.
    /// @param organisation The organisation it speaks for.
    event SeatGranted(address indexed holder, uint32 indexed organisation);
    /// @notice Someone votes no longer.
    /// @param holder The address that voted.
    /// @param organisation The organisation it spoke for.
    event SeatRevoked(address indexed holder, uint32 indexed organisation);

    /// @notice A seat cannot be held by address zero or for no organisation.
    /// @param holder The address.
    /// @param organisation The organisation.
    error SeatInvalid(address holder, uint32 organisation);
    /// @notice The address has a seat already.
    /// @param holder The address.
    /// @param organisation The organisation it speaks for.
    error SeatHeld(address holder, uint32 organisation);
    /// @notice The address has no seat.
    /// @param holder The address.
    error SeatNotHeld(address holder);
    /// @notice All seats are taken.
    /// @param limit How many there are.
    error TooManySeats(uint256 limit);
    /// @notice A seat cannot be lent.
    error SeatNotDelegable();

    /// @notice Someone has a seat. Governance only.
    /// @param holder The address that votes from now on; at most 128 have a seat.
    /// @param organisation The organisation it speaks for, by account id.
    function grantSeat(address holder, uint32 organisation) external;

    /// @notice Someone has no seat any more; votes already cast stay. Governance only.
    /// @param holder The address that votes no longer.
    function revokeSeat(address holder) external;

    /// @notice How many seats are held.
    /// @return Their number.
    function seatCount() external view returns (uint256);

    /// @notice Everyone who has a seat.
    /// @return The addresses, in no particular order; at most 128.
    function holders() external view returns (address[] memory);

    /// @notice The organisation someone speaks for.
    /// @param holder The address.
    /// @return Its account id; 0 = no seat.
    function organisationOf(address holder) external view returns (uint32);

    /// @notice The organisation someone spoke for at a past time.
    /// @param holder The address.
    /// @param timeS Unix seconds, before this block's.
    /// @return Its account id; 0 = no seat.
    function pastOrganisationOf(address holder, uint256 timeS) external view returns (uint32);

    /// @notice How many seats spoke for an organisation at a past time.
    /// @param organisation The organisation's account id.
    /// @param timeS Unix seconds, before this block's.
    /// @return Their number.
    function pastSeatsOf(uint32 organisation, uint256 timeS) external view returns (uint256);
}
