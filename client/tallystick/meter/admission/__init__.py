"""Admission: whether a call may be sent, decided from leases in memory."""
