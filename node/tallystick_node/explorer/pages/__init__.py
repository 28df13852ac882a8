"""One file per topic: read parameters, ask the index, render."""
