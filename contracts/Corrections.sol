// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {IBudgets} from "./interfaces/IBudgets.sol";
import {Credit, ICorrections, Release} from "./interfaces/ICorrections.sol";
import {ICursors} from "./interfaces/ICursors.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IValidatorSet} from "./interfaces/IValidatorSet.sol";
import {CreditIds} from "./libraries/CreditIds.sol";
import {FactTime} from "./libraries/FactTime.sol";
import {Quorum} from "./libraries/Quorum.sol";

/// @title Corrections
contract Corrections is ICorrections, AccessManaged, EIP712 {
    using BitMaps for BitMaps.BitMap;

    bytes32 private constant RELEASE_TYPEHASH = keccak256(
        "Release(uint32 meter,uint64 seq,uint32 project,uint16 resource,uint64 user,uint64 costUcr,bytes32 recordHash)"
    );
    bytes32 private constant CREDIT_TYPEHASH = keccak256(
        "Credit(uint32 meter,uint64 seq,uint32 project,uint64 costUcr,uint64 amountUcr,bytes32 recordHash,bytes32 reason)"
    );
    /// @dev The highest cost a record can hold.
    uint64 private constant MAX_COST_UCR = (1 << 55) - 1;

    IRegistry private immutable REGISTRY;
    IValidatorSet private immutable VALIDATORS;
    IBudgets private immutable BUDGETS;
    ICursors private immutable CURSORS;

    mapping(uint32 meter => BitMaps.BitMap) private _released;
    mapping(uint32 meter => BitMaps.BitMap) private _credited;

    /// @param authority_ The network's AccessManager.
    /// @param registry Where accounts and meters are, and the cursors.
    /// @param validators Who attests.
    /// @param budgets What is charged and issued.
    constructor(address authority_, IRegistry registry, IValidatorSet validators, IBudgets budgets)
        AccessManaged(authority_)
        EIP712("Tallystick Corrections", "1")
    {
        REGISTRY = registry;
        VALIDATORS = validators;
        BUDGETS = budgets;
        CURSORS = registry.cursors();
    }

    /// @inheritdoc ICorrections
    function release(Release calldata entry, uint256 signerBitmap, bytes32[] calldata signatures)
        external
        override
        restricted
    {
        _checkSettled(entry.meter, entry.seq);
        require(!isReleased(entry.meter, entry.seq), AlreadyReleased(entry.meter, entry.seq));
        _checkAmount(entry.costUcr, MAX_COST_UCR);
        _checkQuorum(releaseDigest(entry), signerBitmap, signatures);
        _released[entry.meter].set(entry.seq);
        emit RecordReleased(
            entry.meter,
            entry.seq,
            entry.project,
            entry.resource,
            entry.user,
            entry.costUcr,
            entry.recordHash
        );
        _charge(entry.project, entry.meter, entry.costUcr);
    }

    /// @inheritdoc ICorrections
    function credit(
        Credit calldata entry,
        bytes calldata ownerSignature,
        bytes calldata registrarSignature,
        uint256 signerBitmap,
        bytes32[] calldata signatures
    ) external override restricted {
        _checkSettled(entry.meter, entry.seq);
        require(!isCredited(entry.meter, entry.seq), AlreadyCredited(entry.meter, entry.seq));
        _checkAmount(entry.costUcr, MAX_COST_UCR);
        _checkAmount(entry.amountUcr, entry.costUcr);
        bytes32 digest = creditDigest(entry);
        address owner = _checkOwner(entry, digest, ownerSignature);
        address registrar = _checkRegistrar(entry, digest, registrarSignature);
        _checkQuorum(digest, signerBitmap, signatures);
        _credited[entry.meter].set(entry.seq);
        _announce(entry, owner, registrar);
        BUDGETS.issue(entry.project, CreditIds.GENERAL, entry.amountUcr);
    }

    /// @inheritdoc ICorrections
    function parts()
        external
        view
        override
        returns (address registry, address validators, address budgets)
    {
        return (address(REGISTRY), address(VALIDATORS), address(BUDGETS));
    }

    /// @inheritdoc ICorrections
    function releaseDigest(Release calldata entry) public view override returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(RELEASE_TYPEHASH, entry)));
    }

    /// @inheritdoc ICorrections
    function creditDigest(Credit calldata entry) public view override returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(CREDIT_TYPEHASH, entry)));
    }

    /// @inheritdoc ICorrections
    function isReleased(uint32 meter, uint64 seq) public view override returns (bool) {
        return _released[meter].get(seq);
    }

    /// @inheritdoc ICorrections
    function isCredited(uint32 meter, uint64 seq) public view override returns (bool) {
        return _credited[meter].get(seq);
    }

    // Internal

    function _announce(Credit calldata entry, address owner, address registrar) private {
        emit RecordCredited(
            entry.meter,
            entry.seq,
            entry.project,
            entry.costUcr,
            entry.amountUcr,
            entry.recordHash,
            entry.reason,
            owner,
            registrar
        );
    }

    /// @dev As the ledger would have charged it: the meter's lease of the project pays first.
    function _charge(uint32 project, uint32 meter, uint64 costUcr) private {
        uint256[] memory projects = new uint256[](1);
        uint256[] memory costsUcr = new uint256[](1);
        bytes32[] memory lines = new bytes32[](1);
        (projects[0], costsUcr[0]) = (project, costUcr);
        lines[0] = bytes32((uint256(meter) << 128) | costUcr);
        BUDGETS.charge(projects, costsUcr, lines);
    }

    function _checkSettled(uint32 meter, uint64 seq) private view {
        uint64 nextSeq = CURSORS.cursorOf(meter).nextSeq;
        require(seq < nextSeq, NotSettled(meter, seq, nextSeq));
    }

    function _checkOwner(Credit calldata entry, bytes32 digest, bytes calldata signature)
        private
        view
        returns (address owner)
    {
        uint32 account = REGISTRY.meterOf(entry.meter).account;
        require(
            REGISTRY.organisationOf(account) == REGISTRY.organisationOf(entry.project),
            OrganisationsDiffer(entry.meter, entry.project)
        );
        owner = _signerOf(digest, signature);
        bool isOwner = owner != address(0) && REGISTRY.isController(owner, account);
        require(isOwner, OwnerNotAuthorised(owner, account));
    }

    function _checkRegistrar(Credit calldata entry, bytes32 digest, bytes calldata signature)
        private
        view
        returns (address registrar)
    {
        registrar = _signerOf(digest, signature);
        bool isRegistrar = registrar != address(0) && REGISTRY.isRegistrar(registrar, entry.project);
        require(isRegistrar, RegistrarNotAuthorised(registrar, entry.project));
    }

    function _checkQuorum(bytes32 digest, uint256 signerBitmap, bytes32[] calldata signatures)
        private
        view
    {
        Quorum.check(digest, VALIDATORS.attestersAt(FactTime.nowMs()), signerBitmap, signatures);
    }

    function _checkAmount(uint64 amountUcr, uint64 limitUcr) private pure {
        require(amountUcr != 0 && amountUcr <= limitUcr, AmountInvalid(amountUcr, limitUcr));
    }

    /// @dev Zero where the signature is malformed.
    function _signerOf(bytes32 digest, bytes calldata signature)
        private
        pure
        returns (address who)
    {
        (who,,) = ECDSA.tryRecoverCalldata(digest, signature);
    }
}
