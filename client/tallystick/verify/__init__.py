"""Verification: the chain alone goes in, a verdict comes out; no index in between."""

from tallystick.verify.ledger import verify_ledger
from tallystick.verify.verdict import Check, Disagreement, Verdict

__all__ = ["Check", "Disagreement", "Verdict", "verify_ledger"]
