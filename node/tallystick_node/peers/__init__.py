"""Requests between validators: who they are, how they sign, how they are asked."""
