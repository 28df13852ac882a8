// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IMeterFreezes} from "./interfaces/IMeterFreezes.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IValidatorSet} from "./interfaces/IValidatorSet.sol";
import {FactTime} from "./libraries/FactTime.sol";
import {Quorum} from "./libraries/Quorum.sol";

/// @title MeterFreezes
contract MeterFreezes is IMeterFreezes, AccessManaged, EIP712 {
    bytes32 private constant FREEZE_TYPEHASH = keccak256("Freeze(uint32 meter,bytes32 proofHash)");

    IRegistry private immutable REGISTRY;
    IValidatorSet private immutable VALIDATORS;

    /// @inheritdoc IMeterFreezes
    mapping(uint32 meter => mapping(bytes32 proofHash => bool)) public override isProven;

    /// @param authority_ The network's AccessManager.
    /// @param registry Where meters are frozen.
    /// @param validators Who attests.
    constructor(address authority_, IRegistry registry, IValidatorSet validators)
        AccessManaged(authority_)
        EIP712("Tallystick MeterFreezes", "1")
    {
        REGISTRY = registry;
        VALIDATORS = validators;
    }

    /// @inheritdoc IMeterFreezes
    function freeze(
        uint32 meter,
        bytes32 proofHash,
        uint256 signerBitmap,
        bytes32[] calldata signatures
    ) external override restricted {
        require(!isProven[meter][proofHash], ProofUsed(meter, proofHash));
        Quorum.check(
            freezeDigest(meter, proofHash),
            VALIDATORS.attestersAt(FactTime.nowMs()),
            signerBitmap,
            signatures
        );
        isProven[meter][proofHash] = true;
        emit MeterFreezeProven(meter, proofHash, signerBitmap);
        REGISTRY.setMeterFrozen(meter, true);
    }

    /// @inheritdoc IMeterFreezes
    function parts() external view override returns (address registry, address validators) {
        return (address(REGISTRY), address(VALIDATORS));
    }

    /// @inheritdoc IMeterFreezes
    function freezeDigest(uint32 meter, bytes32 proofHash) public view override returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(FREEZE_TYPEHASH, meter, proofHash)));
    }
}
