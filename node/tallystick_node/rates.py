"""Token buckets: a steady rate and a burst, for any number of keys, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

from tallystick_node.errors import RateLimited

MAX_KEYS: Final = 100_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at_ms: int


class TokenBuckets:
    """One bucket per key, filled at `per_s` tokens a second up to `burst`.

    The longest unused keys are forgotten first; a forgotten bucket starts full again.
    """

    def __init__(self, per_s: int, burst: int) -> None:
        self._per_ms = per_s / 1000
        self._burst = float(burst)
        self._buckets: OrderedDict[Hashable, _Bucket] = OrderedDict()

    def compute_wait_ms(self, key: Hashable, amount: int, now_ms: int) -> int:
        """How long until `amount` tokens are there, 0 = now. More than the burst never are."""
        missing = min(float(amount), self._burst) - self._refill(key, now_ms).tokens
        return 0 if missing <= 0 else int(missing / self._per_ms) + 1

    def take(self, key: Hashable, amount: int, now_ms: int) -> None:
        """`amount` tokens are gone; a bucket may go into debt, which it fills up first."""
        self._refill(key, now_ms).tokens -= amount

    def take_one(self, key: Hashable, now_ms: int, *, refusal: str, expected: str) -> None:
        """One token is gone.

        Args:
            key: whose.
            now_ms: by the clock that all calls go by.
            refusal: what to say where there is none.
            expected: how often would have been right.

        Raises:
            RateLimited: not before a moment has passed; nothing was taken.
        """
        wait_ms = self.compute_wait_ms(key, 1, now_ms)
        if wait_ms:
            raise RateLimited(refusal, retry_after_s=-(-wait_ms // 1000), expected=expected)
        self.take(key, 1, now_ms)

    def _refill(self, key: Hashable, now_ms: int) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(self._burst, now_ms)
            if len(self._buckets) > MAX_KEYS:
                self._buckets.popitem(last=False)
            return bucket
        self._buckets.move_to_end(key)
        gained = max(now_ms - bucket.at_ms, 0) * self._per_ms
        bucket.tokens = min(bucket.tokens + gained, self._burst)
        bucket.at_ms = now_ms  # also where the clock was set back: from there on it fills again
        return bucket
