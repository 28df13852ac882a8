"""Configuration files of programs beside applications: YAML, every value still text until typed.

Values stay text because money is exact: YAML's own numbers would make 2.1 a float. A key that
appears twice is refused, since only one of its values would count.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

import msgspec
import yaml

from tallystick.client.errors import find_nearest
from tallystick.sidecar.errors import ConfigInvalid

MAX_CONFIG_BYTES: Final = 1 << 20
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(?P<field>[^`]*)`(?P<where>.*)")

Document = TypeVar("Document", bound=msgspec.Struct)


class _Loader(yaml.BaseLoader):  # type: ignore[misc]
    """Reads scalars as text, and every key once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - the library's own signature
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for place, key in enumerate(keys):
            if key in keys[:place]:
                line = node.value[place][0].start_mark.line + 1
                raise ConfigInvalid(f"line {line} names something twice", actual=str(key))
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return mapping


def load_config(path: Path, kind: type[Document]) -> Document:
    """What a YAML file says, as the struct that it must be.

    Args:
        path: of the file, at most 1 MiB.
        kind: a struct that forbids unknown fields.

    Raises:
        ConfigInvalid: no such file, no YAML, or a field that there is not; names the nearest.
    """
    try:
        text = path.read_bytes()[: MAX_CONFIG_BYTES + 1].decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigInvalid(
            f"{path} cannot be read", expected="a YAML file", actual=type(error).__name__
        ) from error
    if len(text) > MAX_CONFIG_BYTES:
        raise ConfigInvalid(f"{path} is too long", expected=f"{MAX_CONFIG_BYTES} bytes at most")
    return parse_config(text, kind, name=str(path))


def parse_config(text: str, kind: type[Document], *, name: str) -> Document:
    """What YAML text says; see `load_config`."""
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a subclass of the base loader
    except yaml.YAMLError as error:
        raise ConfigInvalid(f"{name} is no YAML", actual=" ".join(str(error).split())) from error
    try:
        return msgspec.convert(document or {}, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _explain(error, kind, name) from error


def _explain(error: msgspec.ValidationError, kind: type[Document], name: str) -> ConfigInvalid:
    unknown = _UNKNOWN.match(str(error))
    if unknown is None:
        return ConfigInvalid(f"{name} does not fit", actual=str(error))
    nearest = find_nearest(unknown["field"], _list_fields(kind))
    return ConfigInvalid(
        f"{name} names something that there is not",
        expected=f"such as {', '.join(nearest)}" if nearest else None,
        actual=unknown["field"] + unknown["where"],
    )


def _list_fields(kind: Any) -> Iterator[str]:  # noqa: ANN401 - a type, or one inside a type
    """Every field's name in a struct and in those inside it."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        for field in msgspec.structs.fields(kind):
            yield field.encode_name
            yield from _list_fields(field.type)
    for inner in get_args(kind):
        yield from _list_fields(inner)
