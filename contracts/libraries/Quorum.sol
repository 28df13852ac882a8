// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Whether enough distinct validators signed
/// @notice All but the floor((n - 1) / 3) of n that may be faulty.
library Quorum {
    /// @notice Fewer validators signed than a decision needs.
    error QuorumNotReached(uint256 signers, uint256 needed);
    /// @notice A signature is missing, superfluous, malformed, or not of the validator with this index.
    error SignatureInvalid(uint256 index);

    /// @notice How many of n validators decide: all but the third that may be faulty.
    /// @param n Validators in the set, at least one.
    /// @return n - floor((n - 1) / 3).
    function needed(uint256 n) internal pure returns (uint256) {
        return n - (n - 1) / 3;
    }

    /// @notice Reverts unless a quorum of the set signed the digest, each member at most once.
    /// @dev A signer is a bit of the bitmap, so none counts twice. Recovery refuses high s and never yields the zero
    /// address, and the set holds no zero address.
    /// @param digest What was signed.
    /// @param attesters The set, in the order of its indices; at most 256.
    /// @param bitmap Bit i set = attester i signed.
    /// @param signatures EIP-2098 pairs (r, yParityAndS) in ascending order of index.
    function check(
        bytes32 digest,
        address[] memory attesters,
        uint256 bitmap,
        bytes32[] calldata signatures
    ) internal pure {
        uint256 next = 0;
        for (uint256 i = 0; i < attesters.length; ++i) {
            if ((bitmap >> i) & 1 == 0) continue;
            require(next + 1 < signatures.length, SignatureInvalid(i));
            (address signer,,) = ECDSA.tryRecover(digest, signatures[next], signatures[next + 1]);
            require(signer == attesters[i] && signer != address(0), SignatureInvalid(i));
            next += 2;
        }
        require(bitmap >> attesters.length == 0, SignatureInvalid(attesters.length));
        require(next == signatures.length, SignatureInvalid(next / 2));
        uint256 quorum = needed(attesters.length);
        require(next / 2 >= quorum, QuorumNotReached(next / 2, quorum));
    }
}
