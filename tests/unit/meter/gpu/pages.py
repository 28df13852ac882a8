"""Pages of metrics in the shape in which exporters and engines show them."""

from pathlib import Path

FOLDER = Path("tests/vectors/scrapes")


def read_page(name: str) -> str:
    return (FOLDER / name).read_text()


def set_value(page: str, line: str, value: str) -> str:
    """The page with another value in every line that begins so."""
    return "\n".join(
        f"{each.rpartition(' ')[0]} {value}" if each.startswith(line) else each
        for each in page.split("\n")
    )
