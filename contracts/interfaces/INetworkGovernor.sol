// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title How votes become acts
/// @notice OpenZeppelin's IGovernor over the network's seats. A proposal is a list of calls; it is voted on from votingDelay
/// after it was made for votingPeriod, longer where the quorum is reached late; it passes with more votes for than against
/// and a quorum of all seats for or abstaining; then it is queued in the timelock, and after its delay anyone executes it.
/// Descriptions that end in `#proposer=0x...` can be proposed by that address alone.
/// What governs the votes is itself voted on, inside hard bounds: delay 1 s to 14 days, period 10 s to 30 days, quorum
/// 10 to 75 percent of all seats, and one seat is always enough to propose.
interface INetworkGovernor {
    /// @notice A value lies outside its hard bounds.
    /// @param name What it is.
    /// @param value What it was to be.
    /// @param minimum What it is at least.
    /// @param maximum What it is at most.
    error SettingOutOfBounds(string name, uint256 value, uint256 minimum, uint256 maximum);
}
