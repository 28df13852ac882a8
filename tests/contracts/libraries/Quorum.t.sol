// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Quorum} from "../../../contracts/libraries/Quorum.sol";
import {Assertions} from "../support/Assertions.sol";

/// @title Whether enough distinct validators signed
contract QuorumTest is Assertions {
    bytes32 private constant DIGEST = keccak256("what was signed");
    uint256 private constant PANIC_ARITHMETIC = 0x11;
    /// @dev Half the order of secp256k1: the highest s that is low.
    uint256 private constant HALF_ORDER =
        0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    function test_needed_isAllButAThird() external pure {
        uint8[13] memory expected = [1, 2, 3, 3, 4, 5, 5, 6, 7, 7, 8, 9, 9];
        for (uint256 i = 0; i < expected.length; ++i) {
            assertEq(Quorum.needed(i + 1), expected[i]);
        }
        assertEq(Quorum.needed(32), 22);
    }

    /// @dev Two quorums share an honest member, and the honest alone make one.
    function test_fuzz_needed_toleratesAThird(uint8 size) external pure {
        uint256 n = uint256(size) + 1;
        uint256 faulty = (n - 1) / 3;
        assertTrue(2 * Quorum.needed(n) - n > faulty, "two quorums share an honest member");
        assertTrue(n - faulty >= Quorum.needed(n), "the honest reach a quorum");
    }

    /// @dev T3: an empty set decides nothing, however little is asked of it.
    function test_check_revertsWhen_setIsEmpty() external {
        VM.expectRevert(abi.encodeWithSignature("Panic(uint256)", PANIC_ARITHMETIC));
        this.check(DIGEST, new address[](0), 0, new bytes32[](0));
    }

    function test_check_revertsWhen_signatureIsMissing() external {
        bytes32[] memory signatures = _sign(7, DIGEST);
        bytes32[] memory fewer = new bytes32[](5);
        for (uint256 i = 0; i < 5; ++i) {
            fewer[i] = signatures[i];
        }
        _expectSignatureInvalid(2);
        this.check(DIGEST, _set(4), 7, fewer);
    }

    function test_check_revertsWhen_digestDiffers() external {
        bytes32[] memory signatures = _sign(7, keccak256("something else"));
        _expectSignatureInvalid(0);
        this.check(DIGEST, _set(4), 7, signatures);
    }

    function test_check_revertsWhen_signersAreOutOfOrder() external {
        bytes32[] memory signatures = _sign(7, DIGEST);
        (signatures[0], signatures[2]) = (signatures[2], signatures[0]);
        (signatures[1], signatures[3]) = (signatures[3], signatures[1]);
        _expectSignatureInvalid(0);
        this.check(DIGEST, _set(4), 7, signatures);
    }

    /// @dev T3: one validator's signature, sent three times, is one signature.
    function test_check_revertsWhen_signersRepeat() external {
        bytes32[] memory signatures = _sign(1, DIGEST);
        bytes32[] memory repeated = new bytes32[](6);
        for (uint256 i = 0; i < 6; ++i) {
            repeated[i] = signatures[i % 2];
        }
        _expectSignatureInvalid(1);
        this.check(DIGEST, _set(4), 7, repeated);
    }

    function test_check_revertsWhen_aNonMemberSigns() external {
        bytes32[] memory signatures = _sign(7, DIGEST);
        (signatures[4], signatures[5]) = VM.signCompact(0xBAD, DIGEST);
        _expectSignatureInvalid(2);
        this.check(DIGEST, _set(4), 7, signatures);
    }

    /// @dev T3: ecrecover answers zero for garbage, which must not pass for a member even if one had that key.
    function test_check_revertsWhen_recoveryYieldsZero() external {
        address[] memory set = new address[](1);
        bytes32[] memory signatures = new bytes32[](2);
        _expectSignatureInvalid(0);
        this.check(DIGEST, set, 1, signatures);
    }

    /// @dev T3: above half the order s has a twin; OpenZeppelin's recovery answers zero for it.
    function test_check_revertsWhen_sIsHigh() external {
        address[] memory set = new address[](1);
        bytes32[] memory signatures = _sign(1, DIGEST);
        signatures[1] = bytes32(HALF_ORDER + 1);
        set[0] = ecrecover(DIGEST, 27, signatures[0], signatures[1]);
        assertTrue(set[0] != address(0), "the bare precompile accepts it");
        _expectSignatureInvalid(0);
        this.check(DIGEST, set, 1, signatures);
    }

    function test_check_accepts_theHighestLowS() external view {
        address[] memory set = new address[](1);
        bytes32[] memory signatures = _sign(1, DIGEST);
        signatures[1] = bytes32(HALF_ORDER);
        set[0] = ecrecover(DIGEST, 27, signatures[0], signatures[1]);
        this.check(DIGEST, set, 1, signatures);
    }

    function test_check_revertsWhen_aBitLiesOutsideTheSet() external {
        _expectSignatureInvalid(4);
        this.check(DIGEST, _set(4), 0x17, _sign(7, DIGEST));
        _expectSignatureInvalid(4);
        this.check(DIGEST, _set(4), 7 | (1 << 255), _sign(7, DIGEST));
    }

    function test_check_revertsWhen_aSignatureIsSuperfluous() external {
        _expectSignatureInvalid(3);
        this.check(DIGEST, _set(4), 7, _sign(0xF, DIGEST));
    }

    function test_check_revertsWhen_halfASignatureFollows() external {
        bytes32[] memory signatures = _sign(7, DIGEST);
        bytes32[] memory more = new bytes32[](7);
        for (uint256 i = 0; i < 6; ++i) {
            more[i] = signatures[i];
        }
        _expectSignatureInvalid(3);
        this.check(DIGEST, _set(4), 7, more);
    }

    function test_check_revertsWhen_oneShortOfQuorum() external {
        _expectNotReached(2, 3);
        this.check(DIGEST, _set(4), 5, _sign(5, DIGEST));
        _expectNotReached(0, 1);
        this.check(DIGEST, _set(1), 0, new bytes32[](0));
    }

    function test_check_accepts_everyThreeOfFour() external view {
        uint8[5] memory bitmaps = [7, 11, 13, 14, 15];
        for (uint256 i = 0; i < bitmaps.length; ++i) {
            this.check(DIGEST, _set(4), bitmaps[i], _sign(bitmaps[i], DIGEST));
        }
    }

    /// @dev T3: of seven, exactly the bitmaps with five bits or more decide.
    function test_fuzz_check_decides_byTheNumberOfBits(uint256 bitmap) external view {
        bitmap %= 1 << 7;
        try this.check(DIGEST, _set(7), bitmap, _sign(bitmap, DIGEST)) {
            assertTrue(_count(bitmap) >= 5, "a quorum signed");
        } catch {
            assertTrue(_count(bitmap) < 5, "no quorum signed");
        }
    }

    /// @dev No signature says yes to another digest, whichever bit of it differs.
    function test_fuzz_check_revertsWhen_aBitOfTheDigestDiffers(uint8 bit) external {
        bytes32[] memory signatures = _sign(7, DIGEST);
        _expectSignatureInvalid(0);
        this.check(DIGEST ^ bytes32(uint256(1) << bit), _set(4), 7, signatures);
    }

    function check(
        bytes32 digest,
        address[] calldata attesters,
        uint256 bitmap,
        bytes32[] calldata signatures
    ) external pure {
        Quorum.check(digest, attesters, bitmap, signatures);
    }

    function _set(uint256 size) private pure returns (address[] memory attesters) {
        attesters = new address[](size);
        for (uint256 i = 0; i < size; ++i) {
            attesters[i] = VM.addr(_key(i));
        }
    }

    /// @dev The signatures of those whose bit is set, in ascending order.
    function _sign(uint256 bitmap, bytes32 digest)
        private
        pure
        returns (bytes32[] memory signatures)
    {
        signatures = new bytes32[](2 * _count(bitmap));
        uint256 next = 0;
        for (uint256 i = 0; i < 256; ++i) {
            if ((bitmap >> i) & 1 == 0) continue;
            (signatures[next], signatures[next + 1]) = VM.signCompact(_key(i), digest);
            next += 2;
        }
    }

    function _count(uint256 bitmap) private pure returns (uint256 count) {
        for (uint256 bits = bitmap; bits != 0; bits >>= 1) {
            count += bits & 1;
        }
    }

    function _key(uint256 i) private pure returns (uint256) {
        return 0xA77E57 + i;
    }

    function _expectSignatureInvalid(uint256 index) private {
        VM.expectRevert(abi.encodeWithSelector(Quorum.SignatureInvalid.selector, index));
    }

    function _expectNotReached(uint256 signers, uint256 needed) private {
        VM.expectRevert(abi.encodeWithSelector(Quorum.QuorumNotReached.selector, signers, needed));
    }
}
