"""docs/configuration.md names every setting with its default."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from tallystick_node.settings import NodeSettings

PAGE = Path("docs/configuration.md").read_text()


def list_settings(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every setting by the name the page gives it, with its default as the page writes it."""
    for name, field in model.model_fields.items():
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        if isinstance(default, BaseModel):
            yield from list_settings(type(default), f"{prefix}{name}.")
        elif field.is_required():
            yield f"{prefix}{name}", "required"
        else:
            yield f"{prefix}{name}", "none" if default in (None, {}) else f"`{default}`"


@pytest.mark.parametrize(("name", "default"), list(list_settings(NodeSettings)))
def test_page_names_every_setting_with_its_default(name: str, default: str) -> None:
    assert f"| `{name}` | {default} |" in PAGE
