"""Leases: what meters sign to have credits set aside, brought to the chain for them."""
