"""What an account may still spend, as the chain's own view states it at one block."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """One account's budget, read from the chain. Amounts in ucr, times in Unix ms."""

    account: int
    limit_ucr: int | None
    """None = unlimited."""
    spent_ucr: int
    """In the current period, by the account and all below it."""
    spent_lifetime_ucr: int
    leased_ucr: int
    balance_ucr: int
    overdraft_ucr: int
    soft_ppm: int
    frozen: bool
    frozen_why: str
    """Such as `overdraft`, `limit` or `overdraft, limit`; empty where not frozen."""
    period: str
    """Such as `none`, `30d`, `week` or `month`."""
    period_start_ms: int | None
    period_end_ms: int | None
    carried_ucr: int = 0
    """What is left of what the last period carried over: room beyond the limit."""
    rate_ucr: int = 0
    """Leased at most in `rate_window_s`; 0 = no rate."""
    rate_window_s: int = 0
