// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A bucket that an account's leases come out of, in one word.
/// From the top: unused u32, amount u60 (ucr) per window u32 (s), level u92 (ucr * s), updated at u40 (Unix s). Zero = no rate.
/// A level counts the window's seconds in, so that every second refills a whole number and no refill is lost to rounding.
type RateWord is uint256;

using RateWords for RateWord global;

/// @title Reading and writing the word of one rate
/// @notice Where each field of the word lies is known here alone.
library RateWords {
    /// @notice The amount of a rate at most, in ucr.
    uint256 internal constant MAX_UCR = (1 << 60) - 1;

    uint256 private constant AMOUNT_AT = 164;
    uint256 private constant WINDOW_AT = 132;
    uint256 private constant LEVEL_AT = 40;
    uint256 private constant LEVEL_MASK = (1 << 92) - 1;

    /// @notice A full bucket.
    /// @param amount What leases may take in a window, in ucr, at most MAX_UCR; also the most they may take at once.
    /// @param windowS_ The window in seconds, not 0.
    /// @param nowS Unix seconds.
    function full(uint256 amount, uint256 windowS_, uint256 nowS) internal pure returns (RateWord) {
        return _packed(amount, windowS_, amount * windowS_, nowS);
    }

    /// @notice Whether there is a rate.
    function isSet(RateWord self) internal pure returns (bool) {
        return RateWord.unwrap(self) != 0;
    }

    /// @notice What leases may take in a window, in ucr.
    function amountUcr(RateWord self) internal pure returns (uint256) {
        return RateWord.unwrap(self) >> AMOUNT_AT;
    }

    /// @notice The window in seconds, 0 = no rate.
    function windowS(RateWord self) internal pure returns (uint32) {
        // The field's own width.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint32(RateWord.unwrap(self) >> WINDOW_AT);
    }

    /// @notice What leases may take at once, in ucr, rounded down.
    function levelUcr(RateWord self) internal pure returns (uint256) {
        return self.isSet() ? self.level() / self.windowS() : 0;
    }

    /// @notice The level, in ucr times seconds.
    function level(RateWord self) internal pure returns (uint256) {
        return (RateWord.unwrap(self) >> LEVEL_AT) & LEVEL_MASK;
    }

    /// @notice The bucket after the time that has passed.
    /// @param nowS Unix seconds; an earlier time than the bucket's refills nothing.
    function refilled(RateWord self, uint256 nowS) internal pure returns (RateWord) {
        uint256 amount = self.amountUcr();
        uint256 window = self.windowS();
        uint256 thenS = RateWord.unwrap(self) & type(uint40).max;
        if (!self.isSet() || nowS <= thenS) return self;
        // Seconds of 40 bits, amounts of 60: the product fits 100 bits, and the full level 92.
        unchecked {
            uint256 most = amount * window;
            uint256 next = self.level() + (nowS - thenS) * amount;
            return _packed(amount, window, next > most ? most : next, nowS);
        }
    }

    /// @notice The bucket after a lease took its part.
    /// @param amount In ucr, at most levelUcr.
    function taken(RateWord self, uint256 amount) internal pure returns (RateWord) {
        return RateWord.wrap(RateWord.unwrap(self) - ((amount * self.windowS()) << LEVEL_AT));
    }

    /// @notice The bucket with another amount or window; what leases may take at once does not rise by that.
    /// @param amount As for full.
    /// @param windowS_ As for full.
    function changed(RateWord self, uint256 amount, uint256 windowS_)
        internal
        pure
        returns (RateWord)
    {
        uint256 most = amount * windowS_;
        uint256 next = self.level() * windowS_ / self.windowS();
        uint256 thenS = RateWord.unwrap(self) & type(uint40).max;
        return _packed(amount, windowS_, next > most ? most : next, thenS);
    }

    function _packed(uint256 amount, uint256 window, uint256 level_, uint256 nowS)
        private
        pure
        returns (RateWord)
    {
        return RateWord.wrap(
            (amount << AMOUNT_AT) | (window << WINDOW_AT) | (level_ << LEVEL_AT)
                | (nowS & type(uint40).max)
        );
    }
}
