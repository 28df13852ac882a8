"""A network on this machine: its folder, its chain, its processes."""
