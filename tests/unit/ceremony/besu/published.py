"""Published examples of Besu's formats; each file of tests/vectors/besu names its source."""

import json
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).resolve().parents[3] / "vectors" / "besu"


def load_published(name: str) -> Any:  # noqa: ANN401 - whatever the file holds
    """The content of a JSON file of examples."""
    return json.loads((VECTORS / name).read_text())


def read_published(name: str) -> str:
    """The text of a file of examples."""
    return (VECTORS / name).read_text()
