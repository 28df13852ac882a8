// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The kinds of credits, and who they lie with
/// @notice An ERC-6909 id is a class in the bits above 32 and, where the class needs one, a number in the low 32:
/// 1 general; 2 exploration; class 1 + project id = that project's plan credits; class 2 + provider id = a provider's.
library CreditIds {
    /// @notice Spendable by whoever holds them, transferable inside an organisation.
    uint256 internal constant GENERAL = 1;
    /// @notice For open experiments only, not transferable. Minted once there is an exploration pool.
    uint256 internal constant EXPLORATION = 2;
    /// @notice The class of plan credits: one id per client project, spent first, not transferable.
    uint256 internal constant PLAN = 1 << 32;
    /// @notice The class of provider credits: one id per provider, transferable, redeemed with the provider.
    uint256 internal constant PROVIDER = 2 << 32;

    /// @notice The holder of what experiments may be funded with. Holders below 2^32 are accounts.
    uint256 internal constant EXPLORATION_POOL = (1 << 32) + 1;
    /// @notice The holder of what posted offers give.
    uint256 internal constant SWAP_ESCROW = (1 << 32) + 2;
    /// @notice The holder of the provider credits that providers deposited.
    uint256 internal constant PROVIDER_INVENTORY = (1 << 32) + 3;
    /// @notice The holder of the provider credits that were handed in for compute.
    uint256 internal constant PENDING_REDEMPTIONS = (1 << 32) + 4;

    /// @dev Sixteen readable bytes, before four of the account id.
    // Sixteen characters fill it.
    // forge-lint: disable-next-line(unsafe-typecast)
    uint160 private constant ADDRESS_PREFIX = uint160(uint128(bytes16("tallystick/acct:"))) << 32;
    uint256 private constant NUMBER_MASK = type(uint32).max;

    /// @notice The id of a project's plan credits.
    /// @param project The project's account id.
    /// @return The ERC-6909 id.
    function planOf(uint256 project) internal pure returns (uint256) {
        return PLAN | project;
    }

    /// @notice The class an id belongs to; ids of one kind only are their own class.
    /// @param id The ERC-6909 id.
    /// @return GENERAL, EXPLORATION, PLAN, PROVIDER, or an unknown class.
    function classOf(uint256 id) internal pure returns (uint256) {
        return id <= NUMBER_MASK ? id : id & ~NUMBER_MASK;
    }

    /// @notice Whose plan credits an id stands for.
    /// @param id The ERC-6909 id of plan credits.
    /// @return The project's account id.
    function projectOf(uint256 id) internal pure returns (uint256) {
        return id & NUMBER_MASK;
    }

    /// @notice Whether an account may pass credits of this id on.
    /// @param id The ERC-6909 id.
    /// @return True for general and provider credits.
    function isTransferable(uint256 id) internal pure returns (bool) {
        return id == GENERAL || classOf(id) == PROVIDER;
    }

    /// @notice Whether credits of this id pay for use and repay overdrafts.
    /// @param id The ERC-6909 id.
    /// @return True for general and plan credits.
    function isSpendable(uint256 id) internal pure returns (bool) {
        return id == GENERAL || classOf(id) == PLAN;
    }

    /// @notice The address an account's credits lie at. Nobody has its key, which would take 2^128 tries to find: only
    /// contracts move what lies there.
    /// @param account The account id.
    /// @return The 16 bytes "tallystick/acct:" and the id in 4 bytes.
    function addressOf(uint256 account) internal pure returns (address) {
        // The Registry gives out no id beyond 32 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        return address(ADDRESS_PREFIX | uint32(account));
    }
}
