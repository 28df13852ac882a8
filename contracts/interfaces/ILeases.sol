// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice One meter's lease of one project's credits.
/// @param leftUcr What is left of it, in micro-credits.
/// @param admitUntilS Until when the meter admits calls against it, in Unix seconds.
/// @param lastSeq The last sequence number it admitted; meaningless unless declared.
/// @param isDeclared Whether the last sequence number was declared.
/// @param nonce How many openings and extensions there were.
/// @param isOpen Whether it is unreleased.
struct Lease {
    uint64 leftUcr;
    uint64 admitUntilS;
    uint64 lastSeq;
    bool isDeclared;
    uint32 nonce;
    bool isOpen;
}

/// @title Leases: credits of one project set aside for one meter until a deadline
/// @notice A gateway admits calls from memory as long as its meter's leases cover their highest possible cost, so over all
/// gateways no more is admitted than the budgets allow. A lease is a reservation: the credits stay in the project's
/// balance, and on every account from the project up they count against the limit as if they were spent. What settles
/// draws it down. What is left returns once the cursor has passed the last number the meter declared, or a grace after the
/// deadline. A project and a meter have one unreleased lease; opening again adds to it.
///
/// The room for a lease is a governed share of what is left: of the project's own credits, and of the limit, less what was
/// spent and is leased, of the project and every ancestor, half of it where the soft threshold is crossed. An account's
/// rate is a bucket that leases of everything below it come out of, at double the price where the soft threshold is crossed.
interface ILeases {
    /// @notice A lease was opened, or extended.
    /// @param project The account whose credits are set aside.
    /// @param meter The meter they are set aside for.
    /// @param nonce How many openings and extensions there were, this one included.
    /// @param amountUcr What was added, in micro-credits.
    /// @param leftUcr What is left in all, in micro-credits.
    /// @param admitUntilS Until when the meter admits calls against it, in Unix seconds.
    event LeaseOpened(
        uint32 indexed project,
        uint32 indexed meter,
        uint32 nonce,
        uint64 amountUcr,
        uint64 leftUcr,
        uint64 admitUntilS
    );
    /// @notice A meter has said which record is the last it admitted against a lease.
    /// @param project The account whose credits are set aside.
    /// @param meter The meter they are set aside for.
    /// @param nonce The lease's.
    /// @param lastSeq The last sequence number.
    event LeaseLastDeclared(
        uint32 indexed project, uint32 indexed meter, uint32 nonce, uint64 lastSeq
    );
    /// @notice What was left of a lease is set aside no longer.
    /// @param project The account whose credits were set aside.
    /// @param meter The meter they were set aside for.
    /// @param nonce The lease's.
    /// @param returnedUcr What was left, in micro-credits.
    event LeaseReleased(
        uint32 indexed project, uint32 indexed meter, uint32 nonce, uint64 returnedUcr
    );
    /// @notice Leases follow these terms from now on.
    /// @param sharePpm The share of the room one opening may take, in millionths.
    /// @param maxTtlS How far ahead a deadline may lie, in seconds.
    /// @param graceS How long after its deadline an unfinished lease is released, in seconds.
    event LeaseTermsSet(uint32 sharePpm, uint32 maxTtlS, uint32 graceS);

    /// @notice A share, a time or a grace lies outside its hard bounds.
    /// @param sharePpm The share in millionths, 1 to 500,000.
    /// @param maxTtlS The time in seconds, 1 s to 1 h.
    /// @param graceS The grace in seconds, 1 h to 7 d.
    error LeaseTermsInvalid(uint32 sharePpm, uint32 maxTtlS, uint32 graceS);
    /// @notice The meter does not bill this project: it has another account, is not active, frozen, or signs no leases.
    /// @param meter The meter's id.
    /// @param project The project's account id.
    error MeterMayNotBill(uint32 meter, uint32 project);
    /// @notice The lease is not signed by the meter's lease key.
    /// @param leaseKey The meter's lease key.
    /// @param signer Who signed instead, zero = nobody.
    error LeaseSignatureInvalid(address leaseKey, address signer);
    /// @notice The nonce is not the one that comes next, or, for a declaration, not the lease's.
    /// @param nonce The nonce.
    /// @param expected The one that was expected.
    error LeaseNonceInvalid(uint32 nonce, uint32 expected);
    /// @notice A lease for nothing, or for more than any lease may hold.
    /// @param amountUcr Micro-credits, 1 to 2^56 - 1.
    error LeaseAmountInvalid(uint64 amountUcr);
    /// @notice The deadline has passed already.
    /// @param admitUntilS The deadline in Unix seconds.
    /// @param nowS The block's time in Unix seconds.
    error LeaseExpired(uint64 admitUntilS, uint64 nowS);
    /// @notice The deadline lies too far ahead.
    /// @param admitUntilS The deadline in Unix seconds.
    /// @param latestS The latest it may be, in Unix seconds.
    error LeaseTooLong(uint64 admitUntilS, uint64 latestS);
    /// @notice The meter declared the lease's last number; the next lease comes after the release.
    /// @param lastSeq The last sequence number.
    error LeaseEnding(uint64 lastSeq);
    /// @notice There is no room for the lease.
    /// @param why 1 balance, 2 limit, 3 rate, 4 frozen, 5 inactive.
    /// @param account The account that has none.
    /// @param roomUcr The most a lease might take there, in micro-credits.
    /// @param askedUcr What was asked for, in micro-credits.
    error LeaseRefused(uint8 why, uint32 account, uint256 roomUcr, uint256 askedUcr);
    /// @notice There is no unreleased lease of this project with this meter.
    /// @param project The project's account id.
    /// @param meter The meter's id.
    error LeaseUnknown(uint32 project, uint32 meter);
    /// @notice No sequence number is as high as this.
    /// @param lastSeq The sequence number, below 2^63.
    error LastSeqInvalid(uint64 lastSeq);
    /// @notice The lease may still be drawn on.
    /// @param endSeq The sequence number the meter's cursor has to reach, 0 = not declared.
    /// @param nextSeq Where the cursor stands.
    /// @param releasableAtS When it is released all the same, in Unix seconds.
    error LeaseInUse(uint64 endSeq, uint64 nextSeq, uint64 releasableAtS);

    /// @notice Leases follow these terms. Governance only; hard bounds are in LeaseTermsInvalid.
    /// @param sharePpm The share of the room one opening may take, in millionths.
    /// @param maxTtlS How far ahead a deadline may lie, in seconds.
    /// @param graceS How long after its deadline an unfinished lease is released, in seconds.
    function setLeaseTerms(uint32 sharePpm, uint32 maxTtlS, uint32 graceS) external;

    /// @notice Credits of a project are set aside for a meter, or more of them. By anyone who has the meter's word.
    /// @dev Checked in this order: amount, times, signature, whether the meter bills, activity, nonce, freezes; then the
    /// tightest room.
    /// @param project The account whose credits are set aside.
    /// @param meter The meter they are set aside for; it bills the account or what lies above it.
    /// @param amountUcr What is added, in micro-credits.
    /// @param admitUntilS Until when the meter admits calls against it, in Unix seconds; the later deadline counts.
    /// @param nonce One more than the last of this project and meter, which is 0 in the beginning.
    /// @param signature By the meter's lease key, 65 bytes, of the EIP-712 message
    /// Lease(uint32 project,uint32 meter,uint64 amountUcr,uint64 admitUntilS,uint32 nonce).
    function openLease(
        uint32 project,
        uint32 meter,
        uint64 amountUcr,
        uint64 admitUntilS,
        uint32 nonce,
        bytes calldata signature
    ) external;

    /// @notice The meter admits nothing more against the lease, and this is the last record it admitted. By anyone who has
    /// the meter's word.
    /// @param project The account whose credits are set aside.
    /// @param meter The meter they are set aside for.
    /// @param lastSeq The last sequence number, below 2^63.
    /// @param nonce The lease's.
    /// @param signature As for openLease, of LeaseEnd(uint32 project,uint32 meter,uint64 lastSeq,uint32 nonce).
    function declareLast(
        uint32 project,
        uint32 meter,
        uint64 lastSeq,
        uint32 nonce,
        bytes calldata signature
    ) external;

    /// @notice What is left of a lease is set aside no longer. By anyone, once the meter's cursor has passed the last number
    /// it declared, or a grace after the deadline and the time the network stood still since the last opening.
    /// @param project The account whose credits are set aside.
    /// @param meter The meter they are set aside for.
    function release(uint32 project, uint32 meter) external;

    /// @notice The terms leases follow.
    /// @return sharePpm The share of the room one opening may take, in millionths.
    /// @return maxTtlS How far ahead a deadline may lie, in seconds.
    /// @return graceS How long after its deadline an unfinished lease is released, in seconds.
    function leaseTerms() external view returns (uint32 sharePpm, uint32 maxTtlS, uint32 graceS);

    /// @notice The lease of a project with a meter.
    /// @param project The project's account id.
    /// @param meter The meter's id.
    /// @return All zero where there never was one.
    function leaseOf(uint32 project, uint32 meter) external view returns (Lease memory);

    /// @notice The most a lease of a project could take now, activity and meters aside.
    /// @param project The project's account id.
    /// @return roomUcr Micro-credits.
    /// @return tightest The account that allows no more.
    /// @return why 1 balance, 2 limit, 3 rate, 4 frozen.
    function roomOf(uint32 project)
        external
        view
        returns (uint256 roomUcr, uint32 tightest, uint8 why);
}
