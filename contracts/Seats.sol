// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {IERC6372} from "@openzeppelin/contracts/interfaces/IERC6372.sol";
import {ERC6372Utils} from "@openzeppelin/contracts/utils/ERC6372Utils.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";
import {ISeats} from "./interfaces/ISeats.sol";

/// @title Seats
contract Seats is ISeats, AccessManaged, Votes {
    using Checkpoints for Checkpoints.Trace208;
    using EnumerableSet for EnumerableSet.AddressSet;

    uint256 private constant MAX_SEATS = 128;

    EnumerableSet.AddressSet private _holders;
    mapping(address holder => Checkpoints.Trace208) private _organisations;
    mapping(uint32 organisation => Checkpoints.Trace208) private _seats;

    /// @param authority_ The network's AccessManager.
    constructor(address authority_) AccessManaged(authority_) EIP712("Tallystick Seats", "1") {}

    /// @inheritdoc ISeats
    function grantSeat(address holder, uint32 organisation) external override restricted {
        require(holder != address(0) && organisation != 0, SeatInvalid(holder, organisation));
        require(_holders.length() < MAX_SEATS, TooManySeats(MAX_SEATS));
        require(_holders.add(holder), SeatHeld(holder, organisationOf(holder)));

        _organisations[holder].push(clock(), organisation);
        _seats[organisation].push(clock(), _seats[organisation].latest() + 1);
        emit SeatGranted(holder, organisation);
        _transferVotingUnits(address(0), holder, 1);
        _delegate(holder, holder);
    }

    /// @inheritdoc ISeats
    function revokeSeat(address holder) external override restricted {
        require(_holders.contains(holder), SeatNotHeld(holder));
        uint32 organisation = organisationOf(holder);

        _delegate(holder, address(0));
        _transferVotingUnits(holder, address(0), 1);
        _holders.remove(holder);
        _organisations[holder].push(clock(), 0);
        _seats[organisation].push(clock(), _seats[organisation].latest() - 1);
        emit SeatRevoked(holder, organisation);
    }

    /// @inheritdoc ISeats
    function seatCount() external view override returns (uint256) {
        return _holders.length();
    }

    /// @inheritdoc ISeats
    function holders() external view override returns (address[] memory) {
        return _holders.values();
    }

    /// @inheritdoc ISeats
    function pastOrganisationOf(address holder, uint256 timeS)
        external
        view
        override
        returns (uint32)
    {
        return uint32(_organisations[holder].upperLookupRecent(_validateTimepoint(timeS)));
    }

    /// @inheritdoc ISeats
    function pastSeatsOf(uint32 organisation, uint256 timeS)
        external
        view
        override
        returns (uint256)
    {
        return _seats[organisation].upperLookupRecent(_validateTimepoint(timeS));
    }

    /// @inheritdoc ISeats
    function organisationOf(address holder) public view override returns (uint32) {
        return uint32(_organisations[holder].latest());
    }

    /// @inheritdoc IERC6372
    function clock() public view override(IERC6372, Votes) returns (uint48) {
        return Time.timestamp();
    }

    /// @inheritdoc IERC6372
    // Named by the standard.
    // forge-lint: disable-next-item(mixed-case-function)
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public view override(IERC6372, Votes) returns (string memory) {
        return ERC6372Utils.timestampClockMode(clock);
    }

    /// @inheritdoc IVotes
    function delegate(address) public pure override(IVotes, Votes) {
        revert SeatNotDelegable();
    }

    /// @inheritdoc IVotes
    function delegateBySig(address, uint256, uint256, uint8, bytes32, bytes32)
        public
        pure
        override(IVotes, Votes)
    {
        revert SeatNotDelegable();
    }

    /// @dev One seat, one vote.
    function _getVotingUnits(address holder) internal view override returns (uint256) {
        return _holders.contains(holder) ? 1 : 0;
    }
}
