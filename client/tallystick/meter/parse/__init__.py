"""How model APIs say what a call used, and how they are asked. Pure: bytes in, integers out."""
