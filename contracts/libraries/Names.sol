// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What accounts, meters and resources may be called
/// @notice Lower-case ASCII: no two names differ in case, or in look-alike letters of other scripts, alone.
library Names {
    /// @notice Bytes of a name at most.
    uint256 internal constant MAX_LENGTH = 63;

    /// @notice The name is empty, too long, or holds a character it may not.
    error NameInvalid(string name);

    /// @notice Reverts unless a name matches [a-z0-9][a-z0-9._-]{0,62}.
    /// @param name The name of an account, a meter or a validator.
    function check(string memory name) internal pure {
        _check(name, "");
    }

    /// @notice Reverts unless a slug matches [a-z0-9][a-z0-9._:@/-]{0,62}.
    /// @param slug The name of a resource, such as gpt-4o@batch.
    function checkSlug(string memory slug) internal pure {
        _check(slug, ":@/");
    }

    function _check(string memory name, bytes memory more) private pure {
        bytes memory text = bytes(name);
        require(text.length != 0 && text.length <= MAX_LENGTH, NameInvalid(name));
        require(_isAlphanumeric(text[0]), NameInvalid(name));
        for (uint256 i = 1; i < text.length; ++i) {
            bytes1 char = text[i];
            require(
                _isAlphanumeric(char) || _isIn(char, "._-") || _isIn(char, more), NameInvalid(name)
            );
        }
    }

    function _isAlphanumeric(bytes1 char) private pure returns (bool) {
        return (char >= "a" && char <= "z") || (char >= "0" && char <= "9");
    }

    function _isIn(bytes1 char, bytes memory allowed) private pure returns (bool) {
        for (uint256 i = 0; i < allowed.length; ++i) {
            if (allowed[i] == char) return true;
        }
        return false;
    }
}
