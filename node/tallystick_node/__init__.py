"""Tallystick node: one member's validator, from frame intake to explorer."""
