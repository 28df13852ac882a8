"""The explorer: pages over the index, rendered on the server."""
