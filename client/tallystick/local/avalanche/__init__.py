"""A chain of several nodes on this machine: founded, started and stopped node by node."""
