// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Names} from "../../../contracts/libraries/Names.sol";
import {Assertions} from "../support/Assertions.sol";

/// @title What accounts, meters and resources may be called
contract NamesTest is Assertions {
    bytes private constant LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

    function test_check_revertsWhen_empty() external {
        _expectInvalid("");
        this.check("");
    }

    function test_check_revertsWhen_longerThan63() external {
        string memory name = string(_repeat("a", 64));
        _expectInvalid(name);
        this.check(name);
    }

    function test_check_accepts63() external view {
        this.check(string(_repeat("z", 63)));
        this.checkSlug(string(_repeat("9", 63)));
    }

    function test_check_knowsEveryFirstByte() external view {
        for (uint256 i = 0; i < 256; ++i) {
            bytes memory name = abi.encodePacked(bytes32(i)[31], "a");
            assertEq(_accepts(name, false), _isIn(LETTERS, name[0]));
            assertEq(_accepts(name, true), _isIn(LETTERS, name[0]));
        }
    }

    function test_check_knowsEveryLaterByte() external view {
        for (uint256 i = 0; i < 256; ++i) {
            bytes memory name = abi.encodePacked("a", bytes32(i)[31]);
            bool isName = _isIn(LETTERS, name[1]) || _isIn("._-", name[1]);
            assertEq(_accepts(name, false), isName);
            assertEq(_accepts(name, true), isName || _isIn(":@/", name[1]));
        }
    }

    function test_fuzz_check_revertsWhen_anyByteIsForbidden(uint8 length, uint8 place)
        external
        view
    {
        bytes memory name = _repeat("a", 1 + length % 63);
        name[place % name.length] = " ";
        assertEq(_accepts(name, false), false);
        assertEq(_accepts(name, true), false);
    }

    function check(string calldata name) external pure {
        Names.check(name);
    }

    function checkSlug(string calldata slug) external pure {
        Names.checkSlug(slug);
    }

    function checkAny(bytes calldata name, bool isSlug) external pure {
        if (isSlug) Names.checkSlug(string(name));
        else Names.check(string(name));
    }

    function _accepts(bytes memory name, bool isSlug) private view returns (bool) {
        try this.checkAny(name, isSlug) {
            return true;
        } catch {
            return false;
        }
    }

    function _expectInvalid(string memory name) private {
        VM.expectRevert(abi.encodeWithSelector(Names.NameInvalid.selector, name));
    }

    function _repeat(bytes1 char, uint256 count) private pure returns (bytes memory text) {
        text = new bytes(count);
        for (uint256 i = 0; i < count; ++i) {
            text[i] = char;
        }
    }

    function _isIn(bytes memory allowed, bytes1 char) private pure returns (bool) {
        for (uint256 i = 0; i < allowed.length; ++i) {
            if (allowed[i] == char) return true;
        }
        return false;
    }
}
