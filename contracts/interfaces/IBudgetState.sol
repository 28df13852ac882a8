// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Tally} from "../libraries/Tally.sol";
import {Terms} from "../libraries/Terms.sol";

/// @title The words every account's budget is made of, and nothing else
/// @notice Kept apart from the rules in Budgets, so that a replacement of the rules keeps what was spent. Only the
/// Registry opens accounts, only Budgets writes.
interface IBudgetState {
    /// @notice An account has a budget state.
    event AccountOpened(uint32 indexed account, uint32 indexed parent);

    /// @notice The account was opened before.
    error AlreadyOpen(uint32 account);
    /// @notice Lists of different lengths.
    error LengthsDiffer(uint256 accounts, uint256 words);

    /// @notice An account has both its words, so that no later write pays for a fresh slot. Registry only.
    /// @param account The account id.
    /// @param parent Its parent's, 0 for an organisation.
    function open(uint32 account, uint32 parent) external;

    /// @notice The accounts have these tallies. Budgets only.
    function store(uint256[] calldata accounts, Tally[] calldata tallies) external;

    /// @notice The accounts have these terms. Budgets only.
    function storeTerms(uint256[] calldata accounts, Terms[] calldata terms) external;

    /// @notice Both words of each account. Terms that the tally marks as not needed are not read and come back as a new
    /// account's; an account that was never opened has a zero tally.
    function load(uint256[] calldata accounts)
        external
        view
        returns (Tally[] memory tallies, Terms[] memory terms);
}
