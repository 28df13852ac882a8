// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice An account that speaks in the pool of confirmers.
/// @param account The account id.
/// @param team The account's team: itself or its ancestor at depth 2, 0 for an organisation.
/// @param confirmer Who speaks for it.
struct PoolEntry {
    uint32 account;
    uint32 team;
    address confirmer;
}

/// @title Who is asked to confirm an outcome
/// @notice A hash says where in the pool the search begins; it steps past whoever belongs to the project's side.
library ConfirmerDraw {
    /// @notice Where the search begins.
    /// @param seed The running epoch's seed.
    /// @param project The project's account id.
    /// @param epoch The outcome's epoch.
    /// @param kind The outcome's kind.
    /// @param size How many are in the pool, not 0.
    /// @return An index into the pool.
    function startOf(bytes32 seed, uint32 project, uint32 epoch, uint16 kind, uint256 size)
        internal
        pure
        returns (uint256)
    {
        return uint256(keccak256(abi.encode(seed, project, epoch, kind))) % size;
    }

    /// @notice Whether an account lies outside a project's team: neither of them is the other or an ancestor of it.
    /// @param entry The account.
    /// @param organisation The project's organisation.
    /// @param team The project's team.
    /// @return True outside.
    function isOutside(PoolEntry memory entry, uint32 organisation, uint32 team)
        internal
        pure
        returns (bool)
    {
        return entry.account != organisation && entry.team != team;
    }
}
