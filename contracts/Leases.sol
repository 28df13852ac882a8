// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IBudgetState} from "./interfaces/IBudgetState.sol";
import {ICredits} from "./interfaces/ICredits.sol";
import {ICursors} from "./interfaces/ICursors.sol";
import {ILeases, Lease} from "./interfaces/ILeases.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {LeaseRules, Path, Room} from "./libraries/LeaseRules.sol";
import {LeaseWord, LeaseWords} from "./libraries/LeaseWord.sol";
import {Periods} from "./libraries/Periods.sol";
import {RateWord} from "./libraries/RateWord.sol";
import {Tallies, Tally} from "./libraries/Tally.sol";

/// @title Leases
contract Leases is ILeases, AccessManaged, EIP712 {
    /// @dev What setLeaseTerms sets.
    struct LeaseTerms {
        uint32 sharePpm;
        uint32 maxTtlS;
        uint32 graceS;
    }

    uint32 private constant DEFAULT_SHARE_PPM = 100_000;
    uint32 private constant DEFAULT_TTL_S = 15 minutes;
    uint32 private constant DEFAULT_GRACE_S = 24 hours;
    uint32 private constant MAX_SHARE_PPM = 500_000;
    uint32 private constant MAX_TTL_S = 1 hours;
    uint32 private constant MIN_GRACE_S = 1 hours;
    uint32 private constant MAX_GRACE_S = 7 days;

    bytes32 private constant LEASE_TYPEHASH = keccak256(
        "Lease(uint32 project,uint32 meter,uint64 amountUcr,uint64 admitUntilS,uint32 nonce)"
    );
    bytes32 private constant LEASE_END_TYPEHASH =
        keccak256("LeaseEnd(uint32 project,uint32 meter,uint64 lastSeq,uint32 nonce)");

    IRegistry private immutable REGISTRY;
    IBudgetState private immutable STATE;
    ICredits private immutable CREDITS;
    ICursors private immutable CURSORS;

    /// @inheritdoc ILeases
    LeaseTerms public override leaseTerms;

    /// @param authority_ The network's AccessManager.
    /// @param registry Who the meters and accounts are.
    /// @param state The words every budget is made of.
    /// @param credits The balances.
    /// @param cursors Where meters stand.
    constructor(
        address authority_,
        IRegistry registry,
        IBudgetState state,
        ICredits credits,
        ICursors cursors
    ) AccessManaged(authority_) EIP712("Tallystick Leases", "1") {
        REGISTRY = registry;
        STATE = state;
        CREDITS = credits;
        CURSORS = cursors;
        leaseTerms = LeaseTerms({
            sharePpm: DEFAULT_SHARE_PPM, maxTtlS: DEFAULT_TTL_S, graceS: DEFAULT_GRACE_S
        });
        emit LeaseTermsSet(DEFAULT_SHARE_PPM, DEFAULT_TTL_S, DEFAULT_GRACE_S);
    }

    /// @inheritdoc ILeases
    function setLeaseTerms(uint32 sharePpm, uint32 maxTtlS, uint32 graceS)
        external
        override
        restricted
    {
        bool isValid = sharePpm != 0 && sharePpm <= MAX_SHARE_PPM && maxTtlS != 0
            && maxTtlS <= MAX_TTL_S && graceS >= MIN_GRACE_S && graceS <= MAX_GRACE_S;
        require(isValid, LeaseTermsInvalid(sharePpm, maxTtlS, graceS));
        leaseTerms = LeaseTerms({sharePpm: sharePpm, maxTtlS: maxTtlS, graceS: graceS});
        emit LeaseTermsSet(sharePpm, maxTtlS, graceS);
    }

    /// @inheritdoc ILeases
    function openLease(
        uint32 project,
        uint32 meter,
        uint64 amountUcr,
        uint64 admitUntilS,
        uint32 nonce,
        bytes calldata signature
    ) external override {
        LeaseTerms memory terms = leaseTerms;
        _checkAsked(amountUcr, admitUntilS, terms.maxTtlS);
        _checkMeter(project, meter, amountUcr, admitUntilS, nonce, signature);
        (LeaseWord lease, Path memory path) = _load(project, meter);
        _checkNonce(nonce, lease.nonce() + 1);
        _checkNotEnding(lease);
        _take(path, amountUcr, terms.sharePpm);
        lease = _extended(lease, amountUcr, admitUntilS, nonce);
        emit LeaseOpened(
            // The field has 56 bits.
            // forge-lint: disable-next-line(unsafe-typecast)
            project,
            meter,
            nonce,
            amountUcr,
            uint64(lease.leftUcr()),
            lease.admitUntilS()
        );
        CREDITS.reserve(project, amountUcr);
        STATE.storeLease(project, meter, lease, path.accounts, path.tallies, path.rates);
    }

    /// @inheritdoc ILeases
    function declareLast(
        uint32 project,
        uint32 meter,
        uint64 lastSeq,
        uint32 nonce,
        bytes calldata signature
    ) external override {
        require(lastSeq < LeaseWords.MAX_SEQ, LastSeqInvalid(lastSeq));
        bytes32 content = keccak256(abi.encode(LEASE_END_TYPEHASH, project, meter, lastSeq, nonce));
        _checkSigned(REGISTRY.meterOf(meter).leaseKey, content, signature);
        LeaseWord lease = STATE.leaseOf(project, meter);
        require(lease.isOpen(), LeaseUnknown(project, meter));
        _checkNonce(nonce, lease.nonce());
        _checkNotEnding(lease);

        emit LeaseLastDeclared(project, meter, nonce, lastSeq);
        STATE.storeLease(
            project,
            meter,
            lease.ended(lastSeq),
            new uint256[](0),
            new Tally[](0),
            new RateWord[](0)
        );
    }

    /// @inheritdoc ILeases
    function release(uint32 project, uint32 meter) external override {
        (LeaseWord lease, Path memory path) = _load(project, meter);
        require(lease.isOpen(), LeaseUnknown(project, meter));
        _checkReleasable(lease, meter);
        uint256 leftUcr = lease.leftUcr();
        // The field has 56 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        emit LeaseReleased(project, meter, lease.nonce(), uint64(leftUcr));
        for (uint256 i = 0; i < path.tallies.length; ++i) {
            Tally tally = path.tallies[i];
            path.tallies[i] = tally.withLeased(tally.leasedUcr() - leftUcr);
        }
        bool isAnyLeft = CREDITS.free(project, leftUcr) != 0;
        path.tallies[0] = path.tallies[0].withMark(Tallies.HAS_LEASE, isAnyLeft);
        STATE.storeLease(
            project, meter, lease.released(), path.accounts, path.tallies, new RateWord[](0)
        );
    }

    /// @inheritdoc ILeases
    function leaseOf(uint32 project, uint32 meter) external view override returns (Lease memory) {
        LeaseWord lease = STATE.leaseOf(project, meter);
        bool isDeclared = lease.endSeq() != 0;
        return Lease({
            // The field has 56 bits.
            // forge-lint: disable-next-line(unsafe-typecast)
            leftUcr: uint64(lease.leftUcr()),
            admitUntilS: lease.admitUntilS(),
            lastSeq: isDeclared ? lease.endSeq() - 1 : 0,
            isDeclared: isDeclared,
            nonce: lease.nonce(),
            isOpen: lease.isOpen()
        });
    }

    /// @inheritdoc ILeases
    function roomOf(uint32 project)
        external
        view
        override
        returns (uint256 roomUcr, uint32 tightest, uint8 why)
    {
        (, Path memory path) = _load(project, 0);
        Room memory room = _roomOf(path, leaseTerms.sharePpm);
        // Account ids have 32 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        return (room.roomUcr, uint32(room.account), room.why);
    }

    // Internal: words

    function _load(uint32 project, uint32 meter)
        private
        view
        returns (LeaseWord lease, Path memory path)
    {
        (lease, path.accounts, path.tallies, path.terms, path.rates) =
            STATE.loadLease(project, meter);
        require(path.accounts.length != 0, IRegistry.AccountUnknown(project));
    }

    /// @dev The path's words are those after a lease of this amount, for which there must be room.
    function _take(Path memory path, uint64 amountUcr, uint256 sharePpm) private view {
        Room memory room = _roomOf(path, sharePpm);
        // Account ids have 32 bits.
        // forge-lint: disable-next-item(unsafe-typecast)
        require(
            amountUcr <= room.roomUcr,
            LeaseRefused(room.why, uint32(room.account), room.roomUcr, amountUcr)
        );
        LeaseRules.take(path, amountUcr, room.throttled);
    }

    function _roomOf(Path memory path, uint256 sharePpm) private view returns (Room memory) {
        (uint256 balanceUcr, uint256 leasedUcr) = CREDITS.spendableOf(path.accounts[0]);
        return
            LeaseRules.roomOf(
                path, Periods.locate(block.timestamp), balanceUcr - leasedUcr, sharePpm
            );
    }

    function _extended(LeaseWord lease, uint256 amountUcr, uint256 admitUntilS, uint32 nonce)
        private
        view
        returns (LeaseWord)
    {
        uint256 leftUcr = amountUcr;
        uint256 untilS = admitUntilS;
        if (lease.isOpen()) {
            leftUcr += lease.leftUcr();
            untilS = Math.max(untilS, lease.admitUntilS());
        }
        return LeaseWords.opened(leftUcr, untilS, nonce, CURSORS.haltedS());
    }

    // Internal: checks

    function _checkAsked(uint64 amountUcr, uint64 admitUntilS, uint32 maxTtlS) private view {
        require(amountUcr != 0 && amountUcr <= LeaseWords.MAX_UCR, LeaseAmountInvalid(amountUcr));
        uint64 nowS = uint64(block.timestamp);
        require(admitUntilS > nowS, LeaseExpired(admitUntilS, nowS));
        require(admitUntilS <= nowS + maxTtlS, LeaseTooLong(admitUntilS, nowS + maxTtlS));
    }

    /// @dev The meter wants the lease, and bills the project; nothing from it up is inactive.
    function _checkMeter(
        uint32 project,
        uint32 meter,
        uint64 amountUcr,
        uint64 admitUntilS,
        uint32 nonce,
        bytes calldata signature
    ) private view {
        (address leaseKey, bool isBilled, uint32 inactive) = REGISTRY.leasingOf(meter, project);
        bytes32 content =
            keccak256(abi.encode(LEASE_TYPEHASH, project, meter, amountUcr, admitUntilS, nonce));
        _checkSigned(leaseKey, content, signature);
        require(isBilled, MeterMayNotBill(meter, project));
        require(inactive == 0, LeaseRefused(LeaseRules.INACTIVE, inactive, 0, amountUcr));
    }

    /// @dev Recovery yields the zero address for no signature, so a meter without a lease key signs nothing.
    function _checkSigned(address leaseKey, bytes32 content, bytes calldata signature)
        private
        view
    {
        (address signer,,) = ECDSA.tryRecoverCalldata(_hashTypedDataV4(content), signature);
        require(signer == leaseKey && signer != address(0), LeaseSignatureInvalid(leaseKey, signer));
    }

    function _checkNonce(uint32 nonce, uint32 expected) private pure {
        require(nonce == expected, LeaseNonceInvalid(nonce, expected));
    }

    function _checkNotEnding(LeaseWord lease) private pure {
        uint64 endSeq = lease.endSeq();
        if (endSeq != 0) revert LeaseEnding(endSeq - 1);
    }

    function _checkReleasable(LeaseWord lease, uint32 meter) private view {
        uint64 nextSeq = CURSORS.cursorOf(meter).nextSeq;
        uint64 endSeq = lease.endSeq();
        if (endSeq != 0 && nextSeq >= endSeq) return;
        uint256 haltedS = CURSORS.haltedS() - lease.haltedBeforeS();
        uint256 releasableAtS = lease.admitUntilS() + leaseTerms.graceS + haltedS;
        // Seconds fit 64 bits.
        // forge-lint: disable-next-item(unsafe-typecast)
        require(
            block.timestamp >= releasableAtS, LeaseInUse(endSeq, nextSeq, uint64(releasableAtS))
        );
    }
}
