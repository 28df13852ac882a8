// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {EconomyFixture} from "./support/EconomyFixture.sol";

/// @title No signature means anything to another contract than the one it was made for (THREATS T2, T15)
contract SignatureAttacksTest is EconomyFixture {
    /// @dev Name, version, chain and contract, and nothing else.
    bytes1 private constant FIELDS = 0x0f;

    function setUp() external {
        deployEconomy(4);
    }

    /// @dev Each domain names its own contract on this chain, and no two go by one name: not even a contract that is
    /// replaced at its address could take another's signatures for its own.
    function test_domains_areAllDifferent() external view {
        address[9] memory all = [
            address(ledger),
            address(leases),
            address(market),
            address(priceIndex),
            address(corrections),
            address(freezes),
            address(guardian),
            address(seats),
            address(governor)
        ];
        bytes32[] memory names = new bytes32[](all.length);
        for (uint256 i = 0; i < all.length; ++i) {
            names[i] = _nameOf(all[i]);
            for (uint256 j = 0; j < i; ++j) {
                assertTrue(names[i] != names[j], "two domains have one name");
            }
        }
    }

    function _nameOf(address signedFor) private view returns (bytes32) {
        (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifier,
            bytes32 salt,
            uint256[] memory extensions
        ) = IERC5267(signedFor).eip712Domain();
        assertTrue(fields == FIELDS, "other fields");
        assertEq(keccak256(bytes(version)), keccak256("1"));
        assertEq(chainId, block.chainid);
        assertEq(verifier, signedFor);
        assertEq(salt, bytes32(0));
        assertEq(extensions.length, 0);
        return keccak256(bytes(name));
    }
}
