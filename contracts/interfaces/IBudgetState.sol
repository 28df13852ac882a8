// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Tally} from "../libraries/Tally.sol";
import {Terms} from "../libraries/Terms.sol";

/// @title The words every account's budget is made of, and nothing else
/// @notice Kept apart from the rules in Budgets, so that a replacement of the rules keeps what was spent. Only the
/// Registry opens accounts, only Budgets writes.
interface IBudgetState {
    /// @notice An account has a budget state.
    /// @param account The account id.
    /// @param parent Its parent's, 0 for an organisation.
    event AccountOpened(uint32 indexed account, uint32 indexed parent);

    /// @notice The account was opened before.
    /// @param account The account id.
    error AlreadyOpen(uint32 account);
    /// @notice Lists of different lengths.
    /// @param accounts How many accounts were given.
    /// @param words How many tallies or terms.
    error LengthsDiffer(uint256 accounts, uint256 words);

    /// @notice An account has both its words, so that no later write pays for a fresh slot. Registry only.
    /// @param account The account id.
    /// @param parent Its parent's, 0 for an organisation.
    function open(uint32 account, uint32 parent) external;

    /// @notice The accounts have these tallies. Budgets only.
    /// @param accounts Account ids.
    /// @param tallies One for each account.
    function store(uint256[] calldata accounts, Tally[] calldata tallies) external;

    /// @notice The accounts have these terms. Budgets only.
    /// @param accounts Account ids.
    /// @param terms One for each account.
    function storeTerms(uint256[] calldata accounts, Terms[] calldata terms) external;

    /// @notice Both words of each account.
    /// @param accounts Account ids.
    /// @return tallies In the order asked; zero for an account that was never opened.
    /// @return terms In the order asked; those the tally marks as not needed are not read and come back as a new account's.
    function load(uint256[] calldata accounts)
        external
        view
        returns (Tally[] memory tallies, Terms[] memory terms);
}
