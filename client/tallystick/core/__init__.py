"""The pure core: bytes and integers in and out; no I/O, clock, environment or logging."""
