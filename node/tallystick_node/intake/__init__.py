"""Intake: signed frames over HTTP, checked, journalled and acknowledged."""
