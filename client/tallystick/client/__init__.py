"""The network as a library: what the command line does, for programs."""
