"""The Azure LLM inference traces: CSV with TIMESTAMP, ContextTokens, GeneratedTokens."""

from __future__ import annotations

from typing import Final

COLUMNS: Final = {
    "time": "TIMESTAMP",
    "in_fresh": "ContextTokens",
    "out_visible": "GeneratedTokens",
}
"""Field -> column; other columns may be mapped beside them."""
