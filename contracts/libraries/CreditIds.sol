// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The kinds of credits, and who they lie with
/// @notice An ERC-6909 id is a class in the bits above 32 and, where the class needs one, a number in the low 32:
/// 1 general; 2 exploration; class 1 + project id = that project's plan credits; class 2 + provider id = a provider's.
/// Holders are accounts, by their id of 32 bits, and four pools above them.
library CreditIds {
    /// @notice No account and no pool has this id.
    /// @param holder The id.
    error HolderUnknown(uint256 holder);

    /// @notice Spendable by whoever holds them, transferable inside an organisation.
    uint256 internal constant GENERAL = 1;
    /// @notice For open experiments only, not transferable. Minted into the exploration pool.
    uint256 internal constant EXPLORATION = 2;
    /// @notice The class of plan credits: one id per client project, spent first, not transferable.
    uint256 internal constant PLAN = 1 << 32;
    /// @notice The class of provider credits: one id per provider, transferable, redeemed with the provider.
    uint256 internal constant PROVIDER = 2 << 32;

    /// @notice Exploration credits that no experiment has got yet.
    uint256 internal constant EXPLORATION_POOL = (1 << 32) + 1;
    /// @notice What open offers give.
    uint256 internal constant SWAP_ESCROW = (1 << 32) + 2;
    /// @notice Provider credits that providers have deposited.
    uint256 internal constant PROVIDER_INVENTORY = (1 << 32) + 3;
    /// @notice Provider credits that were handed in, until the provider acknowledges.
    uint256 internal constant PENDING_REDEMPTIONS = (1 << 32) + 4;

    /// @dev Sixteen readable bytes each, before four of the account's or pool's number.
    // Sixteen characters fill it.
    // forge-lint: disable-next-line(unsafe-typecast)
    uint160 private constant ACCOUNT_PREFIX = uint160(uint128(bytes16("tallystick/acct:"))) << 32;
    // As above.
    // forge-lint: disable-next-line(unsafe-typecast)
    uint160 private constant POOL_PREFIX = uint160(uint128(bytes16("tallystick/pool:"))) << 32;
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
    /// @return True for general, plan and exploration credits.
    function isSpendable(uint256 id) internal pure returns (bool) {
        return id == GENERAL || id == EXPLORATION || classOf(id) == PLAN;
    }

    /// @notice Whether someone may hold credits of this id.
    /// @param holder An account or pool id.
    /// @param id The ERC-6909 id.
    /// @return True for ids of the scheme; plan credits are for their own account only.
    function isHoldable(uint256 holder, uint256 id) internal pure returns (bool) {
        uint256 class = classOf(id);
        if (class == PLAN) return id == planOf(holder) && isAccount(holder);
        return class == GENERAL || class == EXPLORATION || class == PROVIDER;
    }

    /// @notice Whether a holder is an account.
    /// @param holder The id.
    /// @return True for ids of 32 bits.
    function isAccount(uint256 holder) internal pure returns (bool) {
        return holder <= NUMBER_MASK;
    }

    /// @notice Whether a holder is a pool.
    /// @param holder The id.
    /// @return True for the four pools.
    function isPool(uint256 holder) internal pure returns (bool) {
        return holder >= EXPLORATION_POOL && holder <= PENDING_REDEMPTIONS;
    }

    /// @notice The address a holder's credits lie at. Nobody has its key, which would take 2^128 tries to find: only
    /// contracts move what lies there. Reverts for anything but an account or a pool.
    /// @param holder The account or pool id.
    /// @return The 16 bytes "tallystick/acct:" or "tallystick/pool:" and the number in 4 bytes.
    function addressOf(uint256 holder) internal pure returns (address) {
        if (isAccount(holder)) return accountAddress(holder);
        require(isPool(holder), HolderUnknown(holder));
        // The low 32 bits count the pools.
        // forge-lint: disable-next-line(unsafe-typecast)
        return address(POOL_PREFIX | uint32(holder));
    }

    /// @notice The address an account's credits lie at, whatever stands above 32 bits.
    /// @param account The account id.
    /// @return The 16 bytes "tallystick/acct:" and the id in 4 bytes.
    function accountAddress(uint256 account) internal pure returns (address) {
        // The Registry gives out no id beyond 32 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        return address(ACCOUNT_PREFIX | uint32(account));
    }

    /// @notice Whether credits of this id that lie at an address pay for use there.
    /// @param owner The address.
    /// @param id The ERC-6909 id.
    /// @return True for an account's general, exploration and own plan credits.
    function isInWallet(address owner, uint256 id) internal pure returns (bool) {
        uint160 number = uint160(owner);
        if ((number >> 32) << 32 != ACCOUNT_PREFIX) return false;
        // The low 32 bits are the account's id.
        // forge-lint: disable-next-line(unsafe-typecast)
        return id == GENERAL || id == EXPLORATION || id == planOf(uint32(number));
    }
}
