"""Verification: the chain alone goes in, a verdict comes out; no index in between."""
