"""The gateway as a program: a parent, its workers, their keys, offers and leases."""
