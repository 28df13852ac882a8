// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BudgetFixture} from "./BudgetFixture.sol";

/// @title Leases and what meters sign for them, put together a second time and independently of the contract
abstract contract LeaseFixture is BudgetFixture {
    function signLease(
        uint256 key,
        uint32 of_,
        uint32 with_,
        uint64 amountUcr,
        uint64 untilS,
        uint32 nonce
    ) internal view returns (bytes memory) {
        bytes32 typeHash = keccak256(
            "Lease(uint32 project,uint32 meter,uint64 amountUcr,uint64 admitUntilS,uint32 nonce)"
        );
        return _sign(key, keccak256(abi.encode(typeHash, of_, with_, amountUcr, untilS, nonce)));
    }

    function signEnd(uint256 key, uint32 of_, uint32 with_, uint64 lastSeq, uint32 nonce)
        internal
        view
        returns (bytes memory)
    {
        bytes32 typeHash =
            keccak256("LeaseEnd(uint32 project,uint32 meter,uint64 lastSeq,uint32 nonce)");
        return _sign(key, keccak256(abi.encode(typeHash, of_, with_, lastSeq, nonce)));
    }

    function _sign(uint256 key, bytes32 content) private view returns (bytes memory) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Tallystick Leases"),
                keccak256("1"),
                block.chainid,
                address(leases)
            )
        );
        (uint8 v, bytes32 r, bytes32 s) =
            VM.sign(key, keccak256(abi.encodePacked(hex"1901", domain, content)));
        return abi.encodePacked(r, s, v);
    }
}
