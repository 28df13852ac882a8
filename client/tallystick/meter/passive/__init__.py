"""Passive metering: use read from traffic and logs of systems that nobody can change."""
