// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Meters that signed two histories, frozen by a quorum
/// @notice Two frames of one meter, both signed with its key in force, that differ at a sequence number are a proof that the
/// meter, or whoever has its key, equivocates. The first of them to settle counts; the proof freezes the meter: what it
/// records from then on is quarantined, until an appeal or governance lifts it. Validators sign EIP-712 data of the domain
/// "Tallystick MeterFreezes", "1". Both frames stay with them: what is kept here is the proof's hash.
interface IMeterFreezes {
    /// @notice A quorum of validators saw the proof, and the meter is frozen.
    /// @param meter The meter's id.
    /// @param proofHash keccak256 of both frames, the smaller first.
    /// @param signerBitmap Bit i set = attester i of the set in force signed.
    event MeterFreezeProven(uint32 indexed meter, bytes32 indexed proofHash, uint256 signerBitmap);

    /// @notice The meter was frozen by this proof before.
    /// @param meter The meter's id.
    /// @param proofHash The proof's hash.
    error ProofUsed(uint32 meter, bytes32 proofHash);

    /// @notice The meter is frozen from now on. By anyone who holds a quorum's signatures; once for each proof, so that a
    /// lifted freeze stays lifted.
    /// @param meter The meter's id.
    /// @param proofHash keccak256 of both frames, the smaller first.
    /// @param signerBitmap Bit i set = attester i of the set in force signed.
    /// @param signatures EIP-2098 pairs (r, yParityAndS) in ascending order of index.
    function freeze(
        uint32 meter,
        bytes32 proofHash,
        uint256 signerBitmap,
        bytes32[] calldata signatures
    ) external;

    /// @notice What a validator signs to freeze a meter.
    /// @param meter The meter's id.
    /// @param proofHash keccak256 of both frames, the smaller first.
    /// @return The EIP-712 digest.
    function freezeDigest(uint32 meter, bytes32 proofHash) external view returns (bytes32);

    /// @notice Whether a proof froze its meter before.
    /// @param meter The meter's id.
    /// @param proofHash The proof's hash.
    /// @return True where it did.
    function isProven(uint32 meter, bytes32 proofHash) external view returns (bool);

    /// @notice The contracts this one works with.
    /// @return registry Where meters are frozen.
    /// @return validators Who attests.
    function parts() external view returns (address registry, address validators);
}
