// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BudgetFixture} from "./BudgetFixture.sol";

/// @title Leases and what meters sign for them, put together a second time and independently of the contract
abstract contract LeaseFixture is BudgetFixture {
    uint256 internal constant KEY = 0x1EA5E;
    uint64 internal constant TTL_S = 600;

    uint32 internal gateway;

    /// @dev A project with a million credits that no budget limits, and a gateway on acme that signs leases.
    function deployLeases() internal {
        deployBudgets();
        gateway = gatewayOn(acme, "gateway");
        grant(project, 1e12);
    }

    function gatewayOn(uint32 owner, string memory name) internal returns (uint32) {
        VM.prank(CONTROLLER);
        return registry.registerMeter(owner, name, keccak256(bytes(name)), VM.addr(KEY), bounds());
    }

    function nextNonce(uint32 of_, uint32 with_) internal view returns (uint32) {
        return leases.leaseOf(of_, with_).nonce + 1;
    }

    /// @dev The gateway's lease of the project, or more of it.
    function lease(uint64 amountUcr) internal {
        leaseOf(project, gateway, amountUcr);
    }

    function leaseOf(uint32 of_, uint32 with_, uint64 amountUcr) internal {
        uint64 untilS = uint64(block.timestamp) + TTL_S;
        uint32 nonce = nextNonce(of_, with_);
        bytes memory signature = signLease(KEY, of_, with_, amountUcr, untilS, nonce);
        leases.openLease(of_, with_, amountUcr, untilS, nonce, signature);
    }

    function expectLeaseRefused(uint64 amountUcr, bytes memory reason) internal {
        uint64 untilS = uint64(block.timestamp) + TTL_S;
        uint32 nonce = nextNonce(project, gateway);
        bytes memory signature = signLease(KEY, project, gateway, amountUcr, untilS, nonce);
        VM.expectRevert(reason);
        leases.openLease(project, gateway, amountUcr, untilS, nonce, signature);
    }

    function declare(uint64 lastSeq) internal {
        uint32 nonce = leases.leaseOf(project, gateway).nonce;
        bytes memory signature = signEnd(KEY, project, gateway, lastSeq, nonce);
        leases.declareLast(project, gateway, lastSeq, nonce, signature);
    }

    /// @dev What the first project's use by one meter cost, and nothing else.
    function chargeLine(uint32 billed, uint32 from, uint256 costUcr) internal {
        uint256[] memory projects = new uint256[](1);
        uint256[] memory costsUcr = new uint256[](1);
        bytes32[] memory lines = new bytes32[](1);
        (projects[0], costsUcr[0]) = (billed, costUcr);
        lines[0] = bytes32((uint256(from) << 128) | costUcr);
        VM.prank(LEDGER);
        budgets.charge(projects, costsUcr, lines);
    }

    function leftUcr() internal view returns (uint256) {
        return leases.leaseOf(project, gateway).leftUcr;
    }

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
