// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A member of a validator set.
/// @param attester The key its attestations are signed with, as an address.
/// @param sender The key its transactions are sent with, as an address.
/// @param transportKey The ed25519 public key its requests to the others are signed with.
/// @param name [a-z0-9][a-z0-9._-]{0,62}.
/// @param url Where the others reach it.
struct Validator {
    address attester;
    address sender;
    bytes32 transportKey;
    string name;
    string url;
}

/// @title Who values and attests, and since when
/// @notice Sets are versions that hold from a time on; a batch names the version that attested it.
interface IValidatorSet {
    /// @notice These are the validators from `fromMs` on.
    /// @param version The set's version.
    /// @param fromMs Unix milliseconds.
    /// @param validators The members in the order of their indices.
    event ValidatorSetChanged(uint32 indexed version, uint64 fromMs, Validator[] validators);

    /// @notice An attesting key counts for nothing until a time, in whatever set it is.
    /// @param attester The key as an address.
    /// @param untilS When it counts again, in Unix seconds; the block's own time = it does from now on.
    event KeySuspended(address indexed attester, uint64 untilS);

    /// @notice Fewer or more validators than allowed.
    /// @param size How many there were to be.
    /// @param minimum How many there must be.
    /// @param maximum How many there may be.
    error SizeInvalid(uint256 size, uint256 minimum, uint256 maximum);
    /// @notice A key of this validator is zero, or another validator's.
    /// @param index The validator's index in the list.
    error KeyInvalid(uint256 index);
    /// @notice A constructor argument lies outside its bounds.
    /// @param name The argument's name.
    error ParameterInvalid(string name);
    /// @notice No set has this version.
    /// @param version The version asked for.
    error VersionUnknown(uint32 version);
    /// @notice The key is not in the set in force, or is not the one suspended.
    /// @param attester The key as an address.
    error AttesterUnknown(address attester);
    /// @notice Another key, or this one, is suspended.
    /// @param attester The key as an address.
    /// @param untilS Until when, in Unix seconds.
    error SuspensionInForce(address attester, uint64 untilS);
    /// @notice A suspension may not last so long.
    /// @param untilS When it was to end, in Unix seconds.
    /// @param latestS When it must, in Unix seconds.
    error SuspensionTooLong(uint64 untilS, uint64 latestS);

    /// @notice There is a new set, in force leadS after this block; the first one at once. Governance only.
    /// @param validators The members. All attesting keys differ, all sending keys differ, all transport keys differ.
    /// @return version The new version, counted from 1.
    function setValidators(Validator[] calldata validators) external returns (uint32 version);

    /// @notice One attesting key counts for nothing until a time, or again from now on. The set keeps its size and its quorum.
    /// Wardens only.
    /// @param attester The key as an address: in the set in force, which has at least 4 members; or the one suspended.
    /// @param untilS When it counts again, in Unix seconds, at most 7 days from now; not above the block's time = now.
    function suspend(address attester, uint64 untilS) external;

    /// @notice The attesting key that counts for nothing.
    /// @return attester The key as an address; zero = none.
    /// @return untilS When it counts again, in Unix seconds; 0 = none.
    function suspension() external view returns (address attester, uint64 untilS);

    /// @notice How long before its beginning a set is announced.
    /// @return Seconds.
    function leadS() external view returns (uint256);

    /// @notice How many validators a set holds at least.
    /// @return Their number.
    function minimumSize() external view returns (uint256);

    /// @notice How many versions were announced.
    /// @return The latest version, 0 = none yet.
    function versionCount() external view returns (uint32);

    /// @notice The version in force at a time.
    /// @param timeMs Unix milliseconds.
    /// @return The version, 0 = none.
    function versionAt(uint64 timeMs) external view returns (uint32);

    /// @notice The attesting keys of a version. Reverts where there is none.
    /// @param version The set's version.
    /// @return The keys as addresses, in the order of their indices; zero in the place of a suspended one.
    function attestersOf(uint32 version) external view returns (address[] memory);

    /// @notice The attesting keys in force at a time.
    /// @param timeMs Unix milliseconds.
    /// @return The keys as addresses, in the order of their indices, zero in the place of a suspended one; empty where no set
    /// is in force.
    function attestersAt(uint64 timeMs) external view returns (address[] memory);

    /// @notice The members of a version, and since when it holds. Reverts where there is none.
    /// @param version The set's version.
    /// @return validators The members in the order of their indices.
    /// @return fromMs Unix milliseconds.
    function validatorsOf(uint32 version)
        external
        view
        returns (Validator[] memory validators, uint64 fromMs);

    /// @notice Whether an address is a sending key of a version.
    /// @param version The set's version.
    /// @param sender The address.
    /// @return True for a member's sending key; false also where there is no such version.
    function isSender(uint32 version, address sender) external view returns (bool);
}
