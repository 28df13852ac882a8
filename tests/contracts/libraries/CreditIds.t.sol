// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CreditIds} from "../../../contracts/libraries/CreditIds.sol";
import {Assertions} from "../support/Assertions.sol";

/// @title The kinds of credits, and who they lie with
contract CreditIdsTest is Assertions {
    function test_ids_areThoseOfTheScheme() external pure {
        assertEq(CreditIds.GENERAL, 1);
        assertEq(CreditIds.EXPLORATION, 2);
        assertEq(CreditIds.planOf(7), 0x1_0000_0007);
        assertEq(CreditIds.PROVIDER | 7, 0x2_0000_0007);
    }

    function test_isTransferable_isTrueForGeneralAndProviderOnly() external pure {
        assertEq(CreditIds.isTransferable(CreditIds.GENERAL), true);
        assertEq(CreditIds.isTransferable(CreditIds.PROVIDER | 7), true);
        assertEq(CreditIds.isTransferable(CreditIds.EXPLORATION), false);
        assertEq(CreditIds.isTransferable(CreditIds.planOf(7)), false);
    }

    function test_isSpendable_isFalseForProviderCreditsOnly() external pure {
        assertEq(CreditIds.isSpendable(CreditIds.GENERAL), true);
        assertEq(CreditIds.isSpendable(CreditIds.planOf(7)), true);
        assertEq(CreditIds.isSpendable(CreditIds.EXPLORATION), true);
        assertEq(CreditIds.isSpendable(CreditIds.PROVIDER | 7), false);
    }

    /// @dev T4: neither zero nor anything else outside the scheme is worth something.
    function test_fuzz_unknownIds_areWorthNothing(uint256 id) external pure {
        bool isKnown = id == 1 || id == 2 || id >> 32 == 1 || id >> 32 == 2;
        if (isKnown) id = 0;
        assertEq(CreditIds.isTransferable(id), false);
        assertEq(CreditIds.isSpendable(id), false);
    }

    function test_fuzz_planOf_namesItsProject(uint32 project) external pure {
        uint256 id = CreditIds.planOf(project);
        assertEq(CreditIds.projectOf(id), project);
        assertEq(CreditIds.classOf(id), CreditIds.PLAN);
    }

    function test_addressOf_isReadable() external pure {
        assertEq(
            CreditIds.addressOf(1),
            address(bytes20(abi.encodePacked("tallystick/acct:", uint32(1))))
        );
        assertEq(
            CreditIds.addressOf(type(uint32).max),
            address(bytes20(hex"74616c6c79737469636b2f616363743affffffff"))
        );
    }

    /// @dev T15: no account's address is another's, nor a plain hash of a number that someone may hold a key of.
    function test_fuzz_addressOf_isItsOwn(uint32 account, uint32 other) external pure {
        VM.assume(account != other);
        assertTrue(
            CreditIds.addressOf(account) != CreditIds.addressOf(other), "addresses are distinct"
        );
        address bare = address(uint160(uint256(keccak256(abi.encode(account)))));
        assertTrue(CreditIds.addressOf(account) != bare, "addresses have their own domain");
    }

    function test_addressOf_knowsThePools() external {
        assertEq(
            CreditIds.addressOf(CreditIds.EXPLORATION_POOL),
            address(bytes20(abi.encodePacked("tallystick/pool:", uint32(1))))
        );
        assertEq(
            CreditIds.addressOf(CreditIds.PENDING_REDEMPTIONS),
            address(bytes20(abi.encodePacked("tallystick/pool:", uint32(4))))
        );
        uint256[4] memory strangers = [
            CreditIds.EXPLORATION_POOL - 1,
            CreditIds.PENDING_REDEMPTIONS + 1,
            (uint256(1) << 64) | 7,
            type(uint256).max
        ];
        for (uint256 i = 0; i < 4; ++i) {
            VM.expectRevert(abi.encodeWithSelector(CreditIds.HolderUnknown.selector, strangers[i]));
            this.addressOf(strangers[i]);
        }
    }

    function test_isHoldable_knowsWhoseCreditsTheyMayBe() external pure {
        assertEq(CreditIds.isHoldable(7, CreditIds.GENERAL), true);
        assertEq(CreditIds.isHoldable(CreditIds.SWAP_ESCROW, CreditIds.PROVIDER | 3), true);
        assertEq(CreditIds.isHoldable(7, CreditIds.planOf(7)), true);
        assertEq(CreditIds.isHoldable(8, CreditIds.planOf(7)), false);
        assertEq(CreditIds.isHoldable(CreditIds.SWAP_ESCROW, CreditIds.planOf(2)), false);
        assertEq(CreditIds.isHoldable(7, 3), false);
        assertEq(CreditIds.isHoldable(7, 3 << 32), false);
    }

    function test_isInWallet_isTrueForWhatPaysForUse() external pure {
        address owner = CreditIds.addressOf(7);
        assertEq(CreditIds.isInWallet(owner, CreditIds.GENERAL), true);
        assertEq(CreditIds.isInWallet(owner, CreditIds.EXPLORATION), true);
        assertEq(CreditIds.isInWallet(owner, CreditIds.planOf(7)), true);
        assertEq(CreditIds.isInWallet(owner, CreditIds.planOf(8)), false);
        assertEq(CreditIds.isInWallet(owner, CreditIds.PROVIDER | 7), false);
        address pool = CreditIds.addressOf(CreditIds.EXPLORATION_POOL);
        assertEq(CreditIds.isInWallet(pool, CreditIds.EXPLORATION), false);
        assertEq(CreditIds.isInWallet(address(0), CreditIds.GENERAL), false);
    }

    function addressOf(uint256 holder) external pure returns (address) {
        return CreditIds.addressOf(holder);
    }
}
