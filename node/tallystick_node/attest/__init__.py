"""Attestation: batches re-verified, re-valued, signed; other validators' signatures collected."""
