"""Alerts: chain events turned into rows and one signed webhook."""
