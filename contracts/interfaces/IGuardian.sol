// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Something the guardian stopped.
/// @param fromS Since when, in Unix seconds; 0 = never.
/// @param untilS When anyone may end it, in Unix seconds.
/// @param endedS When it ended, in Unix seconds; 0 = it has not.
struct Stop {
    uint64 fromS;
    uint64 untilS;
    uint64 endedS;
}

/// @title What may be stopped in an emergency, and for how long
/// @notice Guardians pause a meter or close a contract for at most 72 hours, and suspend one validator's attesting key, with
/// another validator's signature, for at most 7 days. What was stopped once is left alone for 72 hours after its end. They can
/// start nothing, move nothing, and touch neither roles nor votes: this contract has no function that does.
interface IGuardian {
    /// @notice A meter's records are quarantined from now on.
    /// @param meter The meter's id.
    /// @param guardian Who paused it.
    /// @param untilS When anyone may resume it, in Unix seconds.
    event MeterPaused(uint32 indexed meter, address indexed guardian, uint64 untilS);
    /// @notice A meter's pause is over. It stays frozen where a quorum or a vote froze it meanwhile.
    /// @param meter The meter's id.
    event MeterResumed(uint32 indexed meter);
    /// @notice A contract's restricted functions refuse everyone from now on.
    /// @param target The contract.
    /// @param guardian Who closed it.
    /// @param untilS When anyone may reopen it, in Unix seconds.
    event ContractClosed(address indexed target, address indexed guardian, uint64 untilS);
    /// @notice A contract is open again.
    /// @param target The contract.
    event ContractReopened(address indexed target);
    /// @notice A validator's attesting key counts for nothing until a time.
    /// @param attester The key as an address.
    /// @param guardian Who suspended it.
    /// @param validator The index of the validator that signed, too.
    /// @param untilS When it counts again, in Unix seconds.
    event SuspensionBegun(
        address indexed attester, address indexed guardian, uint8 validator, uint64 untilS
    );
    /// @notice A validator's attesting key counts again, sooner than it would have by itself.
    /// @param attester The key as an address.
    event SuspensionEnded(address indexed attester);

    /// @notice It is stopped already, by a guardian or by others.
    error StoppedAlready();
    /// @notice Guardians have not stopped it.
    error NotStopped();
    /// @notice It was stopped lately, and is left alone for a while.
    /// @param readyAtS When it can be stopped again, in Unix seconds.
    error StoppedLately(uint64 readyAtS);
    /// @notice Only guardians and governance end it so soon.
    /// @param untilS When anyone may, in Unix seconds.
    error NotOverYet(uint64 untilS);
    /// @notice The contract is out of the guardians' reach: the AccessManager, this contract, or none of the network's.
    /// @param target The address.
    error TargetInvalid(address target);
    /// @notice A suspension must end later than now and than the key's last one was to end, and within 7 days.
    /// @param untilS When it was to end, in Unix seconds.
    /// @param latestS When it may end at the latest, in Unix seconds.
    error SuspensionInvalid(uint64 untilS, uint64 latestS);
    /// @notice No other validator in force signed this suspension.
    /// @param validator The index it was said to have.
    /// @param signer Whose signature it is, zero where it is none.
    error SuspensionNotSigned(uint8 validator, address signer);

    /// @notice A meter is paused for 72 hours. Guardians only.
    /// @param meter The meter's id; it is not frozen.
    function pauseMeter(uint32 meter) external;

    /// @notice A meter's pause ends. By guardians and governance, after 72 hours by anyone.
    /// @param meter The meter's id.
    function resumeMeter(uint32 meter) external;

    /// @notice A contract is closed for 72 hours. Guardians only.
    /// @param target The contract: one of the network's, not the AccessManager, not this one.
    function closeContract(address target) external;

    /// @notice A contract opens again. By guardians and governance, after 72 hours by anyone.
    /// @param target The contract.
    function reopenContract(address target) external;

    /// @notice An attesting key counts for nothing until a time; the set keeps its size and its quorum. Guardians only.
    /// @param attester The key as an address, in the set in force, which has at least 4 members.
    /// @param untilS When it counts again, in Unix seconds; within 7 days.
    /// @param validator The index in the set in force of another validator.
    /// @param signature That validator's attesting signature (65 bytes) of suspensionDigest(attester, untilS).
    function suspendKey(address attester, uint64 untilS, uint8 validator, bytes calldata signature)
        external;

    /// @notice The suspension in force ends. By guardians and governance.
    function endSuspension() external;

    /// @notice What a validator signs to have another's key suspended.
    /// @param attester The key as an address.
    /// @param untilS When it counts again, in Unix seconds.
    /// @return The EIP-712 digest of Suspension(address attester,uint64 untilS).
    function suspensionDigest(address attester, uint64 untilS) external view returns (bytes32);

    /// @notice The last pause of a meter.
    /// @param meter The meter's id.
    /// @return The pause, all zero where there was none.
    function pauseOf(uint32 meter) external view returns (Stop memory);

    /// @notice The last closing of a contract.
    /// @param target The contract.
    /// @return The closing, all zero where there was none.
    function closureOf(address target) external view returns (Stop memory);

    /// @notice The last suspension of a key.
    /// @param attester The key as an address.
    /// @return The suspension, all zero where there was none; endedS is set only where it ended early.
    function suspensionOf(address attester) external view returns (Stop memory);
}
