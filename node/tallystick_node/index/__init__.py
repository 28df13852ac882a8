"""The index: a projection of the chain that can be deleted and rebuilt."""
