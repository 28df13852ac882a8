"""The pages for operators: commands exist, links lead somewhere."""

import re
from pathlib import Path

import pytest

PAGES = sorted(Path("docs/operations").rglob("*.md"))
IDS = [str(page.relative_to("docs/operations")) for page in PAGES]
COMMANDS = set(re.findall(r"^## (.+)$", Path("docs/cli.md").read_text(), re.MULTILINE))
USE = re.compile(
    r"(?:^ *(?:\$ )?|`)tallystick (?:--[a-z]+ \S+ )*([a-z][a-z-]*(?: [a-z][a-z-]*)?)", re.MULTILINE
)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def find_commands(text: str) -> set[str]:
    """What is written as a command of ours, in code."""
    return set(USE.findall(text))


def is_command(words: str) -> bool:
    """Whether it is one, or one followed by an argument, or a group of them."""
    first = words.split(maxsplit=1)[0]
    return (
        words in COMMANDS or first in COMMANDS or any(c.startswith(f"{words} ") for c in COMMANDS)
    )


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_commands_of_a_page_exist(page: Path) -> None:
    assert [words for words in find_commands(page.read_text()) if not is_command(words)] == []


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("text", ["`tallystick frobnicate`", "    tallystick invent"])
def test_invented_commands_are_found(text: str) -> None:
    assert [words for words in find_commands(text) if not is_command(words)] != []
