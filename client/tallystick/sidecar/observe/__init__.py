"""Passive meters as programs: what feeds the book of observations, and what it stands on."""
