// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A member: the key its attestations are signed with, the key its transactions are sent with, its ed25519
/// transport key, its name, and where the others reach it.
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
    /// @notice These are the validators from `fromMs` on, in the order of their indices.
    event ValidatorSetChanged(uint32 indexed version, uint64 fromMs, Validator[] validators);

    /// @notice Fewer or more validators than allowed.
    error SizeInvalid(uint256 size, uint256 minimum, uint256 maximum);
    /// @notice A key of this validator is zero, or another validator's.
    error KeyInvalid(uint256 index);
    /// @notice A constructor argument lies outside its bounds.
    error ParameterInvalid(string name);
    /// @notice No set has this version.
    error VersionUnknown(uint32 version);

    /// @notice There is a new set, in force leadS after this block; the first one at once. Governance only.
    /// @param validators The members. All attesting keys differ, all sending keys differ, all transport keys differ.
    /// @return version The new version, counted from 1.
    function setValidators(Validator[] calldata validators) external returns (uint32 version);

    /// @notice Seconds between the announcement of a set and its beginning.
    function leadS() external view returns (uint256);

    /// @notice How many validators a set holds at least.
    function minimumSize() external view returns (uint256);

    /// @notice How many versions were announced.
    function versionCount() external view returns (uint32);

    /// @notice The version in force at a time, 0 = none.
    /// @param timeMs Unix milliseconds.
    function versionAt(uint64 timeMs) external view returns (uint32);

    /// @notice The attesting keys of a version, in the order of their indices. Reverts where there is none.
    function attestersOf(uint32 version) external view returns (address[] memory);

    /// @notice The attesting keys in force at a time; empty where there are none.
    /// @param timeMs Unix milliseconds.
    function attestersAt(uint64 timeMs) external view returns (address[] memory);

    /// @notice The members of a version, and since when it holds. Reverts where there is none.
    function validatorsOf(uint32 version)
        external
        view
        returns (Validator[] memory validators, uint64 fromMs);

    /// @notice Whether an address is a sending key of a version.
    function isSender(uint32 version, address sender) external view returns (bool);
}
