"""Tallystick: a permissioned ledger for AI compute."""
