"""What one meter may send: records and frames a second, and how much of it may be quarantined."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from tallystick.core.units import PPM
from tallystick_node.errors import MeterPaused, RateLimited
from tallystick_node.rates import TokenBuckets

MINUTE_MS: Final = 60_000
WINDOW_MINUTES: Final = 60


@dataclass(slots=True)
class _Minute:
    number: int
    records: int = 0
    quarantined: int = 0


@dataclass(slots=True)
class _Hour:
    minutes: deque[_Minute] = field(default_factory=lambda: deque(maxlen=WINDOW_MINUTES))


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Bounds of one meter; the pause begins above `pause_ppm` of at least `sample` records."""

    records_per_s: int
    burst_records: int
    frames_per_s: int
    burst_frames: int
    pause_ppm: int
    sample: int


class MeterRates:
    """Rates of all meters."""

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits
        self._records = TokenBuckets(limits.records_per_s, limits.burst_records)
        self._frames = TokenBuckets(limits.frames_per_s, limits.burst_frames)
        self._hours: dict[int, _Hour] = {}

    def take(self, meter: int, records: int, now_ms: int) -> None:
        """A frame of the meter is counted. Call it only for a frame whose signature was checked.

        Raises:
            RateLimited, MeterPaused: not counted.
        """
        wait_ms = max(
            self._records.compute_wait_ms(meter, records, now_ms),
            self._frames.compute_wait_ms(meter, 1, now_ms),
        )
        if wait_ms:
            raise RateLimited(
                f"meter {meter} sends too fast",
                retry_after_s=-(-wait_ms // 1000),
                expected=f"{self._limits.records_per_s} records/s, "
                f"{self._limits.frames_per_s} frames/s",
            )
        self._check_quarantined(meter, now_ms)
        self._records.take(meter, records, now_ms)
        self._frames.take(meter, 1, now_ms)

    def note_settled(self, meter: int, records: int, quarantined: int, now_ms: int) -> None:
        """The chain settled records of the meter, so many of them quarantined."""
        minutes = self._hours.setdefault(meter, _Hour()).minutes
        number = now_ms // MINUTE_MS
        if not minutes or minutes[-1].number != number:
            minutes.append(_Minute(number))
        minutes[-1].records += records
        minutes[-1].quarantined += quarantined

    def _check_quarantined(self, meter: int, now_ms: int) -> None:
        hour = self._hours.get(meter)
        if hour is None:
            return
        oldest = now_ms // MINUTE_MS - WINDOW_MINUTES
        while hour.minutes and hour.minutes[0].number <= oldest:
            hour.minutes.popleft()
        records = sum(minute.records for minute in hour.minutes)
        quarantined = sum(minute.quarantined for minute in hour.minutes)
        share_ppm = quarantined * PPM // max(records, 1)
        if records >= self._limits.sample and share_ppm > self._limits.pause_ppm:
            raise MeterPaused(
                f"too much of meter {meter}'s use within the hour was quarantined",
                expected=f"at most {self._limits.pause_ppm} ppm",
                actual=share_ppm,
            )
