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

    function test_isSpendable_isTrueForGeneralAndPlanOnly() external pure {
        assertEq(CreditIds.isSpendable(CreditIds.GENERAL), true);
        assertEq(CreditIds.isSpendable(CreditIds.planOf(7)), true);
        assertEq(CreditIds.isSpendable(CreditIds.EXPLORATION), false);
        assertEq(CreditIds.isSpendable(CreditIds.PROVIDER | 7), false);
    }

    /// @dev T4: neither zero nor anything else outside the scheme is worth something.
    function test_fuzz_unknownIds_areWorthNothing(uint256 id) external pure {
        bool isKnown = id == 1 || id >> 32 == 1 || id >> 32 == 2;
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
}
