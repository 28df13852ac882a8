"""A proposal's file: nested parameters in YAML, every value still the text that was written.

Values stay text because money is exact: YAML's own numbers would make 2.1 a float, and 0x1f a
number. A key that appears twice is refused, since only one of its values would be shown.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import yaml

from tallystick.client.errors import ProposalInvalid

Entries = Mapping[str, Any]


class _Loader(yaml.BaseLoader):  # type: ignore[misc]
    """Reads scalars as text, and every key once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - the library's own signature
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for place, key in enumerate(keys):
            if key in keys[:place]:
                raise ProposalInvalid(
                    f"line {node.value[place][0].start_mark.line + 1} names something twice",
                    actual=str(key),
                )
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return mapping


def load_document(text: str) -> Entries:
    """The parameters in a proposal's file by section.

    Raises:
        ProposalInvalid: no YAML, a key twice, or no mapping of sections.
    """
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a subclass of the base loader
    except yaml.YAMLError as error:
        raise ProposalInvalid("the proposal is no YAML", actual=_one_line(error)) from error
    return require_mapping("the proposal", document)


def require_mapping(where: str, value: object) -> Entries:
    """The value, which is a mapping.

    Raises:
        ProposalInvalid: it is something else, or empty.
    """
    if not isinstance(value, Mapping) or not value:
        raise ProposalInvalid(f"{where} names nothing", expected="parameters and their values")
    return value


def require_list(where: str, value: object) -> list[Any]:
    """The value as a list; one value alone is a list of one."""
    if value in (None, ""):
        raise ProposalInvalid(f"{where} names nothing", expected="a list")
    return value if isinstance(value, list) else [value]


def require_known(where: str, entries: Entries, known: tuple[str, ...]) -> None:
    """Nothing is named that there is not.

    Raises:
        ProposalInvalid: something is.
    """
    for name in entries:
        if name not in known:
            raise ProposalInvalid(
                f"{where} has no such parameter", expected=", ".join(known), actual=str(name)
            )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
