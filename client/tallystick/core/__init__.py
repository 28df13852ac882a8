"""The pure core: bytes and integers in, bytes and integers out; no I/O, clock, environment or logging."""
