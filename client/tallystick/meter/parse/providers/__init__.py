"""One provider's wire format each, as its own clients speak it."""
