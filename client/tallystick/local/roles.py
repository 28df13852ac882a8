"""Whose keys a network's folder holds, besides its validators'."""

from __future__ import annotations

from typing import Final

GOVERNANCE: Final = "governance"
"""Decides everything that a vote will decide."""
REGISTRAR: Final = "registrar"
"""Keeps resources, and every organisation's accounts, meters and grants."""
