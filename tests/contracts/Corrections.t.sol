// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Corrections} from "../../contracts/Corrections.sol";
import {Credit, ICorrections, Release} from "../../contracts/interfaces/ICorrections.sol";
import {Quorum} from "../../contracts/libraries/Quorum.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {Batches} from "./support/Batches.sol";
import {NetworkFixture} from "./support/NetworkFixture.sol";

/// @title Quarantined records released, settled ones credited: each once, each on the word of all who have to give it
contract CorrectionsTest is NetworkFixture {
    uint256 private constant QUORUM = 7;
    uint64 private constant QUARANTINED = 3 << 56;
    uint64 private constant COST_UCR = 700;
    uint256 private constant OWNER_KEY = 0x0E7;
    uint256 private constant REGISTRAR_KEY = 0x4E6;
    uint256 private constant OTHER_KEY = 0x07E4;

    Corrections private _corrections;

    /// @dev Record 0 of the meter is quarantined, record 1 cost 700.
    function setUp() external {
        deployNetwork(4);
        _corrections = _deployed();
        manager.grantRole(Roles.registrarOf(acme), VM.addr(REGISTRAR_KEY), 0);
        VM.prank(CONTROLLER);
        registry.setController(acme, VM.addr(OWNER_KEY));
        settle(one(Batches.segment(meter, 0, Batches.records(1, project, QUARANTINED))));
        settle(one(Batches.segment(meter, 1, Batches.records(1, project, COST_UCR))));
    }

    // Releases

    function test_release_revertsWhen_recordHasNotSettled() external {
        Release memory entry = _release();
        entry.seq = 2;
        _expectNotSettled(2);
        _send(entry, QUORUM);
        entry.seq = type(uint64).max;
        _expectNotSettled(type(uint64).max);
        _send(entry, QUORUM);
        entry.meter = 99;
        VM.expectRevert(
            abi.encodeWithSelector(ICorrections.NotSettled.selector, 99, type(uint64).max, 0)
        );
        _send(entry, QUORUM);
    }

    /// @dev I7: once, also when everything else about it differs.
    function test_release_revertsWhen_recordWasReleased() external {
        Release memory entry = _release();
        _send(entry, QUORUM);
        entry.costUcr += 1;
        entry.recordHash = keccak256("another record");
        VM.expectRevert(abi.encodeWithSelector(ICorrections.AlreadyReleased.selector, meter, 0));
        _send(entry, QUORUM);
        assertEq(_lifetimeUcr(), 2 * COST_UCR);
    }

    function test_release_revertsWhen_costIsOutOfBounds() external {
        Release memory entry = _release();
        uint64 limitUcr = (1 << 55) - 1;
        entry.costUcr = 0;
        _expectAmountInvalid(0, limitUcr);
        _send(entry, QUORUM);
        entry.costUcr = limitUcr + 1;
        _expectAmountInvalid(limitUcr + 1, limitUcr);
        _send(entry, QUORUM);
    }

    /// @dev I5.
    function test_release_revertsWhen_quorumIsNotReached() external {
        Release memory entry = _release();
        VM.expectRevert(abi.encodeWithSelector(Quorum.QuorumNotReached.selector, 2, 3));
        _send(entry, 3);
        assertEq(_lifetimeUcr(), COST_UCR);
    }

    /// @dev THREATS T3: whatever of the entry is changed, or wherever it is taken, the signatures do not hold.
    function test_release_revertsWhen_anythingSignedIsChanged() external {
        bytes32[] memory signatures = signaturesOf(_corrections.releaseDigest(_release()), QUORUM);
        for (uint256 i = 0; i < 6; ++i) {
            Release memory entry = _release();
            if (i == 0) entry.seq = 1;
            if (i == 1) entry.project = team;
            if (i == 2) entry.resource += 1;
            if (i == 3) entry.user += 1;
            if (i == 4) entry.costUcr += 1;
            if (i == 5) entry.recordHash = 0;
            _expectSignatureInvalid(0);
            _corrections.release(entry, QUORUM, signatures);
        }
        Corrections other = _deployed();
        _expectSignatureInvalid(0);
        other.release(_release(), QUORUM, signatures);
        VM.chainId(4);
        _expectSignatureInvalid(0);
        _corrections.release(_release(), QUORUM, signatures);
    }

    function test_release_chargesTheProject_whoeverSends() external {
        grant(project, 10_000);
        uint256 before = budgets.budgetOf(project).generalUcr;
        Release memory entry = _release();
        bytes32[] memory signatures = signaturesOf(_corrections.releaseDigest(entry), QUORUM);
        VM.expectEmit(address(_corrections));
        emit ICorrections.RecordReleased(meter, 0, project, resource, 7, COST_UCR, entry.recordHash);
        VM.prank(STRANGER);
        _corrections.release(entry, QUORUM, signatures);
        assertEq(_corrections.isReleased(meter, 0), true);
        assertEq(_corrections.isReleased(meter, 1), false);
        assertEq(_corrections.isCredited(meter, 0), false);
        assertEq(_lifetimeUcr(), 2 * COST_UCR);
        assertEq(budgets.budgetOf(project).generalUcr, before - COST_UCR);
    }

    /// @dev A release is use: without a balance it is an overdraft, and it never reverts for money.
    function test_release_isAnOverdraft_withoutABalance() external {
        uint256 before = budgets.budgetOf(project).overdraftUcr;
        _send(_release(), QUORUM);
        assertEq(budgets.budgetOf(project).overdraftUcr, before + COST_UCR);
    }

    // Credits: error cases in the order of the checks

    function test_credit_revertsWhen_recordHasNotSettled() external {
        Credit memory entry = _credit();
        entry.seq = 2;
        _expectNotSettled(2);
        _send(entry, OWNER_KEY, REGISTRAR_KEY, QUORUM);
    }

    /// @dev Once, whatever part of the cost was given back.
    function test_credit_revertsWhen_recordWasCredited() external {
        Credit memory entry = _credit();
        entry.amountUcr = 1;
        _send(entry, OWNER_KEY, REGISTRAR_KEY, QUORUM);
        entry.amountUcr = 2;
        VM.expectRevert(abi.encodeWithSelector(ICorrections.AlreadyCredited.selector, meter, 1));
        _send(entry, OWNER_KEY, REGISTRAR_KEY, QUORUM);
    }

    function test_credit_revertsWhen_amountExceedsTheCost() external {
        Credit memory entry = _credit();
        entry.amountUcr = COST_UCR + 1;
        _expectAmountInvalid(COST_UCR + 1, COST_UCR);
        _send(entry, OWNER_KEY, REGISTRAR_KEY, QUORUM);
        entry.amountUcr = 0;
        _expectAmountInvalid(0, COST_UCR);
        _send(entry, OWNER_KEY, REGISTRAR_KEY, QUORUM);
        uint64 limitUcr = (1 << 55) - 1;
        (entry.costUcr, entry.amountUcr) = (limitUcr + 1, 1);
        _expectAmountInvalid(limitUcr + 1, limitUcr);
        _send(entry, OWNER_KEY, REGISTRAR_KEY, QUORUM);
    }

    function test_credit_revertsWhen_projectIsOfAnotherOrganisation() external {
        Credit memory entry = _credit();
        entry.project = organisation("other");
        VM.expectRevert(
            abi.encodeWithSelector(ICorrections.OrganisationsDiffer.selector, meter, entry.project)
        );
        _send(entry, OWNER_KEY, REGISTRAR_KEY, QUORUM);
    }

    /// @dev Neither a stranger nor the registrar owns the meter, nor the controller of an account below the meter's.
    function test_credit_revertsWhen_signerDoesNotOwnTheMeter() external {
        VM.prank(CONTROLLER);
        registry.setController(project, VM.addr(OTHER_KEY));
        uint256[2] memory keys = [OTHER_KEY, REGISTRAR_KEY];
        for (uint256 i = 0; i < keys.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(
                    ICorrections.OwnerNotAuthorised.selector, VM.addr(keys[i]), acme
                )
            );
            _send(_credit(), keys[i], REGISTRAR_KEY, QUORUM);
        }
    }

    function test_credit_revertsWhen_signerIsNotTheRegistrar() external {
        VM.expectRevert(
            abi.encodeWithSelector(
                ICorrections.RegistrarNotAuthorised.selector, VM.addr(OWNER_KEY), project
            )
        );
        _send(_credit(), OWNER_KEY, OWNER_KEY, QUORUM);
    }

    function test_credit_revertsWhen_registrarWasReplaced() external {
        manager.revokeRole(Roles.registrarOf(acme), VM.addr(REGISTRAR_KEY));
        VM.expectRevert(
            abi.encodeWithSelector(
                ICorrections.RegistrarNotAuthorised.selector, VM.addr(REGISTRAR_KEY), project
            )
        );
        _send(_credit(), OWNER_KEY, REGISTRAR_KEY, QUORUM);
    }

    /// @dev A signature that recovers to no key must not pass for an address of zero.
    function test_credit_revertsWhen_aSignatureIsMalformed() external {
        Credit memory entry = _credit();
        bytes32 digest = _corrections.creditDigest(entry);
        bytes32[] memory signatures = signaturesOf(digest, QUORUM);
        bytes memory owner = _signature(OWNER_KEY, digest);
        bytes memory registrar = _signature(REGISTRAR_KEY, digest);
        VM.expectRevert(
            abi.encodeWithSelector(ICorrections.OwnerNotAuthorised.selector, address(0), acme)
        );
        _corrections.credit(entry, "", registrar, QUORUM, signatures);
        VM.expectRevert(
            abi.encodeWithSelector(
                ICorrections.RegistrarNotAuthorised.selector, address(0), project
            )
        );
        _corrections.credit(entry, owner, new bytes(65), QUORUM, signatures);
    }

    /// @dev Owner and registrar alone mint nothing.
    function test_credit_revertsWhen_quorumIsNotReached() external {
        VM.expectRevert(abi.encodeWithSelector(Quorum.QuorumNotReached.selector, 2, 3));
        _send(_credit(), OWNER_KEY, REGISTRAR_KEY, 3);
        assertEq(budgets.budgetOf(project).generalUcr, 0);
    }

    /// @dev What was signed for one amount gives back no other.
    function test_credit_revertsWhen_anythingSignedIsChanged() external {
        bytes32 digest = _corrections.creditDigest(_credit());
        bytes32[] memory signatures = signaturesOf(digest, QUORUM);
        bytes memory owner = _signature(OWNER_KEY, digest);
        bytes memory registrar = _signature(REGISTRAR_KEY, digest);
        for (uint256 i = 0; i < 6; ++i) {
            Credit memory entry = _credit();
            if (i == 0) entry.seq = 0;
            if (i == 1) entry.project = team;
            if (i == 2) entry.costUcr += 1;
            if (i == 3) entry.amountUcr -= 1;
            if (i == 4) entry.recordHash = 0;
            if (i == 5) entry.reason = 0;
            _expectOwnerRefused(entry, owner);
            _corrections.credit(entry, owner, registrar, QUORUM, signatures);
        }
    }

    function test_credit_givesBack_whoeverSends() external {
        grant(project, 10_000);
        uint256 before = budgets.budgetOf(project).generalUcr;
        Credit memory entry = _credit();
        bytes32 digest = _corrections.creditDigest(entry);
        bytes memory owner = _signature(OWNER_KEY, digest);
        bytes memory registrar = _signature(REGISTRAR_KEY, digest);
        bytes32[] memory signatures = signaturesOf(digest, QUORUM);
        VM.expectEmit(address(_corrections));
        emit ICorrections.RecordCredited(
            meter,
            1,
            project,
            COST_UCR,
            500,
            entry.recordHash,
            entry.reason,
            VM.addr(OWNER_KEY),
            VM.addr(REGISTRAR_KEY)
        );
        VM.prank(STRANGER);
        _corrections.credit(entry, owner, registrar, QUORUM, signatures);
        assertEq(budgets.budgetOf(project).generalUcr, before + 500);
        assertEq(_corrections.isCredited(meter, 1), true);
        assertEq(_corrections.isReleased(meter, 1), false);
        // What was spent stays spent: the credit is an entry of its own.
        assertEq(_lifetimeUcr(), COST_UCR);
    }

    /// @dev An overdraft is repaid before anything can be spent.
    function test_credit_repaysAnOverdraftFirst() external {
        assertEq(budgets.budgetOf(project).overdraftUcr, COST_UCR);
        _send(_credit(), OWNER_KEY, REGISTRAR_KEY, QUORUM);
        assertEq(budgets.budgetOf(project).overdraftUcr, COST_UCR - 500);
        assertEq(budgets.budgetOf(project).generalUcr, 0);
    }

    // Closing, and what is signed

    /// @dev The guardian can close both ways; who has no role of the budgets moves nothing through them.
    function test_corrections_revertWhen_theContractIsClosed() external {
        manager.setTargetClosed(address(_corrections), true);
        Release memory entry = _release();
        bytes32[] memory signatures = signaturesOf(_corrections.releaseDigest(entry), QUORUM);
        VM.expectRevert(
            abi.encodeWithSignature("AccessManagedUnauthorized(address)", address(this))
        );
        _corrections.release(entry, QUORUM, signatures);
    }

    /// @dev Put together a second time from docs/protocol.md.
    function test_fuzz_digests_areThoseOfEIP712(Release calldata release, Credit calldata credit)
        external
        view
    {
        bytes32 releaseType = keccak256(
            "Release(uint32 meter,uint64 seq,uint32 project,uint16 resource,uint64 user,uint64 costUcr,bytes32 recordHash)"
        );
        bytes32 creditType = keccak256(
            "Credit(uint32 meter,uint64 seq,uint32 project,uint64 costUcr,uint64 amountUcr,bytes32 recordHash,bytes32 reason)"
        );
        assertEq(_corrections.releaseDigest(release), _typed(releaseType, abi.encode(release)));
        assertEq(_corrections.creditDigest(credit), _typed(creditType, abi.encode(credit)));
    }

    function test_parts_namesTheContracts() external view {
        (address registry_, address validators_, address budgets_) = _corrections.parts();
        assertEq(registry_, address(registry));
        assertEq(validators_, address(validators));
        assertEq(budgets_, address(budgets));
    }

    // Below

    function _deployed() private returns (Corrections corrections) {
        corrections = Corrections(
            deploy("Corrections", abi.encode(address(manager), registry, validators, budgets))
        );
        manager.grantRole(Roles.CHARGER, address(corrections), 0);
        manager.grantRole(Roles.ISSUER, address(corrections), 0);
        bytes4[] memory selectors = new bytes4[](2);
        (selectors[0], selectors[1]) = (corrections.release.selector, corrections.credit.selector);
        manager.setTargetFunctionRole(address(corrections), selectors, PUBLIC_ROLE);
    }

    function _release() private view returns (Release memory) {
        return Release({
            meter: meter,
            seq: 0,
            project: project,
            resource: resource,
            user: 7,
            costUcr: COST_UCR,
            recordHash: keccak256("record 0")
        });
    }

    function _credit() private view returns (Credit memory) {
        return Credit({
            meter: meter,
            seq: 1,
            project: project,
            costUcr: COST_UCR,
            amountUcr: 500,
            recordHash: keccak256("record 1"),
            reason: keccak256("reason")
        });
    }

    function _send(Release memory entry, uint256 bitmap) private {
        bytes32[] memory signatures = signaturesOf(_digestOf(entry), bitmap);
        _corrections.release(entry, bitmap, signatures);
    }

    function _send(Credit memory entry, uint256 ownerKey, uint256 registrarKey, uint256 bitmap)
        private
    {
        bytes32 digest = _digestOf(entry);
        _corrections.credit(
            entry,
            _signature(ownerKey, digest),
            _signature(registrarKey, digest),
            bitmap,
            signaturesOf(digest, bitmap)
        );
    }

    /// @dev Without a call, which an expected revert would take for the one that is meant.
    function _digestOf(Release memory entry) private view returns (bytes32) {
        return _typed(
            keccak256(
                "Release(uint32 meter,uint64 seq,uint32 project,uint16 resource,uint64 user,uint64 costUcr,bytes32 recordHash)"
            ),
            abi.encode(entry)
        );
    }

    function _digestOf(Credit memory entry) private view returns (bytes32) {
        return _typed(
            keccak256(
                "Credit(uint32 meter,uint64 seq,uint32 project,uint64 costUcr,uint64 amountUcr,bytes32 recordHash,bytes32 reason)"
            ),
            abi.encode(entry)
        );
    }

    function _typed(bytes32 typeHash, bytes memory content) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Tallystick Corrections"),
                keccak256("1"),
                block.chainid,
                address(_corrections)
            )
        );
        bytes32 message = keccak256(bytes.concat(typeHash, content));
        return keccak256(abi.encodePacked(hex"1901", domain, message));
    }

    function _signature(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _lifetimeUcr() private view returns (uint256) {
        return budgets.budgetOf(project).spentLifetimeUcr;
    }

    function _expectNotSettled(uint64 seq) private {
        VM.expectRevert(abi.encodeWithSelector(ICorrections.NotSettled.selector, meter, seq, 2));
    }

    function _expectAmountInvalid(uint256 amountUcr, uint256 limitUcr) private {
        VM.expectRevert(
            abi.encodeWithSelector(ICorrections.AmountInvalid.selector, amountUcr, limitUcr)
        );
    }

    function _expectSignatureInvalid(uint256 index) private {
        VM.expectRevert(abi.encodeWithSelector(Quorum.SignatureInvalid.selector, index));
    }

    /// @dev Another digest recovers to another address, which owns nothing.
    function _expectOwnerRefused(Credit memory entry, bytes memory signature) private {
        (bytes32 r, bytes32 s) = (_word(signature, 32), _word(signature, 64));
        address signer = ecrecover(_digestOf(entry), uint8(signature[64]), r, s);
        VM.expectRevert(
            abi.encodeWithSelector(ICorrections.OwnerNotAuthorised.selector, signer, acme)
        );
    }

    function _word(bytes memory data, uint256 offset) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(data, offset))
        }
    }
}
