// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC6909} from "@openzeppelin/contracts/interfaces/IERC6909.sol";

/// @title Credits as ERC-6909 balances that only contracts move
/// @notice Ids are explained in CreditIds. An account's credits lie at an address nobody has the key of, derived from its
/// id; its controller's word reaches them through Budgets. The standard's own ways of moving are closed.
interface ICredits is IERC6909 {
    /// @notice Credits move only through Budgets, on the word of an account's controller.
    error MovesThroughBudgetsOnly();
    /// @notice The account holds less than is to be moved.
    /// @param account The account id.
    /// @param id The kind of credits.
    /// @param balanceUcr What it holds, in micro-credits.
    /// @param neededUcr What is to be moved, in micro-credits.
    error BalanceTooLow(uint256 account, uint256 id, uint256 balanceUcr, uint256 neededUcr);
    /// @notice Lists of different lengths.
    /// @param accounts How many accounts were given.
    /// @param amounts How many amounts.
    error LengthsDiffer(uint256 accounts, uint256 amounts);

    /// @notice An account holds more credits, new ones. Budgets only.
    /// @param account The account id.
    /// @param id The kind of credits.
    /// @param amountUcr Micro-credits.
    function mint(uint256 account, uint256 id, uint256 amountUcr) external;

    /// @notice Credits lie with another account. Reverts where the first holds less. Budgets only.
    /// @param from The account that has them.
    /// @param to The account that gets them.
    /// @param id The kind of credits.
    /// @param amountUcr Micro-credits.
    function move(uint256 from, uint256 to, uint256 id, uint256 amountUcr) external;

    /// @notice Each account has paid an amount as far as its balance goes; what it paid is gone. Budgets only.
    /// @param creditClass CreditIds.GENERAL, or CreditIds.PLAN for each account's own plan credits.
    /// @param accounts Account ids.
    /// @param amountsUcr Micro-credits, for each account.
    /// @return unpaidUcr What each account's balance did not reach for, in micro-credits.
    function burnUpTo(
        uint256 creditClass,
        uint256[] calldata accounts,
        uint256[] calldata amountsUcr
    ) external returns (uint256[] memory unpaidUcr);

    /// @notice All credits of a kind that were ever made.
    /// @param id The kind of credits.
    /// @return Micro-credits.
    function minted(uint256 id) external view returns (uint256);

    /// @notice All credits of a kind that were spent or repaid.
    /// @dev Of plan credits, whose one holder is part of the id, this is what was minted and is no longer there: no write
    /// per project is spent on it.
    /// @param id The kind of credits.
    /// @return Micro-credits.
    function burned(uint256 id) external view returns (uint256);

    /// @notice What an account holds of a kind.
    /// @param account The account id.
    /// @param id The kind of credits.
    /// @return Micro-credits.
    function balanceOfAccount(uint256 account, uint256 id) external view returns (uint256);

    /// @notice The address an account's credits lie at.
    /// @param account The account id.
    /// @return The owner that ERC-6909's events and views name.
    function addressOf(uint256 account) external pure returns (address);
}
