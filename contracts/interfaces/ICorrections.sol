// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A quarantined record that is charged after all.
/// @param meter The id of the meter that recorded it.
/// @param seq Its sequence number.
/// @param project The project it bills.
/// @param resource What was used.
/// @param user Who used it, a pseudonym of the organisation; 0 = not recorded.
/// @param costUcr What it costs as judged anew, in micro-credits.
/// @param recordHash keccak256 of its 64 bytes as they settled.
// The order is that of the signed struct.
// solhint-disable-next-line gas-struct-packing
struct Release {
    uint32 meter;
    uint64 seq;
    uint32 project;
    uint16 resource;
    uint64 user;
    uint64 costUcr;
    bytes32 recordHash;
}

/// @notice Credits given back for a settled record.
/// @param meter The id of the meter that recorded it.
/// @param seq Its sequence number.
/// @param project The project it billed.
/// @param costUcr What it cost, in micro-credits.
/// @param amountUcr What is given back of it, in micro-credits.
/// @param recordHash keccak256 of its 64 bytes as they settled.
/// @param reason A hash of the reason, kept off chain; zero = none.
// The order is that of the signed struct.
// solhint-disable-next-line gas-struct-packing
struct Credit {
    uint32 meter;
    uint64 seq;
    uint32 project;
    uint64 costUcr;
    uint64 amountUcr;
    bytes32 recordHash;
    bytes32 reason;
}

/// @title Settled records put right, by entries of their own
/// @notice What has settled stays as it is. A quarantined record can be released once: charged to its project after a
/// quorum of validators judged it anew. A settled one can be credited once, up to its cost, on the word of its meter's
/// owner, the organisation's registrar and a quorum. Every signature is one over EIP-712 data of the domain
/// "Tallystick Corrections", "1", so that it holds for this contract on this chain and for this entry only.
interface ICorrections {
    /// @notice A quarantined record was charged.
    /// @param meter The id of the meter that recorded it.
    /// @param seq Its sequence number.
    /// @param project The project charged.
    /// @param resource What was used.
    /// @param user Who used it; 0 = not recorded.
    /// @param costUcr What was charged, in micro-credits.
    /// @param recordHash keccak256 of its 64 bytes as they settled.
    event RecordReleased(
        uint32 indexed meter,
        uint64 indexed seq,
        uint32 indexed project,
        uint16 resource,
        uint64 user,
        uint64 costUcr,
        bytes32 recordHash
    );
    /// @notice Credits were given back for a settled record.
    /// @param meter The id of the meter that recorded it.
    /// @param seq Its sequence number.
    /// @param project The project that got them.
    /// @param costUcr What the record had cost, in micro-credits.
    /// @param amountUcr What was given back, in micro-credits.
    /// @param recordHash keccak256 of its 64 bytes as they settled.
    /// @param reason A hash of the reason; zero = none.
    /// @param owner The controller of the meter's account who signed.
    /// @param registrar The organisation's registrar who signed.
    event RecordCredited(
        uint32 indexed meter,
        uint64 indexed seq,
        uint32 indexed project,
        uint64 costUcr,
        uint64 amountUcr,
        bytes32 recordHash,
        bytes32 reason,
        address owner,
        address registrar
    );

    /// @notice The record has not settled yet.
    /// @param meter The meter's id.
    /// @param seq The record's sequence number.
    /// @param nextSeq Where the meter stands.
    error NotSettled(uint32 meter, uint64 seq, uint64 nextSeq);
    /// @notice The record was released before.
    /// @param meter The meter's id.
    /// @param seq The record's sequence number.
    error AlreadyReleased(uint32 meter, uint64 seq);
    /// @notice The record was credited before.
    /// @param meter The meter's id.
    /// @param seq The record's sequence number.
    error AlreadyCredited(uint32 meter, uint64 seq);
    /// @notice An amount is zero, or above what it may be.
    /// @param amountUcr The amount in micro-credits.
    /// @param limitUcr The highest allowed, in micro-credits.
    error AmountInvalid(uint256 amountUcr, uint256 limitUcr);
    /// @notice The meter is of another organisation than the project.
    /// @param meter The meter's id.
    /// @param project The project's account id.
    error OrganisationsDiffer(uint32 meter, uint32 project);
    /// @notice No controller of the meter's account signed the credit.
    /// @param signer Who did; zero where the signature is malformed.
    /// @param account The meter's account id.
    error OwnerNotAuthorised(address signer, uint32 account);
    /// @notice No registrar of the project's organisation signed the credit.
    /// @param signer Who did; zero where the signature is malformed.
    /// @param project The project's account id.
    error RegistrarNotAuthorised(address signer, uint32 project);

    /// @notice A quarantined record is charged to its project, once. By anyone who holds a quorum's signatures.
    /// @dev Checked in this order: the record has settled; it was not released; the cost; the quorum.
    /// @param entry What the validators judged.
    /// @param signerBitmap Bit i set = attester i of the set in force signed.
    /// @param signatures EIP-2098 pairs (r, yParityAndS) in ascending order of index.
    function release(Release calldata entry, uint256 signerBitmap, bytes32[] calldata signatures)
        external;

    /// @notice A project gets general credits for a settled record, once. By anyone who holds all signatures.
    /// @dev Checked in this order: the record has settled; it was not credited; the amount; the organisation; the owner; the
    /// registrar; the quorum.
    /// @param entry What was signed.
    /// @param ownerSignature By a controller of the meter's account: 65 bytes (r, s, v).
    /// @param registrarSignature By a registrar of the project's organisation: 65 bytes (r, s, v).
    /// @param signerBitmap Bit i set = attester i of the set in force signed.
    /// @param signatures EIP-2098 pairs (r, yParityAndS) in ascending order of index.
    function credit(
        Credit calldata entry,
        bytes calldata ownerSignature,
        bytes calldata registrarSignature,
        uint256 signerBitmap,
        bytes32[] calldata signatures
    ) external;

    /// @notice What a validator signs to release a record.
    /// @param entry The release.
    /// @return The EIP-712 digest.
    function releaseDigest(Release calldata entry) external view returns (bytes32);

    /// @notice What owner, registrar and validators sign to credit a record.
    /// @param entry The credit.
    /// @return The EIP-712 digest.
    function creditDigest(Credit calldata entry) external view returns (bytes32);

    /// @notice Whether a record was released.
    /// @param meter The meter's id.
    /// @param seq The record's sequence number.
    /// @return True where it was.
    function isReleased(uint32 meter, uint64 seq) external view returns (bool);

    /// @notice Whether a record was credited.
    /// @param meter The meter's id.
    /// @param seq The record's sequence number.
    /// @return True where it was.
    function isCredited(uint32 meter, uint64 seq) external view returns (bool);

    /// @notice The contracts this one works with.
    /// @return registry Where accounts and meters are.
    /// @return validators Who attests.
    /// @return budgets What is charged and issued.
    function parts() external view returns (address registry, address validators, address budgets);
}
