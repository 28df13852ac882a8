// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MeterFreezes} from "../../contracts/MeterFreezes.sol";
import {IMeterFreezes} from "../../contracts/interfaces/IMeterFreezes.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {Validator} from "../../contracts/interfaces/IValidatorSet.sol";
import {Quorum} from "../../contracts/libraries/Quorum.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {NetworkFixture} from "./support/NetworkFixture.sol";

/// @title Meters frozen by a quorum that saw a proof of equivocation (THREATS T4)
contract MeterFreezesTest is NetworkFixture {
    uint64 private constant START_MS = 1_700_000_000_000;
    uint256 private constant QUORUM = 7;
    bytes32 private constant PROOF = keccak256("two frames");

    MeterFreezes private _freezes;

    function setUp() external {
        deployNetwork(4);
        _freezes = _deployed();
    }

    function test_freeze_revertsWhen_quorumIsNotReached() external {
        bytes32[] memory signatures = _signed(meter, PROOF, 3);
        VM.expectRevert(abi.encodeWithSelector(Quorum.QuorumNotReached.selector, 2, 3));
        _freezes.freeze(meter, PROOF, 3, signatures);
        assertEq(registry.meterOf(meter).frozen, false);
    }

    /// @dev THREATS T3: one validator's key signs for two.
    function test_freeze_revertsWhen_aSignatureIsForged() external {
        bytes32[] memory signatures = _signed(meter, PROOF, QUORUM);
        (signatures[4], signatures[5]) = (signatures[0], signatures[1]);
        _expectInvalid(2);
        _freezes.freeze(meter, PROOF, QUORUM, signatures);
    }

    /// @dev Signatures hold for one meter, one proof, one contract.
    function test_freeze_revertsWhen_signaturesAreOfAnother() external {
        bytes32[] memory signatures = _signed(meter, PROOF, QUORUM);
        _expectInvalid(0);
        _freezes.freeze(meter + 1, PROOF, QUORUM, signatures);
        _expectInvalid(0);
        _freezes.freeze(meter, keccak256("other frames"), QUORUM, signatures);
        MeterFreezes other = _deployed();
        _expectInvalid(0);
        other.freeze(meter, PROOF, QUORUM, signatures);
        bytes32 attestation = ledger.attestationDigest(PROOF);
        bytes32[] memory attested = signaturesOf(attestation, QUORUM);
        _expectInvalid(0);
        _freezes.freeze(meter, PROOF, QUORUM, attested);
    }

    function test_freeze_revertsWhen_signersLeftTheSet() external {
        bytes32[] memory signatures = _signed(meter, PROOF, QUORUM);
        Validator[] memory members = membersOf(8);
        Validator[] memory last = new Validator[](4);
        for (uint256 i = 0; i < 4; ++i) {
            last[i] = members[4 + i];
        }
        validators.setValidators(last);
        VM.warp(START_S + SET_LEAD_S);
        _expectInvalid(0);
        _freezes.freeze(meter, PROOF, QUORUM, signatures);
    }

    function test_freeze_revertsWhen_meterIsUnknown() external {
        bytes32[] memory signatures = _signed(99, PROOF, QUORUM);
        VM.expectRevert(abi.encodeWithSelector(IRegistry.MeterUnknown.selector, 99));
        _freezes.freeze(99, PROOF, QUORUM, signatures);
    }

    function test_freeze_freezesTheMeter_whoeverSends() external {
        bytes32[] memory signatures = _signed(meter, PROOF, QUORUM);
        VM.expectEmit(address(_freezes));
        emit IMeterFreezes.MeterFreezeProven(meter, PROOF, QUORUM);
        VM.expectEmit(address(registry));
        emit IRegistry.MeterFrozenSet(meter, true, START_MS);
        VM.prank(STRANGER);
        _freezes.freeze(meter, PROOF, QUORUM, signatures);
        assertEq(registry.meterOf(meter).frozen, true);
        assertEq(registry.frozenAtS(meter), START_S);
        assertEq(_freezes.isProven(meter, PROOF), true);
    }

    /// @dev Once lifted, a freeze is not put back by the same proof.
    function test_freeze_revertsWhen_proofWasUsed() external {
        bytes32[] memory signatures = _signed(meter, PROOF, QUORUM);
        _freezes.freeze(meter, PROOF, QUORUM, signatures);
        registry.setMeterFrozen(meter, false);
        VM.expectRevert(abi.encodeWithSelector(IMeterFreezes.ProofUsed.selector, meter, PROOF));
        _freezes.freeze(meter, PROOF, QUORUM, signatures);
        bytes32 another = keccak256("two more frames");
        _freezes.freeze(meter, another, QUORUM, _signed(meter, another, QUORUM));
        assertEq(registry.meterOf(meter).frozen, true);
    }

    /// @dev A guardian's pause ends; a proof's freeze must not end with it.
    function test_freeze_countsAnew_whereTheMeterIsFrozen() external {
        VM.prank(WARDEN);
        registry.setMeterFrozen(meter, true);
        VM.warp(START_S + 60);
        _freezes.freeze(meter, PROOF, QUORUM, _signed(meter, PROOF, QUORUM));
        assertEq(registry.frozenAtS(meter), START_S + 60);
    }

    /// @dev Put together a second time from docs/protocol.md.
    function test_freezeDigest_isThatOfEIP712() external view {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Tallystick MeterFreezes"),
                keccak256("1"),
                block.chainid,
                address(_freezes)
            )
        );
        bytes32 content = keccak256(
            abi.encode(keccak256("Freeze(uint32 meter,bytes32 proofHash)"), uint256(meter), PROOF)
        );
        assertEq(
            _freezes.freezeDigest(meter, PROOF),
            keccak256(abi.encodePacked(hex"1901", domain, content))
        );
    }

    function test_parts_namesTheContracts() external view {
        (address registry_, address validators_) = _freezes.parts();
        assertEq(registry_, address(registry));
        assertEq(validators_, address(validators));
    }

    function _deployed() private returns (MeterFreezes freezes) {
        freezes = MeterFreezes(
            deploy("MeterFreezes", abi.encode(address(manager), registry, validators))
        );
        manager.grantRole(Roles.WARDEN, address(freezes), 0);
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = freezes.freeze.selector;
        manager.setTargetFunctionRole(address(freezes), selectors, PUBLIC_ROLE);
    }

    function _signed(uint32 which, bytes32 proofHash, uint256 bitmap)
        private
        view
        returns (bytes32[] memory)
    {
        return signaturesOf(_freezes.freezeDigest(which, proofHash), bitmap);
    }

    function _expectInvalid(uint256 index) private {
        VM.expectRevert(abi.encodeWithSelector(Quorum.SignatureInvalid.selector, index));
    }
}
