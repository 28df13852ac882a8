// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC6909} from "@openzeppelin/contracts/interfaces/IERC6909.sol";

/// @title Credits as ERC-6909 balances that only contracts move
/// @notice Ids and holders are explained in CreditIds. A holder's credits lie at an address nobody has the key of, derived
/// from its id; the word of an account's controller reaches them through Budgets. The standard's own ways of moving are
/// closed.
///
/// What pays for use lies together: an account's general credits, its own plan credits and the exploration credits of its
/// experiment. Leases reserve some of them without moving any, and never more than there are.
interface ICredits is IERC6909 {
    /// @notice Credits move only through Budgets, on the word of an account's controller.
    error MovesThroughBudgetsOnly();
    /// @notice The holder has less than is to be moved.
    /// @param holder The account or pool id.
    /// @param id The kind of credits.
    /// @param balanceUcr What it holds, in micro-credits.
    /// @param neededUcr What is to be moved, in micro-credits.
    error BalanceTooLow(uint256 holder, uint256 id, uint256 balanceUcr, uint256 neededUcr);
    /// @notice No balance of this kind may grow that large.
    /// @param holder The account or pool id.
    /// @param id The kind of credits.
    /// @param balanceUcr What it would be, in micro-credits.
    /// @param limitUcr The largest there may be, in micro-credits.
    error BalanceTooHigh(uint256 holder, uint256 id, uint256 balanceUcr, uint256 limitUcr);
    /// @notice Leases reserve more than would be left of the credits that pay for use.
    /// @param account The account id.
    /// @param leasedUcr What leases reserve, in micro-credits.
    /// @param balanceUcr What would be left, in micro-credits.
    error CreditsLeased(uint256 account, uint256 leasedUcr, uint256 balanceUcr);
    /// @notice Lists of different lengths.
    /// @param accounts How many accounts were given.
    /// @param amounts How many amounts.
    error LengthsDiffer(uint256 accounts, uint256 amounts);

    /// @notice A holder has more credits, new ones. Budgets only.
    /// @param holder The account or pool id.
    /// @param id The kind of credits.
    /// @param amountUcr Micro-credits.
    function mint(uint256 holder, uint256 id, uint256 amountUcr) external;

    /// @notice A holder has fewer credits, which are gone. Reverts where it has less, or leases reserve them. Budgets only.
    /// @param holder The account or pool id.
    /// @param id The kind of credits.
    /// @param amountUcr Micro-credits.
    function burn(uint256 holder, uint256 id, uint256 amountUcr) external;

    /// @notice Credits lie with another holder. Reverts where the first has less, or leases reserve them. Budgets only.
    /// @param from The holder that has them.
    /// @param to The holder that gets them.
    /// @param id The kind of credits.
    /// @param amountUcr Micro-credits.
    function move(uint256 from, uint256 to, uint256 id, uint256 amountUcr) external;

    /// @notice Each account has paid its due as far as its credits go that leases do not reserve: plan credits first, then
    /// exploration credits, then general ones. What leases cover of a due they reserve no longer. What was paid is gone.
    /// Budgets only.
    /// @param accounts Account ids, each once.
    /// @param dues For each account what it owes in the low 192 bits, and above them what its leases cover of it, in
    /// micro-credits; covered at most what they reserve.
    /// @return unpaidUcr What each account still owes, in micro-credits.
    function pay(uint256[] calldata accounts, uint256[] calldata dues)
        external
        returns (uint256[] memory unpaidUcr);

    /// @notice Leases reserve more of an account's credits. Reverts where they would reserve more than there are.
    /// Budgets and Leases only.
    /// @param account The account id.
    /// @param amountUcr Micro-credits.
    function reserve(uint256 account, uint256 amountUcr) external;

    /// @notice Leases reserve less of an account's credits. Budgets and Leases only.
    /// @param account The account id.
    /// @param amountUcr Micro-credits, at most what they reserve.
    /// @return leftUcr What leases still reserve, in micro-credits.
    function free(uint256 account, uint256 amountUcr) external returns (uint256 leftUcr);

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

    /// @notice What a holder has of a kind.
    /// @param holder The account or pool id.
    /// @param id The kind of credits.
    /// @return Micro-credits.
    function balanceOfAccount(uint256 holder, uint256 id) external view returns (uint256);

    /// @notice The credits of an account that pay for use, and what leases reserve of them.
    /// @param account The account id.
    /// @return balanceUcr Its general, plan and exploration credits together, in micro-credits.
    /// @return leasedUcr What leases reserve, at most the former, in micro-credits.
    function spendableOf(uint256 account)
        external
        view
        returns (uint256 balanceUcr, uint256 leasedUcr);

    /// @notice The address a holder's credits lie at.
    /// @param holder The account or pool id.
    /// @return The owner that ERC-6909's events and views name.
    function addressOf(uint256 holder) external pure returns (address);
}
