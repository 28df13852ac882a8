// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LeaseWord} from "../libraries/LeaseWord.sol";
import {RateWord} from "../libraries/RateWord.sol";
import {Tally} from "../libraries/Tally.sol";
import {Terms} from "../libraries/Terms.sol";

/// @title The words every account's budget is made of, and nothing else
/// @notice Kept apart from the rules in Budgets and Leases, so that a replacement of the rules keeps what was spent and
/// leased. Only the Registry opens accounts, only Budgets and Leases write.
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

    /// @notice The accounts have these tallies. Budgets and Leases only.
    /// @param accounts Account ids.
    /// @param tallies One for each account.
    function store(uint256[] calldata accounts, Tally[] calldata tallies) external;

    /// @notice The accounts have these terms. Budgets and Leases only.
    /// @param accounts Account ids.
    /// @param terms One for each account.
    function storeTerms(uint256[] calldata accounts, Terms[] calldata terms) external;

    /// @notice An account's leases come out of this bucket. Budgets and Leases only.
    /// @param account The account id.
    /// @param rate Its word, zero = no rate.
    function storeRate(uint256 account, RateWord rate) external;

    /// @notice A lease, and the accounts it weighs on, have these words. Budgets and Leases only.
    /// @param project The leasing account's id.
    /// @param meter The meter's id.
    /// @param lease The lease's word.
    /// @param accounts The leasing account and its ancestors.
    /// @param tallies One for each account.
    /// @param rates One for each account, zero = leave it as it is; or none at all.
    function storeLease(
        uint256 project,
        uint256 meter,
        LeaseWord lease,
        uint256[] calldata accounts,
        Tally[] calldata tallies,
        RateWord[] calldata rates
    ) external;

    /// @notice Leases are drawn down, each as far as it goes. Budgets and Leases only.
    /// @param keys The leasing account's id << 32 | the meter's id, for each lease.
    /// @param amountsUcr What each is to cover, in micro-credits.
    /// @return coveredUcr What each covered, in micro-credits.
    function draw(uint256[] calldata keys, uint256[] calldata amountsUcr)
        external
        returns (uint256[] memory coveredUcr);

    /// @notice Tally and terms of each account.
    /// @param accounts Account ids.
    /// @return tallies In the order asked; zero for an account that was never opened.
    /// @return terms In the order asked; those the tally marks as not needed are not read and come back as a new account's.
    function load(uint256[] calldata accounts)
        external
        view
        returns (Tally[] memory tallies, Terms[] memory terms);

    /// @notice All words that a lease of an account depends on.
    /// @param project The leasing account's id.
    /// @param meter The meter's id.
    /// @return lease The lease's word, zero = there never was one.
    /// @return accounts The account, its parent, and so on up to its organisation; none for an account that was never opened.
    /// @return tallies One for each account.
    /// @return terms One for each account, as from load.
    /// @return rates One for each account, zero where its tally says that it has no rate.
    function loadLease(uint256 project, uint256 meter)
        external
        view
        returns (
            LeaseWord lease,
            uint256[] memory accounts,
            Tally[] memory tallies,
            Terms[] memory terms,
            RateWord[] memory rates
        );

    /// @notice The bucket an account's leases come out of.
    /// @param account The account id.
    /// @return Its word, zero = no rate.
    function rateOf(uint256 account) external view returns (RateWord);

    /// @notice The lease of an account with a meter.
    /// @param project The leasing account's id.
    /// @param meter The meter's id.
    /// @return Its word, zero = there never was one.
    function leaseOf(uint256 project, uint256 meter) external view returns (LeaseWord);
}
